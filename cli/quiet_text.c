#include "cli/quiet_text.h"

#include <string.h>

#include "daemon/quiet_record.h"
#include "lib/binomial.h"
#include "lib/cleanup.h"
#include "lib/str.h"
#include "lib/text.h"

#define CONFIDENCE 0.95
#define REASON_SHOWN 200
#define BOOT_CASE "(the boot itself)"

/* ---- a boot that ended ---- */

struct counts {
	unsigned int passed, skipped, not_run;
};

static struct counts count_words(struct json_object *record)
{
	struct json_object *tests = json_arr(record, "tests");
	struct counts c = { 0 };

	for (size_t i = 0; i < json_len(tests); i++) {
		const char *word =
			json_str(json_object_array_get_idx(tests, i), "result", "");

		c.passed += strcmp(word, "pass") == 0;
		c.skipped += strcmp(word, "skip") == 0;
		c.not_run += strcmp(word, "not-run") == 0;
	}
	return c;
}

struct found {
	unsigned int failed, known;
	char *first; /* owned */
};

static void add_found(const struct quiet_failure *f, void *arg)
{
	struct found *found = arg;

	found->failed += !f->known;
	found->known += f->known != NULL;
	if (!f->known && !found->first)
		found->first = str_printf("%s: %s", f->test ? f->test : BOOT_CASE,
					  f->reason ? f->reason : f->word);
}

void quiet_text_boot(FILE *out, struct json_object *record, unsigned int left,
		     const struct known_issues *known)
{
	AUTO_FREE char *why =
		text_clean_line(json_str(record, "reason", ""), REASON_SHOWN);
	struct counts c = count_words(record);
	struct found f = { 0 };

	fprintf(out, "boot %lld  %-10s  ", json_int(record, "boot", 0),
		json_str(record, "topology", "?"));
	if (quiet_record_lost(record)) {
		fprintf(out, "LOST, to be repeated: %s\n", why);
		fflush(out);
		return;
	}
	quiet_record_failures(record, known, add_found, &f);
	fprintf(out, "%s, %u passed", json_str(record, "status", "?"), c.passed);
	if (f.failed)
		fprintf(out, ", %u FAILED", f.failed);
	if (f.known)
		fprintf(out, ", %u failed as known", f.known);
	if (c.skipped)
		fprintf(out, ", %u skipped", c.skipped);
	if (c.not_run)
		fprintf(out, ", %u not run", c.not_run);
	fprintf(out, ", %.1f s, %u left%s%s\n", json_num(record, "seconds", 0), left,
		f.first ? ": " : "", f.first ? f.first : "");
	fflush(out);
	free(f.first);
}

/* ---- the cases ---- */

/* "0.30 %" */
static char *percent(double p)
{
	return str_printf(p < 0.001 ? "%.3f %%" : "%.2f %%", 100 * p);
}

/* The bound, with a mark where it came by bisection; "-" where nothing ran. */
static char *bound(uint64_t failed, uint64_t n)
{
	AUTO_FREE char *p = percent(binomial_upper(failed, n, CONFIDENCE));

	if (!n)
		return str_dup("-");
	return str_printf("%s%s", p, failed ? " (b)" : "");
}

static int name_width(const struct quiet_case *v, size_t n, int width)
{
	for (size_t i = 0; i < n; i++)
		if ((int)strlen(v[i].name) > width)
			width = (int)strlen(v[i].name);
	return width;
}

/* "|----------|" under a name, after what stands before it. */
static void print_rule(FILE *out, int width, const char *before)
{
	fprintf(out, "|%s", before);
	for (int i = 0; i < width + 2; i++)
		fputc('-', out);
	fputc('|', out);
}

static void print_case(FILE *out, int width, const struct quiet_case *c)
{
	AUTO_FREE char *most = bound(c->failed, c->rounds);

	fprintf(out, "| %-*s | %6llu | %6llu | %5llu | %7llu | %7llu | %11s |\n", width,
		c->name, (unsigned long long)c->rounds, (unsigned long long)c->failed,
		(unsigned long long)c->known, (unsigned long long)c->skipped,
		(unsigned long long)c->not_run, most);
}

static void print_head(FILE *out, const char *title, const struct quiet_tally *t)
{
	const char *sep = " (";

	fprintf(out, "\n%s%s%s: %llu boots", title, t->kernel ? ", Linux " : "",
		t->kernel ? t->kernel : "", (unsigned long long)t->boots);
	for (size_t i = 0; i < t->ntopologies; i++) {
		if (!t->boots_on[i])
			continue;
		fprintf(out, "%s%llu %s", sep, (unsigned long long)t->boots_on[i],
			t->topologies[i]->name);
		sep = ", ";
	}
	fprintf(out, "%s\n%llu ended at a deadline, %llu died otherwise; ",
		t->boots ? ")" : "", (unsigned long long)t->timeouts,
		(unsigned long long)t->died);
	fprintf(out, "besides, %llu lost and repeated\n", (unsigned long long)t->lost);
	if (t->older)
		fprintf(out, "not counted: %llu boots on topologies that changed since\n",
			(unsigned long long)t->older);
}

static void print_whole(FILE *out, const struct quiet_tally *t)
{
	AUTO_FREE char *most = bound(t->bad_boots, t->boots);

	if (!t->boots)
		return;
	fprintf(out,
		"\nfalse failures: %llu in %llu boots, %.4f a boot; boots with any: %llu, "
		"at most %s\n"
		"\"at most\": upper 95 %% bound of the failure rate, exact and one-sided "
		"(Clopper-Pearson):\n1 - 0.05^(1/n) where nothing failed, (b) by bisection "
		"of the binomial distribution;\nrounds of one boot are taken as "
		"independent.\n",
		(unsigned long long)t->failures, (unsigned long long)t->boots,
		(double)t->failures / (double)t->boots, (unsigned long long)t->bad_boots,
		most);
}

/* A pass may be of half a test. */
static void print_partly(FILE *out, const struct quiet_tally *t)
{
	const char *head = "\nrounds that passed with subtests skipped: ";

	for (size_t i = 0; i < t->ncases; i++) {
		if (!t->cases[i].partly)
			continue;
		fprintf(out, "%s%s %llu", head, t->cases[i].name,
			(unsigned long long)t->cases[i].partly);
		head = ", ";
	}
	if (*head == ',')
		fputc('\n', out);
}

/* One that shows now and then is left alone: it is there. */
static void print_missed(FILE *out, const struct quiet_tally *t)
{
	for (size_t i = 0; i < t->ncases; i++)
		if (t->cases[i].missed && !t->cases[i].known)
			fprintf(out,
				"\nknown issue that did not show: %s passed %llu times where " KNOWN_ISSUES_FILE
				" says that the kernel\nis wrong. Is it "
				"mended? Then the entry gets an end or goes.\n",
				t->cases[i].name, (unsigned long long)t->cases[i].missed);
}

void quiet_text_cases(FILE *out, const char *title, const struct quiet_tally *t)
{
	const struct quiet_case boot = { .name = (char *)BOOT_CASE,
					 .rounds = t->boots,
					 .failed = t->boot_failures };
	int width = name_width(t->cases, t->ncases, (int)strlen(BOOT_CASE));

	print_head(out, title, t);
	fprintf(out, "\n| %-*s | rounds | failed | known | skipped | not run | %11s |\n",
		width, "case", "at most");
	print_rule(out, width, "");
	fputs("-------:|-------:|------:|--------:|--------:|------------:|\n", out);
	print_case(out, width, &boot);
	for (size_t i = 0; i < t->ncases; i++)
		print_case(out, width, &t->cases[i]);
	print_partly(out, t);
	print_missed(out, t);
	print_whole(out, t);
}

/* ---- what failed ---- */

struct listing {
	FILE *out;
	const struct quiet_tally *tally;
	const struct known_issues *known;
	const char *dir, *head;
	struct json_object *record;
	enum { LIST_FAILED, LIST_KNOWN, LIST_LOST } what;
	bool any;
};

static void begin_line(struct listing *l)
{
	if (!l->any)
		fprintf(l->out, "\n%s\n", l->head);
	l->any = true;
	fprintf(l->out, "- boot %lld on %s", json_int(l->record, "boot", 0),
		json_str(l->record, "topology", "?"));
}

static void list_failure(const struct quiet_failure *f, void *arg)
{
	struct listing *l = arg;
	AUTO_FREE char *reason = text_clean_line(f->reason, REASON_SHOWN);
	const char *kept = json_str(l->record, "kept", NULL);

	if ((l->what == LIST_KNOWN) != (f->known != NULL))
		return;
	begin_line(l);
	if (f->test)
		fprintf(l->out, ", round %lld", f->round);
	fprintf(l->out, ": %s: %s%s%s\n", f->test ? f->test : BOOT_CASE, f->word,
		*reason ? ": " : "", reason);
	if (f->seed)
		fprintf(l->out, "    seed %s\n", f->seed);
	for (size_t i = 0; i < json_len(f->lines); i++) {
		AUTO_FREE char *line = text_clean_line(
			json_object_get_string(json_object_array_get_idx(f->lines, i)),
			REASON_SHOWN);

		fprintf(l->out, "    %s\n", line);
	}
	if (f->known)
		fprintf(l->out, "    known until %s: %s\n", f->known->expires,
			f->known->reason);
	if (kept)
		fprintf(l->out, "    kept: %s/%s\n", l->dir, kept);
}

static bool is_counted(const struct quiet_tally *t, struct json_object *record)
{
	for (size_t i = 0; i < t->ntopologies; i++)
		if (quiet_record_is_on(record, t->topologies[i]))
			return true;
	return false;
}

static void list_record(struct json_object *record, void *arg)
{
	struct listing *l = arg;
	AUTO_FREE char *why =
		text_clean_line(json_str(record, "reason", ""), REASON_SHOWN);

	l->record = record;
	if (quiet_record_lost(record)) {
		if (l->what != LIST_LOST)
			return;
		begin_line(l);
		fprintf(l->out, ": %s\n", why);
	} else if (l->what != LIST_LOST && is_counted(l->tally, record)) {
		quiet_record_failures(record, l->known, list_failure, l);
	}
}

int quiet_text_failures(FILE *out, struct quiet_store *store, const struct quiet_tally *t,
			const struct known_issues *known, struct err *err)
{
	static const char *const heads[] = {
		[LIST_FAILED] = "failures:",
		[LIST_KNOWN] = "known issues of the kernel, not counted:",
		[LIST_LOST] = "lost boots, each repeated:",
	};

	for (int what = LIST_FAILED; what <= LIST_LOST; what++) {
		struct listing l = { .out = out,
				     .tally = t,
				     .known = known,
				     .dir = quiet_store_dir(store),
				     .head = heads[what],
				     .what = what };

		if (quiet_store_each(store, list_record, &l, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- figures ---- */

static const struct suite_budgets *budgets_of(const char *name,
					      struct suite *const *suites, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(suites[i]->name, name) == 0)
			return &suites[i]->budgets;
		for (size_t k = 0; k < suites[i]->ntests; k++)
			if (strcmp(suites[i]->tests[k].id, name) == 0)
				return &suites[i]->tests[k].budgets;
	}
	return NULL;
}

static void print_times(FILE *out, int width, const struct quiet_tally *t,
			const struct quiet_case *c, const struct quiet_times *times,
			const struct suite_budgets *budgets)
{
	const char *topology = t->topologies[times->topology]->name;
	uint64_t budget = budgets ? suite_budget_ms(budgets, topology) : 0;
	double median = quiet_times_median_ms(times), max = times->ms[times->n - 1];
	char stated[32] = "-";

	if (budget)
		snprintf(stated, sizeof(stated), "%.1f", (double)budget / 1000);
	fprintf(out, "| %-10s | %-*s | %6zu | %7.2f | %7.2f | %7.2f | %6s | %s |\n",
		topology, width, c->name, times->n, times->ms[0] / 1000.0, median / 1000,
		max / 1000, stated,
		!budget                 ? "" :
		median > (double)budget ? "OVER" :
		max > (double)budget    ? "max over" :
					  "");
}

/* Rows of one topology: first the suites' rounds, then the cases. */
static void print_topology(FILE *out, int width, const struct quiet_tally *t,
			   size_t topology, const struct quiet_case *v, size_t n,
			   struct suite *const *suites, size_t nsuites)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < v[i].ntimes; k++)
			if (v[i].times[k].topology == topology)
				print_times(out, width, t, &v[i], &v[i].times[k],
					    budgets_of(v[i].name, suites, nsuites));
}

void quiet_text_figures(FILE *out, const struct quiet_tally *t,
			struct suite *const *suites, size_t nsuites)
{
	int width = name_width(t->cases, t->ncases, name_width(t->suites, t->nsuites, 4));

	fputs("\nseconds; the line of a suite is a whole round of it\n\n", out);
	fprintf(out,
		"| %-10s | %-*s | rounds |     min |  median |     max | budget | |\n",
		"topology", width, "case");
	print_rule(out, width, "------------|");
	fputs("-------:|--------:|--------:|--------:|-------:|---|\n", out);
	for (size_t i = 0; i < t->ntopologies; i++) {
		print_topology(out, width, t, i, t->suites, t->nsuites, suites, nsuites);
		print_topology(out, width, t, i, t->cases, t->ncases, suites, nsuites);
	}
}
