#include <stdlib.h>
#include <string.h>

#include "cli/report.h"
#include "lib/text.h"

/* What one test came to over all boots of a cell. */
struct outcome {
	const char *test;
	enum test_result worst; /* of those that failed */
	int passes, failures, skips;
};

struct outcomes {
	struct outcome *v;
	size_t n;
};

static void cell_line(struct report_cell *c, char *text)
{
	if (c->nlines < REPORT_CELL_LINES)
		c->lines[c->nlines++] = text;
	else
		free(text);
}

void report_cell_done(struct report_cell *c)
{
	for (size_t i = 0; i < c->nlines; i++)
		free(c->lines[i]);
	*c = (struct report_cell){ .tone = TONE_NONE };
}

static bool is_failure(enum test_result r)
{
	return r == RESULT_FAIL || r == RESULT_TIMEOUT || r == RESULT_CRASH ||
	       r == RESULT_SPLAT;
}

static struct outcome *outcome_of(struct outcomes *o, const char *test)
{
	for (size_t i = 0; i < o->n; i++)
		if (strcmp(o->v[i].test, test) == 0)
			return &o->v[i];
	o->v = mem_realloc(o->v, o->n + 1, sizeof(*o->v));
	o->v[o->n] = (struct outcome){ .test = test };
	return &o->v[o->n++];
}

static void outcomes_add(struct outcomes *o, const struct result *results, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct result *r = &results[i];
		struct outcome *to = outcome_of(o, r->test);

		if (is_failure(r->result)) {
			to->failures++;
			to->worst = r->result;
		} else if (r->result == RESULT_PASS) {
			to->passes++;
		} else if (r->result == RESULT_SKIP) {
			to->skips++;
		}
	}
}

/* "FAIL compaction", "FAIL compaction (timeout)", "flaky compaction" */
static char *failure_text(const struct report *r, const struct outcome *o)
{
	AUTO_FREE char *name = text_clean_line(report_test_name(r, o->test), 60);

	if (o->passes)
		return str_printf("flaky %s", name);
	if (o->worst == RESULT_FAIL)
		return str_printf("FAIL %s", name);
	return str_printf("FAIL %s (%s)", name, test_result_str(o->worst));
}

/* Failing tests by name, or how many passed. */
static void cell_of_outcomes(struct report_cell *c, const struct report *r,
			     const struct outcomes *o)
{
	int passed = 0, skipped = 0, failed = 0, flaky = 0;

	for (size_t i = 0; i < o->n; i++) {
		failed += o->v[i].failures && !o->v[i].passes;
		flaky += o->v[i].failures && o->v[i].passes;
		passed += !o->v[i].failures && o->v[i].passes;
		skipped += !o->v[i].failures && !o->v[i].passes && o->v[i].skips;
	}
	for (size_t i = 0, told = 0; i < o->n; i++) {
		if (!o->v[i].failures)
			continue;
		if (++told == REPORT_CELL_LINES && failed + flaky > REPORT_CELL_LINES) {
			cell_line(c, str_printf("and %d more",
						failed + flaky - REPORT_CELL_LINES + 1));
			break;
		}
		cell_line(c, failure_text(r, &o->v[i]));
	}
	if (failed || flaky) {
		c->tone = failed ? TONE_BAD : TONE_WARN;
	} else if (passed || skipped) {
		c->tone = passed ? TONE_GOOD : TONE_WARN;
		cell_line(c, skipped ? str_printf("%d ok, %d skip", passed, skipped) :
				       str_printf("%d ok", passed));
	}
}

static const char *boot_word(enum boot_status status)
{
	static const char *const words[] = {
		[BOOT_PANIC] = "PANIC",         [BOOT_HANG] = "HANG",
		[BOOT_RESET] = "RESET",         [BOOT_TIMEOUT] = "TIMEOUT",
		[BOOT_NO_RESULT] = "NO RESULT", [BOOT_INFRA] = "lost",
	};

	return words[status] ? words[status] : boot_status_str(status);
}

static bool cell_is_of(const struct step_boot *b, int64_t step,
		       const struct report_column *col)
{
	return b->step == step && strcmp(b->config, col->config) == 0 &&
	       strcmp(b->arch, col->arch) == 0 && strcmp(b->topology, col->topology) == 0;
}

static void boot_cell(const struct report *r, int64_t step,
		      const struct report_column *col, struct report_cell *c)
{
	enum boot_status bad = BOOT_OK;
	struct outcomes o = { 0 };
	bool skipped = false, real = false;

	for (size_t i = 0; i < r->v.nstep_boots; i++) {
		const struct step_boot *b = &r->v.step_boots[i];
		const struct result *results;
		const struct boot *boot;
		size_t n;

		if (!cell_is_of(b, step, col))
			continue;
		boot = view_boot(&r->v, b->boot_id);
		skipped = skipped || !boot;
		if (!boot)
			continue;
		real = real || !b->reused;
		c->reused = true;
		if (boot->status != BOOT_OK)
			bad = boot->status;
		results = view_results(&r->v, boot->id, &n);
		outcomes_add(&o, results, n);
	}
	c->reused = c->reused && !real;
	cell_of_outcomes(c, r, &o);
	if (bad != BOOT_OK &&
	    (c->nlines == 0 || c->tone == TONE_GOOD || c->tone == TONE_WARN)) {
		cell_line(c, str_dup(boot_word(bad)));
		c->tone = bad == BOOT_INFRA ? TONE_OURS : TONE_BAD;
	}
	if (c->nlines == 0)
		cell_line(c, str_dup(skipped ? "-" : ""));
	free(o.v);
}

static void build_cell(const struct step_build *b, struct report_cell *c)
{
	size_t warnings = json_len(b->new_warnings);

	c->reused = b->reused;
	switch (b->status) {
	case BUILD_OK:
		c->tone = warnings ? TONE_WARN : TONE_GOOD;
		cell_line(c, warnings ? str_printf("%zu warning%s", warnings,
						   warnings == 1 ? "" : "s") :
					str_dup("ok"));
		break;
	case BUILD_FAIL:
	case BUILD_TIMEOUT:
		c->tone = TONE_BAD;
		cell_line(c, str_dup(b->status == BUILD_FAIL ? "FAIL" : "TIMEOUT"));
		break;
	case BUILD_INFRA:
		c->tone = TONE_OURS;
		cell_line(c, str_dup("lost"));
		break;
	case BUILD_SKIPPED:
		c->reused = false;
		cell_line(c, str_dup("-"));
		break;
	}
}

/* Of a step that was never built: that it did not apply, if so. */
static void apply_cell(const struct report *r, int64_t step, struct report_cell *c)
{
	for (size_t i = 0; i < r->v.nsteps; i++) {
		enum step_apply apply = r->v.steps[i].apply;

		if (r->v.steps[i].step != step)
			continue;
		if (apply == APPLY_CONFLICT || apply == APPLY_REFUSED) {
			c->tone = TONE_BAD;
			cell_line(c, str_dup(step_apply_str(apply)));
		} else if (apply == APPLY_NOT_REACHED) {
			cell_line(c, str_dup("not reached"));
		}
	}
}

void report_cell_get(const struct report *r, int64_t step,
		     const struct report_column *col, struct report_cell *ret)
{
	const struct step_build *build = report_build_of(r, step, col);

	*ret = (struct report_cell){ .tone = TONE_NONE };
	if (col->topology)
		boot_cell(r, step, col, ret);
	else if (build && build->status != BUILD_SKIPPED)
		build_cell(build, ret);
	else
		apply_cell(r, step, ret);
	if (ret->nlines == 0)
		cell_line(ret, str_dup("-"));
}
