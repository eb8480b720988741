#include "daemon/bisect_belief.h"

/* Of the likeliest: what is less is not worth a word. */
#define LEAST 0.001

static const char *seen_str(enum case_seen seen)
{
	static const char *const words[] = {
		[CASE_NOT_RUN] = "not-run",   [CASE_RAN] = "ran",
		[CASE_SKIPPED] = "skipped",   [CASE_NO_BOOT] = "no-boot",
		[CASE_NO_BUILD] = "no-build",
	};

	return words[seen];
}

static struct json_object *commit_json(const struct bisect_case *c, int commit)
{
	struct json_object *o = json_object_new_object();

	json_set_str(o, "commit", c->range.v[commit].id);
	json_set_str(o, "subject", c->range.v[commit].subject);
	return o;
}

static struct json_object *range_json(const struct bisect_case *c)
{
	struct json_object *o = json_object_new_object();

	/* The good end is none of those that may have broken it. */
	json_set_int(o, "commits", (long long)c->range.n - 1);
	json_set(o, "good", commit_json(c, 0));
	json_set(o, "bad", commit_json(c, (int)c->range.n - 1));
	return o;
}

static bool is_looked_at(const struct bisect_case *c, int commit)
{
	return c->looks[commit].seen != CASE_NOT_RUN ||
	       c->commits[commit].mark != BISECT_OPEN;
}

static struct json_object *look_json(const struct bisect_case *c, const struct bisect *b,
				     int commit)
{
	struct json_object *o = commit_json(c, commit);
	const struct case_look *look = &c->looks[commit];
	enum bisect_mark mark = c->commits[commit].mark;
	int first = bisect_first(b, commit);

	json_set_int(o, "at", commit);
	json_set_str(o, "result", seen_str(look->seen));
	json_set_int(o, "boots", look->boots);
	json_set_int(o, "runs", bisect_runs(b, commit));
	json_set_int(o, "failures", bisect_failures(b, commit));
	json_set_str(o, "same_as",
		     first < 0 || first == commit ? NULL : c->range.v[first].id);
	json_set_str(o, "mark",
		     mark == BISECT_OPEN ? NULL :
		     mark == BISECT_BAD  ? "bad" :
					   "good");
	json_set_num(o, "p", bisect_culprit(b, commit));
	json_set_num(o, "p_bad", bisect_bad(b, commit));
	return o;
}

static void put_commits(struct json_object *o, const struct bisect_case *c,
			const struct bisect *b)
{
	struct json_object *a = json_object_new_array();
	int n = 0;

	for (int i = 0; i < (int)c->range.n; i++)
		if (is_looked_at(c, i) && n++ < BISECT_BELIEF_COMMITS)
			json_object_array_add(a, look_json(c, b, i));
	json_set_int(o, "looked_at", n);
	json_set(o, "commits", a);
}

/* The likeliest that comes after this one: less likely, or as likely and later. -1: none
 * is possible. */
static int likeliest_after(const struct bisect_case *c, const struct bisect *b, int after)
{
	double limit = after < 0 ? 2 : bisect_culprit(b, after);
	int best = -1;

	for (int i = 1; i < (int)c->range.n; i++) {
		double p = bisect_culprit(b, i);

		if (p > 0 && (p < limit || (p == limit && i > after)) &&
		    (best < 0 || p > bisect_culprit(b, best)))
			best = i;
	}
	return best;
}

static struct json_object *likely_json(const struct bisect_case *c,
				       const struct bisect *b)
{
	struct json_object *a = json_object_new_array(), *o;
	int at = likeliest_after(c, b, -1);
	double least = at >= 0 ? bisect_culprit(b, at) * LEAST : 0;

	for (int k = 0; k < BISECT_BELIEF_LIKELY; k++) {
		if (at < 0 || bisect_culprit(b, at) < least)
			break;
		o = commit_json(c, at);
		json_set_num(o, "p", bisect_culprit(b, at));
		json_object_array_add(a, o);
		at = likeliest_after(c, b, at);
	}
	return a;
}

struct json_object *bisect_belief(const struct bisect_case *c, const struct bisect *b)
{
	struct json_object *o = json_object_new_object();

	json_set(o, "range", range_json(c));
	put_commits(o, c, b);
	json_set(o, "likely", likely_json(c, b));
	json_set_num(o, "p_good_is_bad", bisect_culprit(b, 0));
	json_set_num(o, "p_never_bad", bisect_never_bad(b));
	return o;
}
