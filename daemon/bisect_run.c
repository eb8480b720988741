#include "daemon/bisect_run.h"

#include <string.h>

#include "daemon/bisect_belief.h"
#include "daemon/bisect_inside.h"
#include "lib/str.h"

/* Seconds of a boot, beside which a build is held. */
#define BOOT_SECONDS 30

void bisecting_say(const struct bisecting *g, const char *text)
{
	while (g->o->on_event && *text) {
		size_t n = strcspn(text, "\n");
		AUTO_FREE char *line = str_ndup(text, n);
		const struct run_event ev = { .kind = RUN_SAID,
					      .step = -1,
					      .text = line,
					      .expected_s = -1 };

		g->o->on_event(&ev, g->o->arg);
		text += n + (text[n] != '\0');
	}
}

/* Always false: nothing more is to be run. */
static bool stop(struct bisecting *g, enum run_exit exit)
{
	g->exit = exit;
	return false;
}

static int note_step(struct bisecting *g, const struct bisect *b,
		     const struct bisect_step *s)
{
	const struct bisect_call call = bisect_call(b, 2);
	const struct range_commit *v = g->found.range.v;
	const struct bisection_step row = {
		.commit_id = (char *)v[s->commit].id,
		.why = (char *)bisect_why_str(s->why),
		.gain = s->gain,
		.runs = bisect_runs(b, s->commit),
		.failures = bisect_failures(b, s->commit),
		.likeliest = call.commit >= 0 ? (char *)v[call.commit].id : NULL,
		.likeliest_p = call.p,
	};

	return bisection_step_put(g->db, g->found.what.id, &row, &g->err);
}

enum run_exit bisecting_run_commit(struct bisecting *g, const char *commit,
				   const char *revert, int runs, long long *ret_series)
{
	AUTO_FREE char *source = str_printf("bisect: %s%s%s of %s", revert ? revert : "",
					    revert ? " reverted on " : "", commit,
					    g->q.tree_name);
	char *configs[] = { g->q.kconfig, NULL };
	char *topologies[] = { (char *)g->o->topology, NULL };
	char *suites[] = { g->q.suite, NULL };
	const struct run_opts ro = {
		.config = g->o->config,
		.state_dir = g->o->state_dir,
		.source = source,
		.jobs = g->o->jobs,
		.tree = g->q.tree_name,
		.base = g->found.what.good,
		.head = true,
		.commit = strcmp(commit, g->found.what.good) == 0 ? NULL : commit,
		.configs = configs,
		.topologies = topologies,
		.suites = suites,
		.revert = revert,
		.repeat_test = g->o->test,
		.repeat_runs = runs + 1,
		.on_event = g->o->on_event,
		.yields = g->o->yields,
		.arg = g->o->arg,
	};

	return run_series(g->db, g->artifacts, &ro, ret_series, &g->err);
}

/* Runs are counted here with those that the posterior leaves out. */
static int runs_that_were(struct bisecting *g, int commit)
{
	struct bisection_seen *seen = NULL;
	int runs = 0;
	size_t n = 0;

	if (bisection_seen(g->db, &g->found.what, &seen, &n, &g->err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (strcmp(seen[i].commit_id, g->found.range.v[commit].id) == 0)
			runs = (int)seen[i].runs;
	bisection_seen_free(seen, n);
	return runs;
}

bool bisecting_must_yield(struct bisecting *g)
{
	if (!g->o->yields || !g->o->yields(g->o->arg))
		return false;
	err_set(&g->err, ERR_STOPPED, "it gave way to something urgent");
	return true;
}

static bool run_step(struct bisecting *g, const struct bisect *b,
		     const struct bisect_step *s)
{
	const struct known now = { s->commit, g->found.commits[s->commit].image,
				   bisect_runs(b, s->commit) };
	AUTO_FREE char *text = bisect_step_text(&g->found, b, s);
	enum run_exit exit;
	long long series_id;
	int runs;

	if (bisecting_must_yield(g))
		return stop(g, RUN_INFRA);
	if (memcmp(&now, &g->last, sizeof(now)) == 0) {
		err_set(&g->err, ERR_SYS, "the last run of %.12s told nothing",
			g->found.range.v[s->commit].id);
		return stop(g, RUN_INFRA);
	}
	g->last = now;
	runs = runs_that_were(g, s->commit);
	if (runs < 0 || note_step(g, b, s) < 0)
		return stop(g, RUN_INFRA);
	bisecting_say(g, text);
	exit = bisecting_run_commit(g, g->found.range.v[s->commit].id, NULL, runs,
				    &series_id);
	return exit == RUN_CLEAN || exit == RUN_BROKEN ? true : stop(g, exit);
}

/* The first line of the text says what is wrong with the question. */
static void keep_reason(struct bisecting *g, const char *text)
{
	if (g->exit == RUN_UNUSABLE)
		err_set(&g->err, ERR_INPUT, "%.*s", (int)strcspn(text, "\n"), text);
}

static int runs_left(const struct bisecting *g, const struct bisect *b)
{
	int runs = 0;

	for (int i = 0; i < (int)g->found.range.n; i++)
		if (bisect_first(b, i) == i)
			runs += bisect_runs(b, i);
	return (int)g->o->config->verdict_runs - runs;
}

/* One commit alone is. */
static bool is_named(const struct bisect *b, const struct bisect_step *s,
		     const struct bisect_call *call)
{
	return s->why == BISECT_CALLED && call->word == BISECT_CULPRIT &&
	       bisect_candidates(b, call->commit, NULL, 0) == 1;
}

static bool end(struct bisecting *g, const struct bisect *b, const struct bisect_step *s,
		const struct bisect_call *call)
{
	AUTO_JSON struct json_object *o = NULL;
	AUTO(bisection_done) struct bisection row = { .job = DB_NO_INT };
	struct bisect_taken_back back;
	bool named = is_named(b, s, call);
	enum confirmed confirmed = CONFIRM_DONE;

	if (named)
		confirmed = bisecting_confirm(g, b, call, runs_left(g, b), &row, &back);
	if (confirmed != CONFIRM_DONE)
		return confirmed == CONFIRM_MORE;
	o = bisect_outcome(&g->found, b, s, call, named ? &back : NULL);
	if (bisection_end(g->db, g->found.what.id, o, &g->err) < 0)
		return stop(g, RUN_INFRA);
	g->exit = (enum run_exit)json_int(o, "exit", RUN_INFRA);
	keep_reason(g, json_str(o, "text", ""));
	return false;
}

static struct bisect_policy policy_of(const struct bisecting *g)
{
	return (struct bisect_policy){
		.sure = (double)g->o->config->verdict_sure / 100,
		.runs_max = (int)g->o->config->verdict_runs,
		.ends_max = BISECT_ENDS_MAX,
		.run = BOOT_SECONDS,
		.build = g->found.build,
	};
}

static int note_belief(struct bisecting *g, const struct bisect *b)
{
	AUTO_JSON struct json_object *o = bisect_belief(&g->found, b);

	return bisection_set_belief(g->db, g->found.what.id, o, &g->err);
}

/* One decision, and what follows from it; false: it is over. */
static bool decide(struct bisecting *g)
{
	struct bisect_policy policy = policy_of(g);
	struct bisect_call call;
	struct bisect_step s;
	struct bisect *b;
	bool more;

	if (bisect_case_look(&g->found, g->db, &g->err) < 0)
		return stop(g, RUN_INFRA);
	b = bisect_new(g->found.graph, g->found.commits, &g->found.prior);
	s = bisect_next(b, &policy);
	call = bisect_call(b, policy.sure);
	if (note_belief(g, b) < 0)
		more = stop(g, RUN_INFRA);
	else
		more = s.commit < 0 ? end(g, b, &s, &call) : run_step(g, b, &s);
	bisect_free(b);
	return more;
}

static enum run_exit exit_of(const struct err *err)
{
	return err->code == ERR_INPUT || err->code == ERR_MISSING ||
			       err->code == ERR_LIMIT ?
		       RUN_UNUSABLE :
		       RUN_INFRA;
}

static int begin(struct bisecting *g)
{
	AUTO_FREE char *text = NULL;
	struct run_event ev = { .kind = RUN_BISECT, .step = -1, .expected_s = -1 };

	if (bisect_ask(g->o, g->db, &g->q, &g->err) < 0)
		return -1;
	g->found.what = g->q.what;
	if (bisect_case_open(&g->found, g->db, g->q.state->git, &g->err) < 0 ||
	    bisection_begin(g->db, g->found.what.id, &g->err) < 0)
		return -1;
	ev.id = g->found.what.id;
	if (g->o->on_event)
		g->o->on_event(&ev, g->o->arg);
	text = bisect_question_text(&g->found);
	bisecting_say(g, text);
	return 0;
}

enum run_exit bisect_run(struct db *db, struct artifact_store *artifacts,
			 const struct bisect_opts *o, int64_t *ret_id, struct err *err)
{
	struct bisecting g = { .db = db,
			       .artifacts = artifacts,
			       .o = o,
			       .last = { -1, 0, 0 } };

	if (begin(&g) < 0)
		g.exit = exit_of(&g.err);
	else
		while (decide(&g))
			;
	*ret_id = g.found.what.id;
	*err = g.err;
	bisect_case_done(&g.found);
	bisect_question_done(&g.q);
	return g.exit;
}
