#include <signal.h>
#include <string.h>

#include "cli/bisect_text.h"
#include "cli/cmd.h"
#include "cli/context.h"
#include "cli/progress.h"
#include "daemon/run.h"
#include "daemon/series_run.h"
#include "db/tree.h"
#include "kernels/tree_import.h"
#include "lib/log.h"

/* Runs of the bad end while none of them fails: a bug that shows in one run of ten is
 * missed by so many once in twenty times. */
#define ENDS_MAX 30
/* Seconds of a boot, beside which a build is held. */
#define BOOT_SECONDS 30

struct bisect_args {
	struct cmd_common common;
	const char *test, *topology, *good, *bad, *tree, *config, *mark;
	bool log;
};

#define ARG(field) offsetof(struct bisect_args, field)
static const struct cmd_opt opts[] = {
	{ "test", 0, "TEST", "the test that fails, as in mlock-migrate/compaction",
	  ARG(test) },
	{ "topology", 0, "NAME", "guest machine that it fails on", ARG(topology) },
	{ "good", 0, "REV", "commit where it passes", ARG(good) },
	{ "bad", 0, "REV", "commit where it fails, which has good as an ancestor",
	  ARG(bad) },
	{ "tree", 't', "NAME", "that they are of; \"sluice tree list\" shows them",
	  ARG(tree) },
	{ "config", 0, "NAME", "kernel config to build", ARG(config) },
	{ "mark", 0, "good|bad", "say what the commit REV is, whatever its runs say",
	  ARG(mark) },
	{ "log", 0, NULL, "show the decisions so far, and the log for git bisect replay",
	  ARG(log) },
	CMD_OPTS_COMMON,
	{ 0 },
};

static int run_bisect(int argc, char **argv);

const struct cmd cmd_bisect = {
	.name = "bisect",
	.synopsis = "[REV]",
	.help = "Find the commit that broke a test, in the history of a tree",
	.detail =
		"Builds and boots commits between good and bad, one boot at a time, until one of\n"
		"them is known to have broken the test. The test may fail now and then only: each\n"
		"commit is booted as often as it takes. Which one is booted next, and why, is\n"
		"told, and kept for --log.\n\n"
		"What was done is kept: the same command goes on where it was stopped. With --mark\n"
		"it goes by your word for a commit from then on, and runs nothing itself.\n\n"
		"Exits with 0 when the commit was found, 1 when it cannot be told, 2 when good and\n"
		"bad are not what they should be, 3 when work was lost to trouble of sluice's own.\n",
	.opts = opts,
	.run = run_bisect,
};

struct bisect_cmd {
	struct context cx;
	struct term term;
	const struct bisect_args *args;
	const char *mark; /* revision of --mark, or NULL */
	struct state *state;
	struct plan *plan;
	struct tree tree;
	char *tree_name, *config, *suite;
	char good[41], bad[41], marked[41];
	struct bisect_case found;
};

static int tell(const struct err *err)
{
	log_error("%s", err->msg);
	return err->code == ERR_INPUT || err->code == ERR_MISSING ||
			       err->code == ERR_LIMIT ?
		       EXIT_USAGE :
		       EXIT_INFRA;
}

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

static int load_plan(struct bisect_cmd *c, struct err *err)
{
	const struct config *config = c->cx.config;
	const char *name = c->args->config ? c->args->config : config->config;
	char *configs[] = { NULL, NULL };
	char *topologies[] = { (char *)c->args->topology, NULL };
	char *suites[] = { NULL, NULL };
	const char *slash = strchr(c->args->test, '/');

	if (!slash)
		return err_set(
			err, ERR_INPUT,
			"\"%s\" names no test: it is SUITE/NAME, as \"sluice show\" "
			"has it",
			c->args->test);
	/* Of several the first, as for a test that fails on any. */
	configs[0] = c->config = str_ndup(name, strcspn(name, ", \t"));
	suites[0] = c->suite = str_ndup(c->args->test, (size_t)(slash - c->args->test));
	if (state_open(c->cx.dir, config, &c->state, err) < 0 ||
	    plan_load(config, c->state, configs, topologies, suites, &c->plan, err) < 0)
		return -1;
	if (!plan_has_test(c->plan, c->args->test))
		return err_set(err, ERR_INPUT, "there is no test %s on %s with config %s",
			       c->args->test, c->args->topology, c->config);
	return 0;
}

static int resolve(struct bisect_cmd *c, const char *rev, char ret[41], struct err *err)
{
	return tree_revision_resolve(c->state->git, c->tree.name,
				     c->tree.kind == TREE_GIT ? c->tree.source : NULL,
				     rev, ret, err);
}

static int find_commits(struct bisect_cmd *c, struct err *err)
{
	int rc;

	c->tree_name = str_dup(c->args->tree ? c->args->tree : c->cx.config->tree);
	rc = tree_find(c->cx.db, c->tree_name, &c->tree, err);
	if (rc == 0)
		return err_set(
			err, ERR_INPUT,
			"there is no tree \"%s\"; \"sluice tree list\" shows those "
			"there are",
			c->tree_name);
	if (rc < 0 ||
	    (c->tree.kind == TREE_GIT &&
	     tree_refresh(c->state->git, c->tree.name, c->tree.source, err) < 0) ||
	    resolve(c, c->args->good, c->good, err) < 0 ||
	    resolve(c, c->args->bad, c->bad, err) < 0)
		return -1;
	return c->mark ? resolve(c, c->mark, c->marked, err) : 0;
}

static int prepare(struct bisect_cmd *c, struct err *err)
{
	if (load_plan(c, err) < 0 || find_commits(c, err) < 0)
		return -1;
	c->found.what = (struct bisection){
		.tree = c->tree_name,
		.good = c->good,
		.bad = c->bad,
		.config = c->config,
		.arch = c->plan->configs[0]->arch,
		.topology = (char *)c->args->topology,
		.accel = (char *)accel_str(c->plan->accel),
		.test = (char *)c->args->test,
	};
	return bisect_case_open(&c->found, c->cx.db, c->state->git, err);
}

static int put_mark(struct bisect_cmd *c, struct err *err)
{
	if (commit_range_find(&c->found.range, c->marked) < 0)
		return err_set(err, ERR_INPUT, "%s is not between good and bad", c->mark);
	return bisection_mark_put(c->cx.db, c->found.what.id, c->marked,
				  strcmp(c->args->mark, "bad") == 0, err);
}

/* ---- running ---- */

static int note_step(struct bisect_cmd *c, const struct bisect *b,
		     const struct bisect_step *s, struct err *err)
{
	const struct bisect_call call = bisect_call(b, 2);
	const struct range_commit *v = c->found.range.v;
	const struct bisection_step row = {
		.commit_id = (char *)v[s->commit].id,
		.why = (char *)bisect_why_str(s->why),
		.gain = s->gain,
		.runs = bisect_runs(b, s->commit),
		.failures = bisect_failures(b, s->commit),
		.likeliest = call.commit >= 0 ? (char *)v[call.commit].id : NULL,
		.likeliest_p = call.p,
	};

	return bisection_step_put(c->cx.db, c->found.what.id, &row, err);
}

/* One more run of a commit than it has. */
static enum run_exit run_commit(struct bisect_cmd *c, int commit, int runs,
				struct err *err)
{
	struct progress *progress = progress_new(&c->term);
	const char *id = c->found.range.v[commit].id;
	AUTO_FREE char *source = str_printf("bisect: %s of %s", id, c->tree_name);
	char *configs[] = { c->config, NULL };
	char *topologies[] = { (char *)c->args->topology, NULL };
	char *suites[] = { c->suite, NULL };
	const struct run_opts o = {
		.config = c->cx.config,
		.state_dir = c->cx.dir,
		.source = source,
		.tree = c->tree_name,
		.base = c->good,
		.head = true,
		.commit = strcmp(id, c->good) == 0 ? NULL : id,
		.configs = configs,
		.topologies = topologies,
		.suites = suites,
		.repeat_test = c->args->test,
		.repeat_runs = runs + 1,
		.on_event = progress_event,
		.arg = progress,
	};
	long long series_id;
	enum run_exit rc;

	rc = run_series(c->cx.db, c->cx.artifacts, &o, &series_id, err);
	progress_free(progress);
	return rc;
}

/* What a commit was known by: a run that changes none of this told nothing. */
struct known {
	int commit, image, runs;
};

/* Runs are counted here with those that the posterior leaves out. */
static int runs_that_were(const struct bisect_cmd *c, int commit, struct err *err)
{
	struct bisection_seen *seen = NULL;
	int runs = 0;
	size_t n = 0;

	if (bisection_seen(c->cx.db, &c->found.what, &seen, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (strcmp(seen[i].commit_id, c->found.range.v[commit].id) == 0)
			runs = (int)seen[i].runs;
	bisection_seen_free(seen, n);
	return runs;
}

static int run_step(struct bisect_cmd *c, const struct bisect *b,
		    const struct bisect_step *s, struct known *last)
{
	const struct known now = { s->commit, c->found.commits[s->commit].image,
				   bisect_runs(b, s->commit) };
	struct err err = { .code = ERR_NONE };
	int runs;
	enum run_exit rc;

	if (memcmp(&now, last, sizeof(now)) == 0) {
		log_error("the last run of %.12s told nothing",
			  c->found.range.v[s->commit].id);
		return EXIT_INFRA;
	}
	*last = now;
	runs = runs_that_were(c, s->commit, &err);
	if (runs < 0 || note_step(c, b, s, &err) < 0)
		return tell(&err);
	bisect_text_step(c->term.out, &c->found, b, s);
	rc = run_commit(c, s->commit, runs, &err);
	if (rc == RUN_CLEAN || rc == RUN_BROKEN)
		return EXIT_OK;
	log_error("%s", err.msg);
	return rc == RUN_UNUSABLE ? EXIT_USAGE : EXIT_INFRA;
}

/* One decision, or the end: then *ret_over, and the exit code. */
static int decide(struct bisect_cmd *c, struct known *last, bool *ret_over)
{
	const struct config *config = c->cx.config;
	const struct bisect_policy policy = {
		.sure = (double)config->verdict_sure / 100,
		.runs_max = (int)config->verdict_runs,
		.ends_max = ENDS_MAX,
		.run = BOOT_SECONDS,
		.build = c->found.build,
	};
	struct err err = { .code = ERR_NONE };
	struct bisect_call call;
	struct bisect_step s;
	struct bisect *b;
	int rc = EXIT_OK;

	*ret_over = true;
	if (bisect_case_look(&c->found, c->cx.db, &err) < 0)
		return tell(&err);
	b = bisect_new(c->found.graph, c->found.commits, &c->found.prior);
	s = bisect_next(b, &policy);
	call = bisect_call(b, policy.sure);
	if (c->args->log) {
		if (bisect_text_log(c->term.out, &c->found, b, c->cx.db, &err) < 0)
			rc = tell(&err);
	} else if (s.commit < 0) {
		rc = bisect_text_end(c->term.out, &c->found, b, &s, &call);
	} else {
		rc = run_step(c, b, &s, last);
		*ret_over = rc != EXIT_OK;
	}
	bisect_free(b);
	return rc;
}

static int bisect(struct bisect_cmd *c)
{
	struct known last = { -1, 0, 0 };
	struct err err = { .code = ERR_NONE };
	bool over = false;
	int rc = EXIT_OK;

	if (prepare(c, &err) < 0)
		return tell(&err);
	if (c->args->mark)
		return put_mark(c, &err) < 0 ? tell(&err) : EXIT_OK;
	if (!c->args->log)
		bisect_text_begin(c->term.out, &c->found);
	while (!over)
		rc = decide(c, &last, &over);
	return rc;
}

static void bisect_cmd_done(struct bisect_cmd *c)
{
	bisect_case_done(&c->found);
	tree_done(&c->tree);
	plan_free(c->plan);
	state_free(c->state);
	free(c->tree_name);
	free(c->config);
	free(c->suite);
	context_done(&c->cx);
}

static int run_bisect(int argc, char **argv)
{
	struct bisect_args args = { 0 };
	struct bisect_cmd c = { .cx = CONTEXT_INIT, .args = &args };
	int rc;

	if (!cmd_parse(&cmd_bisect, &argc, &argv, &args, &rc))
		return rc;
	if (!args.test || !args.topology || !args.good || !args.bad)
		return cmd_usage(&cmd_bisect,
				 "--test, --topology, --good and --bad are needed");
	if (args.mark && strcmp(args.mark, "good") != 0 && strcmp(args.mark, "bad") != 0)
		return cmd_usage(&cmd_bisect, "--mark is good or bad");
	if (argc != (args.mark ? 1 : 0))
		return args.mark ?
			       cmd_usage(&cmd_bisect, "--mark which REV?") :
			       cmd_usage(&cmd_bisect, "\"%s\" is one too many", argv[0]);
	c.mark = args.mark ? argv[0] : NULL;
	signal(SIGPIPE, SIG_IGN);
	term_init(&c.term, stdout);
	rc = context_write(&c.cx, &args.common, "sluice bisect");
	if (rc == EXIT_OK)
		rc = bisect(&c);
	bisect_cmd_done(&c);
	return rc;
}
