#include "web/cell.h"

#include <string.h>

#include "lib/json.h"
#include "lib/str.h"

bool result_is_bad(enum test_result r)
{
	return r == RESULT_FAIL || r == RESULT_TIMEOUT || r == RESULT_CRASH ||
	       r == RESULT_SPLAT;
}

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool is_in(const struct step_boot *b, int64_t step, const struct column *c)
{
	return b->step == step && same(b->config, c->config) && same(b->arch, c->arch) &&
	       same(b->topology, c->topology);
}

static void add_column(struct column **list, size_t *n, struct column c)
{
	for (size_t i = 0; i < *n; i++)
		if (same((*list)[i].config, c.config) && same((*list)[i].arch, c.arch) &&
		    same((*list)[i].topology, c.topology))
			return;
	*list = mem_realloc(*list, *n + 1, sizeof(**list));
	(*list)[(*n)++] = c;
}

/* Place in the list that was asked for; behind all when it is not there. */
static size_t wanted_place(const struct series_view *v, const char *list,
			   const char *name)
{
	struct json_object *a = json_arr(v->series.wanted, list);

	for (size_t i = 0; i < json_len(a); i++)
		if (same(json_object_get_string(json_object_array_get_idx(a, i)), name))
			return i;
	return SIZE_MAX;
}

static int by_wanted(const struct series_view *v, const char *list, const char *a,
		     const char *b)
{
	size_t x = wanted_place(v, list, a), y = wanted_place(v, list, b);

	return x == y ? strcmp(a, b) : x < y ? -1 : 1;
}

static int by_place(const void *a, const void *b, void *view)
{
	const struct column *x = a, *y = b;
	int r = by_wanted(view, "configs", x->config, y->config);

	if (r == 0)
		r = strcmp(x->arch, y->arch);
	if (r == 0 && (!x->topology || !y->topology))
		return (x->topology != NULL) - (y->topology != NULL);
	return r ? r : by_wanted(view, "topologies", x->topology, y->topology);
}

struct column *view_columns(const struct series_view *v, size_t *ret_n)
{
	struct column *list = NULL;
	size_t n = 0;

	for (size_t i = 0; i < v->nstep_builds; i++)
		add_column(&list, &n,
			   (struct column){ .config = v->step_builds[i].config,
					    .arch = v->step_builds[i].arch });
	for (size_t i = 0; i < v->nstep_boots; i++)
		add_column(&list, &n,
			   (struct column){ .config = v->step_boots[i].config,
					    .arch = v->step_boots[i].arch,
					    .topology = v->step_boots[i].topology });
	if (n > 0)
		qsort_r(list, n, sizeof(*list), by_place, (void *)v);
	*ret_n = n;
	return list;
}

const struct step_build *cell_build(const struct series_view *v, int64_t step,
				    const struct column *c)
{
	for (size_t i = 0; i < v->nstep_builds; i++) {
		const struct step_build *b = &v->step_builds[i];

		if (b->step == step && same(b->config, c->config) &&
		    same(b->arch, c->arch))
			return b;
	}
	return NULL;
}

/* What one test did over the boots of a cell. */
struct tally {
	const char *test;
	size_t bad, good, skip;
	size_t known; /* fails by a known issue of the kernel: none of bad */
};

static struct tally *tally_of(struct tally **list, size_t *n, const char *test)
{
	for (size_t i = 0; i < *n; i++)
		if (strcmp((*list)[i].test, test) == 0)
			return &(*list)[i];
	*list = mem_realloc(*list, *n + 1, sizeof(**list));
	(*list)[*n] = (struct tally){ .test = test };
	return &(*list)[(*n)++];
}

static bool is_lost(const struct boot *b)
{
	return b->infra || b->status == BOOT_INFRA;
}

static void count_results(const struct series_view *v, const struct step_boot *sb,
			  const struct boot *b, struct tally **list, size_t *n)
{
	size_t nresults;
	const struct result *r = view_results(v, b->id, &nresults);

	/* What was done before a boot was lost is evidence of nothing. */
	for (size_t i = 0; !is_lost(b) && i < nresults; i++) {
		struct tally *t = tally_of(list, n, r[i].test);

		if (result_is_bad(r[i].result) && boot_known_reason(sb->known, r[i].test))
			t->known++;
		else if (result_is_bad(r[i].result))
			t->bad++;
		else if (r[i].result == RESULT_PASS)
			t->good++;
		else if (r[i].result == RESULT_SKIP)
			t->skip++;
	}
}

static bool has_bad(const struct series_view *v, const struct step_boot *sb)
{
	size_t n;
	const struct result *r = view_results(v, sb->boot_id, &n);

	for (size_t i = 0; i < n; i++)
		if (result_is_bad(r[i].result) &&
		    !boot_known_reason(sb->known, r[i].test))
			return true;
	return false;
}

/* Of two boots, the one that says more about the cell. */
static int weight(const struct series_view *v, const struct step_boot *sb,
		  const struct boot *b)
{
	if (is_lost(b))
		return 0;
	if (b->status != BOOT_OK)
		return 3;
	return has_bad(v, sb) ? 2 : 1;
}

static void take_boot(const struct series_view *v, const struct step_boot *sb,
		      struct cell *c, int *best)
{
	const struct boot *b = view_boot(v, sb->boot_id);

	c->reused = (c->boots == 0 || c->reused) && sb->reused;
	c->boots++;
	c->lost += b && is_lost(b);
	if (!b || weight(v, sb, b) <= *best)
		return;
	*best = weight(v, sb, b);
	c->run = b->id;
	c->status = *best ? b->status : BOOT_INFRA;
	c->reason = b->reason;
}

/* By the verdict on it: the boots of an earlier version do not tell. */
static bool is_known(const struct series_view *v, const struct column *c,
		     const char *test)
{
	for (size_t i = 0; i < v->nverdicts; i++) {
		const struct verdict *d = &v->verdicts[i];

		if (d->kind == KIND_TEST && verdict_is_known_issue(d) &&
		    same(d->config, c->config) && same(d->topology, c->topology) &&
		    same(d->test, test))
			return true;
	}
	return false;
}

static enum mark judge(const struct cell *c, bool good_boot, size_t flaky)
{
	if (c->status == BOOT_SKIPPED)
		return MARK_SKIP;
	if (c->status == BOOT_INFRA)
		return MARK_INFRA;
	if (c->status != BOOT_OK)
		return c->tests == 0 && good_boot ? MARK_FLAKY : MARK_FAIL;
	if (c->failing > 0)
		return flaky == c->failing ? MARK_FLAKY : MARK_FAIL;
	/* The quick boot beside a deep one, or the other way round: not all was tested. */
	if (c->lost > 0)
		return MARK_INFRA;
	return c->tests > 0 && c->skipped == c->tests ? MARK_SKIP : MARK_PASS;
}

void cell_of(const struct series_view *v, int64_t step, const struct column *col,
	     struct cell *c)
{
	AUTO_FREE struct tally *list = NULL;
	size_t n = 0, flaky = 0;
	bool good_boot = false;
	int best = -1;

	*c = (struct cell){ .run = DB_NO_INT, .status = BOOT_SKIPPED };
	for (size_t i = 0; i < v->nstep_boots; i++) {
		const struct step_boot *sb = &v->step_boots[i];
		const struct boot *b = view_boot(v, sb->boot_id);

		if (!is_in(sb, step, col))
			continue;
		if (!c->first) {
			c->first = sb;
			c->reason = sb->reason;
		}
		if (sb->boot_id == DB_NO_INT)
			continue;
		take_boot(v, sb, c, &best);
		if (b && !is_lost(b)) {
			good_boot |= b->status == BOOT_OK;
			count_results(v, sb, b, &list, &n);
		}
	}
	for (size_t i = 0; i < n; i++) {
		c->tests++;
		if (list[i].bad > 0 ? is_known(v, col, list[i].test) :
				      list[i].known > 0) {
			c->known++;
			continue;
		}
		c->skipped += list[i].skip > 0 && !list[i].bad && !list[i].good;
		flaky += list[i].bad > 0 && list[i].good > 0;
		if (list[i].bad > 0 && c->failing < CELL_FAILING)
			c->names[c->failing] = list[i].test;
		c->failing += list[i].bad > 0;
	}
	c->mark = c->first ? judge(c, good_boot, flaky) : MARK_NONE;
}

static enum mark build_mark(const struct step_build *b)
{
	if (!b)
		return MARK_NONE;
	switch (b->status) {
	case BUILD_OK:
		return MARK_PASS;
	case BUILD_FAIL:
	case BUILD_TIMEOUT:
		return MARK_FAIL;
	case BUILD_INFRA:
		return MARK_INFRA;
	default:
		return MARK_SKIP;
	}
}

static enum mark tally_mark(const struct tally *t)
{
	/* Of one test what is known to be wrong is no less wrong. */
	if (t->bad || t->known)
		return t->good ? MARK_FLAKY : MARK_FAIL;
	if (t->good)
		return MARK_PASS;
	return t->skip ? MARK_SKIP : MARK_NONE;
}

static enum mark boot_mark(const struct cell *c)
{
	if (!c->first)
		return MARK_NONE;
	switch (c->status) {
	case BOOT_OK:
		return c->lost ? MARK_INFRA : MARK_PASS;
	case BOOT_SKIPPED:
		return MARK_SKIP;
	case BOOT_INFRA:
		return MARK_INFRA;
	default:
		return MARK_FAIL;
	}
}

/* True, too, where that is not known. */
static bool boot_plans(const struct boot *b, const char *test)
{
	if (!b || !b->plan)
		return true;
	for (size_t k = 0; k < json_len(b->plan); k++)
		if (same(json_str(json_object_array_get_idx(b->plan, k), "test", ""),
			 test))
			return true;
	return false;
}

/* Whether a boot of the cell was to run the test, a lost one if asked for that. */
static bool is_planned(const struct series_view *v, int64_t step, const struct column *c,
		       const char *test, bool lost)
{
	for (size_t i = 0; i < v->nstep_boots; i++) {
		const struct boot *b = view_boot(v, v->step_boots[i].boot_id);

		if (is_in(&v->step_boots[i], step, c) && (!lost || (b && is_lost(b))) &&
		    boot_plans(b, test))
			return true;
	}
	return false;
}

enum mark cell_test(const struct series_view *v, int64_t step, const struct column *c,
		    const char *test)
{
	AUTO_FREE struct tally *list = NULL;
	struct cell cell;
	size_t n = 0;

	if (!c->topology)
		return build_mark(cell_build(v, step, c));
	cell_of(v, step, c, &cell);
	if (!test)
		return boot_mark(&cell);
	for (size_t i = 0; i < v->nstep_boots; i++) {
		const struct step_boot *sb = &v->step_boots[i];
		const struct boot *b = view_boot(v, sb->boot_id);

		if (b && is_in(sb, step, c))
			count_results(v, sb, b, &list, &n);
	}
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].test, test) == 0 && tally_mark(&list[i]) != MARK_NONE)
			return tally_mark(&list[i]);
	/* Not reached: what ended the boot says why. */
	if (is_planned(v, step, c, test, true))
		return MARK_INFRA;
	return cell.status == BOOT_SKIPPED && is_planned(v, step, c, test, false) ?
		       MARK_SKIP :
		       MARK_NONE;
}
