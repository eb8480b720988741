#include "daemon/bisect_run.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/bisect_outcome.h"
#include "daemon/config_tree.h"
#include "kernels/store.h"
#include "kernels/tree_import.h"
#include "lib/str.h"

/* Runs of the bad end while none of them fails: a bug that shows in one run of ten is
 * missed by so many once in twenty times. */
#define ENDS_MAX 30
/* Seconds of a boot, beside which a build is held. */
#define BOOT_SECONDS 30

/* ---- what is asked ---- */

static bool plan_has_test(const struct plan *p, const char *test)
{
	for (int deep = 0; deep < 2; deep++) {
		const struct plan_cell cell = { .deep = deep };
		struct json_object *tests = plan_tests(p, &cell);

		for (size_t i = 0; i < json_len(tests); i++)
			if (strcmp(json_str(json_object_array_get_idx(tests, i), "test",
					    ""),
				   test) == 0)
				return true;
	}
	return false;
}

static int ask_plan(const struct bisect_opts *o, struct bisect_question *q,
		    struct err *err)
{
	const char *name = o->kconfig ? o->kconfig : o->config->config;
	char *configs[] = { NULL, NULL };
	char *topologies[] = { (char *)o->topology, NULL };
	char *suites[] = { NULL, NULL };
	const char *slash = strchr(o->test, '/');

	if (!slash)
		return err_set(
			err, ERR_INPUT,
			"\"%s\" names no test: it is SUITE/NAME, as \"sluice show\" "
			"has it",
			o->test);
	/* Of several the first, as for a test that fails on any. */
	configs[0] = q->kconfig = str_ndup(name, strcspn(name, ", \t"));
	suites[0] = q->suite = str_ndup(o->test, (size_t)(slash - o->test));
	if (state_open(o->state_dir, o->config, &q->state, err) < 0 ||
	    plan_load(o->config, q->state, configs, topologies, suites, &q->plan, err) <
		    0)
		return -1;
	if (!plan_has_test(q->plan, o->test))
		return err_set(err, ERR_INPUT, "there is no test %s on %s with config %s",
			       o->test, o->topology, q->kconfig);
	return 0;
}

static int resolve(const struct bisect_question *q, const char *rev, char ret[41],
		   struct err *err)
{
	return tree_revision_resolve(q->state->git, q->tree.name,
				     q->tree.kind == TREE_GIT ? q->tree.source : NULL,
				     rev, ret, err);
}

static int ask_commits(const struct bisect_opts *o, struct db *db,
		       struct bisect_question *q, struct err *err)
{
	int rc;

	q->tree_name = str_dup(o->tree ? o->tree : o->config->tree);
	rc = tree_find(db, q->tree_name, &q->tree, err);
	if (rc == 0)
		return config_tree_missing(o->config->trees, o->config->ntrees,
					   q->tree_name, err);
	if (rc < 0 ||
	    (q->tree.kind == TREE_GIT &&
	     tree_refresh(q->state->git, q->tree.name, q->tree.source, err) < 0) ||
	    resolve(q, o->good, q->good, err) < 0 || resolve(q, o->bad, q->bad, err) < 0)
		return -1;
	return 0;
}

int bisect_ask(const struct bisect_opts *o, struct db *db, struct bisect_question *q,
	       struct err *err)
{
	*q = (struct bisect_question){ .state = NULL };
	if (ask_plan(o, q, err) < 0 || ask_commits(o, db, q, err) < 0)
		return -1;
	q->what = (struct bisection){
		.tree = q->tree_name,
		.good = q->good,
		.bad = q->bad,
		.config = q->kconfig,
		.arch = q->plan->configs[0]->arch,
		.topology = (char *)o->topology,
		.accel = (char *)accel_str(q->plan->accel),
		.test = (char *)o->test,
	};
	return 0;
}

void bisect_question_done(struct bisect_question *q)
{
	tree_done(&q->tree);
	plan_free(q->plan);
	state_free(q->state);
	free(q->tree_name);
	free(q->kconfig);
	free(q->suite);
}

/* ---- running ---- */

struct bisecting {
	struct db *db;
	struct artifact_store *artifacts;
	const struct bisect_opts *o;
	struct bisect_question q;
	struct bisect_case found;
	/* What a commit was known by when it was run last: a run that changes none of
	 * this told nothing. */
	struct known {
		int commit, image, runs;
	} last;
	enum run_exit exit;
	struct err err;
};

/* Line by line, as an observer expects them. */
static void say(const struct bisecting *g, const char *text)
{
	char **lines = strv_split(text, "\n");

	for (char **l = lines; g->o->on_event && *l; l++) {
		const struct run_event ev = { .kind = RUN_SAID,
					      .step = -1,
					      .text = *l,
					      .expected_s = -1 };

		g->o->on_event(&ev, g->o->arg);
	}
	strv_free(lines);
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

/* One more run of a commit than it has. */
static enum run_exit run_commit(struct bisecting *g, int commit, int runs)
{
	const char *id = g->found.range.v[commit].id;
	AUTO_FREE char *source = str_printf("bisect: %s of %s", id, g->q.tree_name);
	char *configs[] = { g->q.kconfig, NULL };
	char *topologies[] = { (char *)g->o->topology, NULL };
	char *suites[] = { g->q.suite, NULL };
	const struct run_opts ro = {
		.config = g->o->config,
		.state_dir = g->o->state_dir,
		.source = source,
		.jobs = g->o->jobs,
		.tree = g->q.tree_name,
		.base = id,
		.head = true,
		.configs = configs,
		.topologies = topologies,
		.suites = suites,
		.repeat_test = g->o->test,
		.repeat_runs = runs + 1,
		.on_event = g->o->on_event,
		.yields = g->o->yields,
		.arg = g->o->arg,
	};
	long long series_id;

	return run_series(g->db, g->artifacts, &ro, &series_id, &g->err);
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

/* Between two runs: while one runs it asks by itself. */
static bool must_yield(struct bisecting *g)
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
	int runs;

	if (must_yield(g))
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
	say(g, text);
	exit = run_commit(g, s->commit, runs);
	return exit == RUN_CLEAN || exit == RUN_BROKEN ? true : stop(g, exit);
}

/* The first line of the text says what is wrong with the question. */
static void keep_reason(struct bisecting *g, const char *text)
{
	if (g->exit == RUN_UNUSABLE)
		err_set(&g->err, ERR_INPUT, "%.*s", (int)strcspn(text, "\n"), text);
}

static bool end(struct bisecting *g, const struct bisect *b, const struct bisect_step *s,
		const struct bisect_call *call)
{
	AUTO_JSON struct json_object *o = bisect_outcome(&g->found, b, s, call);

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
		.ends_max = ENDS_MAX,
		.run = BOOT_SECONDS,
		.build = g->found.build,
	};
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
	say(g, text);
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
