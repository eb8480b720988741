#include "daemon/cells.h"

#include <string.h>

#include "daemon/issues.h"

static bool in_cell(const struct run_boot *b, int step, const struct subject *s)
{
	return b->step == step && b->config == s->config && b->topology == s->topology &&
	       b->deep == s->deep;
}

static bool usable(const struct run_boot *b)
{
	return b->state == SCHED_DONE && !b->lost;
}

bool cell_has_boot(const struct run_boot *b, int step, const struct subject *s)
{
	return in_cell(b, step, s) && usable(b);
}

const struct result *boot_result(const struct run_boot *b, const char *test)
{
	for (size_t i = 0; i < b->nresults; i++)
		if (strcmp(b->results[i].test, test) == 0)
			return &b->results[i];
	return NULL;
}

static bool splats_hold(struct json_object *splats, const char *key)
{
	for (size_t i = 0; i < json_len(splats); i++)
		if (strcmp(json_str(json_object_array_get_idx(splats, i), "key", ""),
			   key) == 0)
			return true;
	return false;
}

static bool base_has_splat(struct series_run *r, const struct run_boot *like,
			   const char *key)
{
	for (size_t i = 0; i < r->nboots; i++) {
		const struct run_boot *b = r->boots[i];

		if (b->step != 0 || b->config != like->config ||
		    b->topology != like->topology || !usable(b))
			continue;
		if (splats_hold(b->boot.splats, key))
			return true;
		for (size_t k = 0; k < b->nresults; k++)
			if (splats_hold(b->results[k].splats, key))
				return true;
	}
	return false;
}

/* Whether every splat in the list is one of the base's; true for none. */
static bool splats_known(struct series_run *r, const struct run_boot *b,
			 struct json_object *splats)
{
	for (size_t i = 0; i < json_len(splats); i++) {
		const char *key =
			json_str(json_object_array_get_idx(splats, i), "key", "");

		if (!base_has_splat(r, b, key))
			return false;
	}
	return true;
}

enum sight { SIGHT_NONE, SIGHT_GOOD, SIGHT_KNOWN, SIGHT_ISSUE, SIGHT_SKIP, SIGHT_BAD };

static enum sight sight_of_result(struct series_run *r, const struct run_boot *b,
				  const struct result *res)
{
	switch (res->result) {
	case RESULT_PASS:
		return SIGHT_GOOD;
	case RESULT_SKIP:
		return SIGHT_SKIP;
	case RESULT_NOT_RUN:
		return SIGHT_NONE;
	case RESULT_SPLAT:
		if (splats_known(r, b, res->splats))
			return SIGHT_KNOWN;
		break;
	default:
		break;
	}
	return issues_explain(b, res) ? SIGHT_ISSUE : SIGHT_BAD;
}

/* The guest died while it ran; what a signal or its own deadline ended has an end,
 * and the guest lived on. */
static bool died_with_guest(const struct result *res)
{
	return (res->result == RESULT_CRASH || res->result == RESULT_TIMEOUT) &&
	       res->seconds < 0;
}

/* The guest itself: did it come up, and end, without a splat of its own? */
static enum sight sight_of_boot(struct series_run *r, const struct run_boot *b)
{
	if (!splats_known(r, b, b->boot.splats))
		return SIGHT_BAD;
	if (b->boot.status == BOOT_OK)
		return json_len(b->boot.splats) ? SIGHT_KNOWN : SIGHT_GOOD;
	/* It died under a test: that test is charged. Between two of them, or after the
	 * last, it is nobody's death but its own. */
	for (size_t i = 0; i < b->nresults; i++)
		if (died_with_guest(&b->results[i]))
			return SIGHT_GOOD;
	return SIGHT_BAD;
}

static enum sight sight_of(struct series_run *r, const struct run_boot *b,
			   const char *test, const struct result **ret_result)
{
	enum sight sight;

	*ret_result = NULL;
	if (!test) {
		sight = sight_of_boot(r, b);
		/* Without the tests that came before a death it is no answer to it. */
		return b->role == BOOT_REST && sight != SIGHT_BAD ? SIGHT_NONE : sight;
	}
	*ret_result = boot_result(b, test);
	return *ret_result ? sight_of_result(r, b, *ret_result) : SIGHT_NONE;
}

/* What is known of a test without its program, or NULL. */
static const char *unmade_result(const struct run_boot *b, const char *test)
{
	for (size_t i = 0; test && i < json_len(b->unmade); i++) {
		struct json_object *o = json_object_array_get_idx(b->unmade, i);

		if (strcmp(json_str(o, "test", ""), test) == 0)
			return json_str(o, "result", "");
	}
	return NULL;
}

/* A guest may have been unlucky once; a compiler is not asked again. */
static int weight_of(const struct run_boot *b, const char *test)
{
	return unmade_result(b, test) ? 2 : 1;
}

/* No program, by our own trouble. */
static bool unmade_is_lost(const struct run_boot *b, const char *test)
{
	const char *result = unmade_result(b, test);

	return result && strcmp(result, test_result_str(RESULT_NOT_RUN)) == 0;
}

bool boot_is_bad(struct series_run *r, const struct run_boot *b, const char *test)
{
	const struct result *res;

	return usable(b) && sight_of(r, b, test, &res) == SIGHT_BAD;
}

bool cell_settled(struct series_run *r, int step, const struct subject *s)
{
	bool any = false;

	for (size_t i = 0; i < r->nboots; i++) {
		if (!in_cell(r->boots[i], step, s))
			continue;
		any = true;
		if (r->boots[i]->state != SCHED_DONE)
			return false;
	}
	return any;
}

/* A boot that an earlier step showed already counts as a run only there. Another
 * topology, or another config with the same kernel, is judged by itself. */
static bool counted_before(struct series_run *r, const struct run_boot *b)
{
	for (size_t i = 0; i < r->nboots; i++) {
		const struct run_boot *o = r->boots[i];

		if (o == b || !usable(o) || o->boot.id != b->boot.id ||
		    o->config != b->config || o->topology != b->topology ||
		    o->deep != b->deep)
			continue;
		if (o->step < b->step || (o->step == b->step && o->index < b->index))
			return true;
	}
	return false;
}

static enum cell_state cell_state_of(int good, int bad, int skipped, int lost)
{
	if (bad && good)
		return CELL_FLAKY;
	if (bad)
		return bad > 1 ? CELL_FAIL : CELL_ONCE;
	if (good)
		return CELL_PASS;
	if (skipped)
		return CELL_SKIP;
	return lost ? CELL_INFRA : CELL_NONE;
}

struct cell cell_of_build(struct series_run *r, int step, size_t config)
{
	const struct walk_build *b = run_build(r, step, config);

	if (!b->decided || b->status == BUILD_SKIPPED)
		return (struct cell){ .state = CELL_NONE };
	return (struct cell){ .state = b->status == BUILD_OK    ? CELL_PASS :
				       b->status == BUILD_INFRA ? CELL_INFRA :
								  CELL_FAIL };
}

/* One more boot of the cell that told something, or did not. */
static void count_silence(struct cell_view *v, const struct run_boot *b, bool told)
{
	int lost = b->attempts > 0 ? b->attempts : 1;

	if (told) {
		v->silent = v->silent_lost = 0;
		return;
	}
	/* Those for the tests that others left out are not for this one. */
	if (b->state != SCHED_DONE || b->role == BOOT_REST)
		return;
	v->silent += b->lost ? lost : 1;
	v->silent_lost += b->lost ? lost : 0;
}

struct cell_view cell_view_of(struct series_run *r, int step, const struct subject *s)
{
	struct cell_view v = { .bad = NULL };
	int good = 0, bad = 0, skipped = 0, lost = 0;

	for (size_t i = 0; i < r->nboots; i++) {
		const struct run_boot *b = r->boots[i];
		const struct result *res;
		enum sight sight;
		bool counts;

		if (!in_cell(b, step, s))
			continue;
		if (!usable(b)) {
			lost += b->lost;
			count_silence(&v, b, false);
			continue;
		}
		sight = sight_of(r, b, s->test, &res);
		counts = sight != SIGHT_NONE && !counted_before(r, b);
		count_silence(&v, b, sight != SIGHT_NONE && sight != SIGHT_SKIP);
		v.cell.runs += counts;
		v.cell.failures += counts && sight == SIGHT_BAD;
		if (sight != SIGHT_SKIP && sight != SIGHT_NONE) {
			int weight = sight == SIGHT_BAD ? weight_of(b, s->test) : 1;

			v.tells += counts ? weight : 0;
			v.ran_bad += counts && sight == SIGHT_BAD && weight == 1;
			v.tells_alone += counts && b->boot.alone ? weight : 0;
			v.tells_bad += counts && sight == SIGHT_BAD ? weight : 0;
			if (!v.key)
				v.key = b->key;
		}
		good += sight == SIGHT_GOOD || sight == SIGHT_KNOWN ||
			sight == SIGHT_ISSUE;
		if (sight == SIGHT_BAD)
			bad += weight_of(b, s->test);
		lost += unmade_is_lost(b, s->test);
		skipped += sight == SIGHT_SKIP;
		if (sight == SIGHT_KNOWN && !v.known_splat) {
			v.known_splat = b;
			v.known_result = res;
		}
		if (sight == SIGHT_ISSUE && !v.issue) {
			v.issue = issues_explain(b, res);
			v.issue_boot = b;
			v.issue_result = res;
		}
		if (sight == SIGHT_BAD && !v.bad) {
			v.bad = b;
			v.result = res;
		}
		if ((sight == SIGHT_SKIP || sight == SIGHT_NONE) && res && !v.skip_reason)
			v.skip_reason = res->reason;
	}
	v.cell.state = cell_state_of(good, bad, skipped, lost);
	return v;
}
