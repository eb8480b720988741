#include <signal.h>
#include <string.h>

#include "cli/bisect_text.h"
#include "cli/cmd.h"
#include "cli/context.h"
#include "cli/progress.h"
#include "cli/submit.h"
#include "daemon/bisect_run.h"
#include "daemon/config_tree.h"
#include "kernels/store.h"
#include "lib/file.h"
#include "lib/log.h"

#define SHOWN 40

struct bisect_args {
	struct cmd_common common;
	const char *test, *topology, *good, *bad, *tree, *config, *id, *mark;
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
	{ "id", 0, "N", "all of that as in the bisection with this number", ARG(id) },
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
		"it goes by your word for a commit from then on, and runs nothing itself. Without\n"
		"options the last bisections are listed, with what came of them.\n\n"
		"Where \"sluice daemon\" runs on the state folder, it does the work, as for\n"
		"\"sluice test\": Ctrl-C cancels the job, and who only goes away leaves it in the\n"
		"queue.\n\n"
		"Exits with 0 when the commit was found, 1 when it cannot be told, 2 when good and\n"
		"bad are not what they should be, 3 when work was lost to trouble of sluice's own.\n",
	.opts = opts,
	.run = run_bisect,
};

struct bisect_cmd {
	struct context cx;
	struct term term;
	const struct bisect_args *args;
	const char *mark;      /* revision of --mark, or NULL */
	struct client *client; /* of the daemon that does the work, or NULL */
	struct bisection row;  /* of --id, else empty */
	/* What is asked, by options or by the row. */
	const char *test, *topology, *good, *bad, *tree;
	char *config;
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

static int take_row(struct bisect_cmd *c, struct err *err)
{
	long long id;
	int found;

	if (!str_to_ll(c->args->id, 1, INT64_MAX, &id))
		return err_set(err, ERR_INPUT, "--id: \"%s\" is no number", c->args->id);
	found = bisection_find(c->cx.db, id, &c->row, err);
	if (found == 0)
		err_set(err, ERR_INPUT,
			"there is no bisection %lld; \"sluice bisect\" lists those there "
			"are",
			id);
	if (found <= 0)
		return -1;
	c->test = c->row.test;
	c->topology = c->row.topology;
	c->good = c->row.good;
	c->bad = c->row.bad;
	c->tree = c->row.tree;
	c->config = str_dup(c->row.config);
	return 0;
}

static int take_question(struct bisect_cmd *c, struct err *err)
{
	const struct bisect_args *a = c->args;
	const char *config = a->config ? a->config : c->cx.config->config;

	if (a->id)
		return take_row(c, err);
	c->test = a->test;
	c->topology = a->topology;
	c->good = a->good;
	c->bad = a->bad;
	c->tree = a->tree ? a->tree : c->cx.config->tree;
	/* Of several the first, as for a test that fails on any. */
	c->config = str_ndup(config, strcspn(config, ", \t"));
	return 0;
}

/* Commits of the tree, without a word to its store: a daemon may be at work there. */
struct revisions {
	char good[41], bad[41], mark[41];
};

static int find_revisions(struct bisect_cmd *c, const char *git, struct revisions *ret,
			  struct err *err)
{
	struct tree t = { 0 };
	int rc = tree_find(c->cx.db, c->tree, &t, err);
	const char *source = rc > 0 && t.kind == TREE_GIT ? t.source : NULL;

	if (rc == 0)
		rc = config_tree_missing(c->cx.config->trees, c->cx.config->ntrees,
					 c->tree, err);
	if (rc > 0 &&
	    (tree_revision_resolve(git, t.name, source, c->good, ret->good, err) < 0 ||
	     tree_revision_resolve(git, t.name, source, c->bad, ret->bad, err) < 0 ||
	     (c->mark &&
	      tree_revision_resolve(git, t.name, source, c->mark, ret->mark, err) < 0)))
		rc = -1;
	tree_done(&t);
	return rc < 0 ? -1 : 0;
}

/* ---- what is known ---- */

/* The bisection that is asked for, as far as it got; c->row is its row then. */
static int read_case(struct bisect_cmd *c, struct bisect_case *ret, struct revisions *rev,
		     struct err *err)
{
	AUTO_FREE char *git = path_join(c->cx.dir, "git", NULL);
	int64_t id = c->row.id, created;
	int found = 1;

	if (find_revisions(c, git, rev, err) < 0)
		return -1;
	if (!id) {
		const struct bisection what = { .tree = (char *)c->tree,
						.good = rev->good,
						.bad = rev->bad,
						.config = c->config,
						.topology = (char *)c->topology,
						.test = (char *)c->test };

		found = bisection_same(c->cx.db, &what, &id, &created, err);
		if (found > 0)
			found = bisection_find(c->cx.db, id, &c->row, err);
	}
	if (found == 0)
		err_set(err, ERR_INPUT, "nothing was run yet to find that out");
	if (found <= 0)
		return -1;
	ret->what = c->row;
	return bisect_case_read(ret, git, err);
}

static int show_log(struct bisect_cmd *c)
{
	AUTO(bisect_case_done) struct bisect_case found = { .graph = NULL };
	struct err err = { .code = ERR_NONE };
	struct revisions rev;
	struct bisect *b;
	int rc;

	if (read_case(c, &found, &rev, &err) < 0 ||
	    bisect_case_look(&found, c->cx.db, &err) < 0)
		return tell(&err);
	b = bisect_new(found.graph, found.commits, &found.prior);
	rc = bisect_text_log(c->term.out, &found, b, c->cx.db, &err);
	bisect_free(b);
	return rc < 0 ? tell(&err) : EXIT_OK;
}

static int mark_by_daemon(struct bisect_cmd *c, const char *commit, bool bad,
			  struct err *err)
{
	AUTO_JSON struct json_object *ok = NULL;
	struct json_object *o = client_op("mark", 0);

	json_set_int(o, "bisection", c->row.id);
	json_set_str(o, "commit", commit);
	json_set_bool(o, "bad", bad);
	return client_ask(c->client, o, -1, &ok, err);
}

static int put_mark(struct bisect_cmd *c)
{
	AUTO(bisect_case_done) struct bisect_case found = { .graph = NULL };
	bool bad = strcmp(c->args->mark, "bad") == 0;
	struct err err = { .code = ERR_NONE };
	struct revisions rev;
	int rc = read_case(c, &found, &rev, &err);

	if (rc == 0 && commit_range_find(&found.range, rev.mark) < 0)
		rc = err_set(&err, ERR_INPUT, "%s is not between good and bad", c->mark);
	if (rc == 0)
		rc = c->client ?
			     mark_by_daemon(c, rev.mark, bad, &err) :
			     bisection_mark_put(c->cx.db, c->row.id, rev.mark, bad, &err);
	return rc < 0 ? tell(&err) : EXIT_OK;
}

static int show_list(struct bisect_cmd *c)
{
	struct bisection *list = NULL;
	struct err err = { .code = ERR_NONE };
	size_t n = 0;

	if (bisection_list(c->cx.db, SHOWN, &list, &n, &err) < 0)
		return tell(&err);
	bisect_text_list(c->term.out, list, n);
	bisection_list_free(list, n);
	return EXIT_OK;
}

/* ---- running ---- */

static int bisect_here(struct bisect_cmd *c, struct progress *progress, int64_t *ret_id,
		       struct err *err)
{
	const struct bisect_opts o = {
		.config = c->cx.config,
		.state_dir = c->cx.dir,
		.tree = c->tree,
		.kconfig = c->config,
		.topology = c->topology,
		.test = c->test,
		.good = c->good,
		.bad = c->bad,
		.on_event = progress_event,
		.arg = progress,
	};

	return (int)bisect_run(c->cx.db, c->cx.artifacts, &o, ret_id, err);
}

static int bisect_by_daemon(struct bisect_cmd *c, struct progress *progress,
			    int64_t *ret_id, struct err *err)
{
	AUTO_FREE char *git = path_join(c->cx.dir, "git", NULL);
	AUTO_FREE char *source = str_printf("bisect %s on %s: %s..%s", c->test,
					    c->topology, c->good, c->bad);
	char *configs[] = { c->config, NULL };
	char *topologies[] = { (char *)c->topology, NULL };
	struct submit s = { .cx = &c->cx,
			    .client = c->client,
			    .interactive = true,
			    .watch = true };
	struct revisions rev;
	const struct request q = { .source = source,
				   .tree = (char *)c->tree,
				   .test = (char *)c->test,
				   .good = rev.good,
				   .bad = rev.bad,
				   .configs = configs,
				   .topologies = topologies };
	long long series_id;
	int64_t job;
	int rc;

	if (find_revisions(c, git, &rev, err) < 0 ||
	    submit_request(&s, &q, -1, &job, err) < 0)
		return err->code == ERR_INPUT || err->code == ERR_MISSING ||
				       err->code == ERR_LIMIT ?
			       EXIT_USAGE :
			       EXIT_INFRA;
	rc = submit_watch(&s, job, progress_event, progress, &series_id, err);
	c->client = s.client; /* another one after a restart of the daemon */
	*ret_id = s.bisection;
	return rc;
}

/* What came of it, if anything; false: err says why not. */
static bool show_outcome(struct bisect_cmd *c, int64_t id)
{
	struct bisection b = { .job = DB_NO_INT };
	struct err err = { .code = ERR_NONE };
	int found = id ? bisection_find(c->cx.db, id, &b, &err) : 0;
	const char *text = json_str(b.outcome, "text", NULL);
	bool shown = found > 0 && text;

	if (found < 0)
		log_error("%s", err.msg);
	if (shown)
		fprintf(c->term.out, "%s\n", text);
	bisection_done(&b);
	return shown;
}

static int bisect(struct bisect_cmd *c)
{
	struct progress *progress = progress_new(&c->term);
	struct err err = { .code = ERR_NONE };
	int64_t id = 0;
	int rc = c->client ? bisect_by_daemon(c, progress, &id, &err) :
			     bisect_here(c, progress, &id, &err);

	progress_free(progress);
	/* Of a question that is wrong the outcome says more. */
	if (!show_outcome(c, id) && err.code != ERR_NONE)
		log_error("%s", err.msg);
	return rc;
}

/* ---- the command ---- */

/* Beside a daemon as its client, else as the one writer; who only looks reads. */
static int open_state(struct bisect_cmd *c, bool writes)
{
	struct err err = { .code = ERR_NONE };
	int rc = context_config(&c->cx, &c->args->common);
	int found;

	if (rc != EXIT_OK || !writes)
		return rc == EXIT_OK ? context_open_read(&c->cx) : rc;
	found = client_connect(c->cx.dir, &c->client, &err);
	if (found < 0) {
		log_error("%s", err.msg);
		return EXIT_INFRA;
	}
	return found ? context_open_read(&c->cx) :
		       context_open_write(&c->cx, "sluice bisect");
}

static int act(struct bisect_cmd *c, bool list)
{
	struct err err = { .code = ERR_NONE };
	int rc = open_state(c, !list && !c->args->log);

	if (rc != EXIT_OK)
		return rc;
	if (list)
		return show_list(c);
	if (take_question(c, &err) < 0)
		return tell(&err);
	if (c->args->log)
		return show_log(c);
	return c->mark ? put_mark(c) : bisect(c);
}

static void bisect_cmd_done(struct bisect_cmd *c)
{
	bisection_done(&c->row);
	client_free(c->client);
	free(c->config);
	context_done(&c->cx);
}

/* EXIT_OK: they go together. */
static int check_args(const struct bisect_args *a, int argc, char **argv, bool *ret_list)
{
	bool any = a->test || a->topology || a->good || a->bad;
	bool all = a->test && a->topology && a->good && a->bad;

	*ret_list = !any && !a->id && !a->mark && !a->log && argc == 0;
	if (*ret_list)
		return EXIT_OK;
	if (a->id ? any || a->tree || a->config : !all)
		return cmd_usage(&cmd_bisect,
				 "--test, --topology, --good and --bad are needed, or "
				 "--id alone");
	if (a->mark && strcmp(a->mark, "good") != 0 && strcmp(a->mark, "bad") != 0)
		return cmd_usage(&cmd_bisect, "--mark is good or bad");
	if (argc != (a->mark ? 1 : 0))
		return a->mark ?
			       cmd_usage(&cmd_bisect, "--mark which REV?") :
			       cmd_usage(&cmd_bisect, "\"%s\" is one too many", argv[0]);
	return EXIT_OK;
}

static int run_bisect(int argc, char **argv)
{
	struct bisect_args args = { 0 };
	struct bisect_cmd c = { .cx = CONTEXT_INIT, .args = &args };
	bool list;
	int rc;

	if (!cmd_parse(&cmd_bisect, &argc, &argv, &args, &rc))
		return rc;
	rc = check_args(&args, argc, argv, &list);
	if (rc != EXIT_OK)
		return rc;
	c.mark = args.mark ? argv[0] : NULL;
	signal(SIGPIPE, SIG_IGN);
	term_init(&c.term, stdout);
	rc = act(&c, list);
	bisect_cmd_done(&c);
	return rc;
}
