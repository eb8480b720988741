#include <stdlib.h>
#include <string.h>

#include "cli/report.h"
#include "lib/text.h"

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

/* How a guest ended, where that says more than its tests. */
static const char *boot_word(enum boot_status status)
{
	static const char *const words[] = {
		[BOOT_PANIC] = "PANIC",         [BOOT_HANG] = "HANG",
		[BOOT_RESET] = "RESET",         [BOOT_TIMEOUT] = "TIMEOUT",
		[BOOT_NO_RESULT] = "NO RESULT", [BOOT_INFRA] = "lost",
		[BOOT_SKIPPED] = "-",
	};

	return words[status] ? words[status] : boot_status_str(status);
}

/* "FAIL compaction", "FAIL compaction (panic)", "flaky compaction" */
static char *failure_text(const struct report *r, int64_t step, const struct column *col,
			  const struct cell *cell, const char *test)
{
	AUTO_FREE char *name = text_clean_line(report_test_name(r, test), 60);
	bool flaky = cell_test(&r->v, step, col, test) == MARK_FLAKY;

	if (flaky)
		return str_printf("flaky %s", name);
	if (cell->status == BOOT_OK)
		return str_printf("FAIL %s", name);
	return str_printf("FAIL %s (%s)", name, boot_status_str(cell->status));
}

static void failing_tests(const struct report *r, int64_t step, const struct column *col,
			  const struct cell *cell, struct report_cell *c)
{
	size_t told = cell->failing < CELL_FAILING ? cell->failing : CELL_FAILING;

	for (size_t i = 0; i < told; i++)
		cell_line(c, failure_text(r, step, col, cell, cell->names[i]));
	if (cell->failing > told)
		cell_line(c, str_printf("and %zu more", cell->failing - told));
}

static enum report_tone tone_of(enum mark mark)
{
	static const enum report_tone tones[] = {
		[MARK_NONE] = TONE_NONE,  [MARK_PASS] = TONE_GOOD,
		[MARK_FAIL] = TONE_BAD,   [MARK_FLAKY] = TONE_WARN,
		[MARK_WARN] = TONE_WARN,  [MARK_SKIP] = TONE_NONE,
		[MARK_INFRA] = TONE_OURS,
	};

	return tones[mark];
}

/* "24 ok, 1 skip", and in a line of its own what fails as it is known to. */
static void good_tests(const struct cell *cell, size_t good, struct report_cell *c)
{
	cell_line(c, cell->skipped ? str_printf("%zu ok, %zu skip", good, cell->skipped) :
				     str_printf("%zu ok", good));
	if (cell->known)
		cell_line(c, str_printf("%zu known", cell->known));
}

static void boot_cell(const struct report *r, int64_t step, const struct column *col,
		      struct report_cell *c)
{
	struct cell cell;
	size_t good;

	cell_of(&r->v, step, col, &cell);
	if (cell.mark == MARK_NONE)
		return;
	c->tone = tone_of(cell.mark);
	c->reused = cell.reused;
	good = cell.tests - cell.failing - cell.skipped - cell.known;
	if (cell.failing)
		failing_tests(r, step, col, &cell, c);
	else if (cell.status != BOOT_OK)
		cell_line(c, str_dup(boot_word(cell.status)));
	else
		good_tests(&cell, good, c);
	/* Beside one that was not: the quick one or the deep one, or a repeat. */
	if (cell.lost && cell.lost < cell.boots)
		cell_line(c, str_printf("%zu boot%s lost", cell.lost,
					cell.lost == 1 ? "" : "s"));
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

void report_cell_get(const struct report *r, int64_t step, const struct column *col,
		     struct report_cell *ret)
{
	const struct step_build *build = cell_build(&r->v, step, col);

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
