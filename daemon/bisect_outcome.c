#include "daemon/bisect_outcome.h"

#include "daemon/run.h"
#include "lib/str.h"

#define LIKELY_MAX 5      /* commits that are named when it ends without a call */
#define CANDIDATES_MAX 20 /* and of those that cannot be told apart */

static void add_commit(struct str *out, const struct bisect_case *c, int commit)
{
	const struct range_commit *v = &c->range.v[commit];

	str_addf(out, "%.12s \"%s\"", v->id, v->subject);
}

static int last_of(const struct bisect_case *c)
{
	return (int)c->range.n - 1;
}

char *bisect_question_text(const struct bisect_case *c)
{
	const struct bisection *w = &c->what;
	AUTO(str_done) struct str out = STR_INIT;

	str_addf(&out, "%s on %s (%s, config %s): %zu commits of %s\n  good ", w->test,
		 w->topology, w->accel, w->config, c->range.n - 1, w->tree);
	add_commit(&out, c, 0);
	str_add(&out, "\n  bad  ");
	add_commit(&out, c, last_of(c));
	return str_take(&out);
}

char *bisect_step_text(const struct bisect_case *c, const struct bisect *b,
		       const struct bisect_step *s)
{
	struct bisect_call call = bisect_call(b, 2);
	AUTO(str_done) struct str out = STR_INIT;

	str_add(&out, "next ");
	add_commit(&out, c, s->commit);
	str_addf(&out, ", %d/%d so far: %s", bisect_failures(b, s->commit),
		 bisect_runs(b, s->commit), bisect_why_str(s->why));
	if (s->why == BISECT_TELLS)
		str_addf(&out, " (%.2f nats, %.0f s)", s->gain, s->cost);
	if (call.commit >= 0)
		str_addf(&out, "; likeliest %.12s, P %.3f", c->range.v[call.commit].id,
			 call.p);
	return str_take(&out);
}

/* ---- the outcome ---- */

struct ending {
	const struct bisect_case *c;
	const struct bisect *b;
	struct json_object *o;
	const struct bisect_taken_back *back;
	struct str text;
};

static void set_word(struct ending *e, const char *word, enum run_exit code)
{
	json_set_str(e->o, "word", word);
	json_set_int(e->o, "exit", code);
}

static struct json_object *counts(int runs, int failures)
{
	struct json_object *o = json_object_new_object();

	json_set_int(o, "runs", runs);
	json_set_int(o, "failures", failures);
	return o;
}

static struct json_object *commit_json(const struct bisect_case *c, int commit)
{
	struct json_object *o = json_object_new_object();

	json_set_str(o, "commit", c->range.v[commit].id);
	json_set_str(o, "subject", c->range.v[commit].subject);
	return o;
}

/* Runs and failures of what descends from a commit, itself among it, or of the rest. */
static void count(const struct ending *e, int commit, bool after, int *ret_runs,
		  int *ret_failures)
{
	*ret_runs = *ret_failures = 0;
	for (int i = 0; i <= last_of(e->c); i++)
		if (bisect_first(e->b, i) == i &&
		    bisect_graph_leads(e->c->graph, commit, i) == after) {
			*ret_runs += bisect_runs(e->b, i);
			*ret_failures += bisect_failures(e->b, i);
		}
}

static void put_candidates(struct ending *e, const int *list, int n)
{
	struct json_object *commits = json_object_new_array();

	for (int i = 0; i < n && i < CANDIDATES_MAX; i++) {
		json_object_array_add(commits, commit_json(e->c, list[i]));
		str_add(&e->text, "\n  ");
		add_commit(&e->text, e->c, list[i]);
	}
	if (n > CANDIDATES_MAX)
		str_addf(&e->text, "\n  and %d more", n - CANDIDATES_MAX);
	json_set(e->o, "commits", commits);
}

/* Whether the revert says anything that was not counted before. */
static bool is_news(const struct bisect_taken_back *t)
{
	return t && !t->why && t->same < 0 && t->runs > 0;
}

static void put_revert(struct ending *e, const struct bisect_call *call)
{
	const struct bisect_taken_back *t = e->back;
	const char *bad = e->c->range.v[last_of(e->c)].id;
	struct json_object *o;

	if (!t)
		return;
	o = counts(t->runs, t->failures);
	json_set(e->o, "revert", o);
	json_set_str(o, "why", t->why);
	json_set_num(o, "p_before", call->p);
	if (t->why) {
		str_addf(&e->text, "\nnot confirmed by a revert on %.12s: %s", bad,
			 t->why);
		return;
	}
	str_addf(&e->text, "\nreverting it on %.12s", bad);
	if (t->same >= 0)
		str_addf(&e->text, " makes it the kernel of %.12s",
			 e->c->range.v[t->same].id);
	str_addf(&e->text, ": %d/%d fail", t->failures, t->runs);
	if (is_news(t) && t->odds.mended < 0.5)
		str_add(&e->text, ": something else breaks it, too");
}

static void put_culprit(struct ending *e, const struct bisect_call *call)
{
	int list[CANDIDATES_MAX], runs, failures;
	int n = bisect_candidates(e->b, call->commit, list, CANDIDATES_MAX);
	double p = is_news(e->back) ? e->back->odds.p : call->p;

	json_set_int(e->o, "candidates", n);
	json_set_num(e->o, "p", p);
	if (n == last_of(e->c) && n > 1) {
		set_word(e, "none-runs", RUN_UNUSABLE);
		str_addf(&e->text,
			 "none of the commits between can be run: each of the %d may "
			 "have broken it",
			 n);
		return;
	}
	set_word(e, n > 1 ? "one-of" : "found", RUN_CLEAN);
	str_add(&e->text, n > 1 ? "one of these broke it, no run can tell which:" :
				  "the first bad commit is");
	put_candidates(e, list, n);
	count(e, call->commit, false, &runs, &failures);
	json_set(e->o, "before", counts(runs, failures));
	str_addf(&e->text, "\n%s on %s: %d/%d before, ", e->c->what.test,
		 e->c->what.topology, failures, runs);
	count(e, call->commit, true, &runs, &failures);
	json_set(e->o, "after", counts(runs, failures));
	/* Never "1.000": nothing is sure. */
	str_addf(&e->text, p > 0.9995 ? "%d/%d after, P > 0.999" : "%d/%d after, P %.3f",
		 failures, runs, p);
	put_revert(e, call);
}

static void put_ends(struct ending *e, const char *word, enum run_exit code,
		     const char *what)
{
	int bad = last_of(e->c);
	const struct bisect *b = e->b;

	set_word(e, word, code);
	json_set(e->o, "before", counts(bisect_runs(b, 0), bisect_failures(b, 0)));
	json_set(e->o, "after", counts(bisect_runs(b, bad), bisect_failures(b, bad)));
	str_addf(&e->text, "%s: good end %d/%d, bad end %d/%d failed", what,
		 bisect_failures(b, 0), bisect_runs(b, 0), bisect_failures(b, bad),
		 bisect_runs(b, bad));
}

static void put_called(struct ending *e, const struct bisect_call *call)
{
	switch (call->word) {
	case BISECT_CULPRIT:
		return put_culprit(e, call);
	case BISECT_GOOD_IS_BAD:
		return put_ends(e, "good-fails", RUN_UNUSABLE,
				"the test fails at the good end as well");
	case BISECT_REVERSED:
		return put_ends(e, "reversed", RUN_UNUSABLE,
				"good and bad are the wrong way round");
	case BISECT_CONTRADICTION:
		set_word(e, "contradiction", RUN_UNUSABLE);
		str_add(&e->text,
			"marks contradict each other: no commit can be what broke it");
		return;
	default:
		return put_ends(e, "chance", RUN_BROKEN,
				"failures are chance, no commit is bad");
	}
}

/* The likeliest commit that is less likely than that; of alike ones the first. */
static int likeliest_below(const struct ending *e, double below)
{
	int best = -1;

	for (int i = 1; i <= last_of(e->c); i++)
		if (bisect_culprit(e->b, i) < below &&
		    (best < 0 || bisect_culprit(e->b, i) > bisect_culprit(e->b, best)))
			best = i;
	return best;
}

static void put_unsure(struct ending *e, enum bisect_why why)
{
	struct json_object *likely = json_object_new_array();
	double below = 2;

	set_word(e, "inconclusive", RUN_BROKEN);
	str_addf(&e->text, "inconclusive: %s", bisect_why_str(why));
	for (int k = 0; k < LIKELY_MAX; k++) {
		int best = likeliest_below(e, below);
		struct json_object *o;

		if (best < 0 || bisect_culprit(e->b, best) <= 0)
			break;
		below = bisect_culprit(e->b, best);
		o = commit_json(e->c, best);
		json_set_num(o, "p", below);
		json_object_array_add(likely, o);
		str_addf(&e->text, "\n  P %.3f ", below);
		add_commit(&e->text, e->c, best);
	}
	json_set(e->o, "likely", likely);
	str_addf(&e->text, "\n  P %.3f it was bad before; P %.3f nothing is bad",
		 bisect_culprit(e->b, 0), bisect_never_bad(e->b));
}

struct json_object *bisect_outcome(const struct bisect_case *c, const struct bisect *b,
				   const struct bisect_step *s,
				   const struct bisect_call *call,
				   const struct bisect_taken_back *back)
{
	struct ending e = { .c = c, .b = b, .o = json_object_new_object(), .back = back };

	str_init(&e.text);
	switch (s->why) {
	case BISECT_CALLED:
		put_called(&e, call);
		break;
	case BISECT_NOT_SEEN:
		put_ends(&e, "not-seen", RUN_UNUSABLE,
			 "the bad end was not seen to fail");
		break;
	case BISECT_NO_END:
		put_ends(&e, "no-end", RUN_UNUSABLE,
			 "an end does not build or boot; name another, or say what it is "
			 "with --mark");
		break;
	default:
		put_unsure(&e, s->why);
	}
	json_set_str(e.o, "text", str_get(&e.text));
	str_done(&e.text);
	return e.o;
}
