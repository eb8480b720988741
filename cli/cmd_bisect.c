#include <signal.h>
#include <string.h>

#include "cli/bisect_question.h"
#include "cli/bisect_text.h"
#include "cli/document_file.h"
#include "cli/progress.h"
#include "cli/submit.h"
#include "daemon/bisect_run.h"
#include "lib/file.h"
#include "lib/log.h"
#include "web/document_bisect.h"

#define SHOWN 40

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
	{ "json", 0, "FILE", "write the bisection there too; - is standard output",
	  ARG(json) },
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
		"What was done is kept: the same command goes on where it was stopped. With\n"
		"--mark it goes by your word for a commit from then on, and runs nothing itself.\n"
		"Without options the last bisections are listed, with what came of them. --json\n"
		"writes what was found, with --log what is known so far, and without others the\n"
		"list.\n\n"
		"Where \"sluice daemon\" runs on the state folder, it does the work, as for\n"
		"\"sluice test\": Ctrl-C cancels the job, and who only goes away leaves it in the\n"
		"queue.\n\n"
		"Exits with 0 when the commit was found, 1 when it cannot be told, 2 when good\n"
		"and bad are not what they should be, 3 when work was lost to trouble of sluice's\n"
		"own.\n",
	.opts = opts,
	.run = run_bisect,
};

static int tell(struct bisect_cmd *c, const struct err *err)
{
	log_error("%s", err->msg);
	c->why = *err;
	return err->code == ERR_INPUT || err->code == ERR_MISSING ||
			       err->code == ERR_LIMIT ?
		       EXIT_USAGE :
		       EXIT_INFRA;
}

/* ---- what is known ---- */

static int show_log(struct bisect_cmd *c)
{
	AUTO(bisect_case_done) struct bisect_case found = { .graph = NULL };
	struct err err = { .code = ERR_NONE };
	struct revisions rev;
	struct bisect *b;
	int rc;

	if (bisect_question_read(c, &found, &rev, &err) < 0 ||
	    bisect_case_look(&found, c->cx.db, &err) < 0)
		return tell(c, &err);
	b = bisect_new(found.graph, found.commits, &found.prior);
	rc = bisect_text_log(c->term.out, &found, b, c->cx.db, &err);
	bisect_free(b);
	return rc < 0 ? tell(c, &err) : EXIT_OK;
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
	int rc = bisect_question_read(c, &found, &rev, &err);

	if (rc == 0 && commit_range_find(&found.range, rev.mark) < 0)
		rc = err_set(&err, ERR_INPUT, "%s is not between good and bad", c->mark);
	if (rc == 0)
		rc = c->client ?
			     mark_by_daemon(c, rev.mark, bad, &err) :
			     bisection_mark_put(c->cx.db, c->row.id, rev.mark, bad, &err);
	return rc < 0 ? tell(c, &err) : EXIT_OK;
}

static int show_list(struct bisect_cmd *c)
{
	struct bisection *list = NULL;
	struct err err = { .code = ERR_NONE };
	size_t n = 0;

	if (bisection_list(c->cx.db, SHOWN, &list, &n, &err) < 0)
		return tell(c, &err);
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

	if (bisect_question_revisions(c, git, &rev, err) < 0 ||
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
static bool show_outcome(struct bisect_cmd *c)
{
	struct bisection b = { .job = DB_NO_INT };
	struct err err = { .code = ERR_NONE };
	int found = c->id ? bisection_find(c->cx.db, c->id, &b, &err) : 0;
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
	int rc = c->client ? bisect_by_daemon(c, progress, &c->id, &c->why) :
			     bisect_here(c, progress, &c->id, &c->why);

	progress_free(progress);
	/* Of a question that is wrong the outcome says more. */
	if (!show_outcome(c) && c->why.code != ERR_NONE)
		log_error("%s", c->why.msg);
	return rc;
}

/* Also when it came to nothing, so that no older document is taken for ours. */
static int write_json(struct bisect_cmd *c, bool list)
{
	AUTO_JSON struct json_object *doc = NULL;
	struct err err = { .code = ERR_NONE };
	int r = 0, rc;

	if (list && c->cx.db)
		r = document_bisections(c->cx.db, &doc, &err);
	else if (c->id)
		r = document_bisection(c->cx.db, c->id, &doc, &err);
	if (r < 0) {
		log_error("%s", err.msg);
		c->why = err;
	}
	if (!doc) {
		doc = json_object_new_object();
		json_set_str(doc, "schema",
			     list ? "sluice/bisections/1" : "sluice/bisection/1");
	}
	if (c->why.code != ERR_NONE)
		json_set_str(doc, "error", c->why.msg);
	fflush(c->term.out);
	rc = document_file_write(c->args->json, doc);
	return r < 0 ? EXIT_INFRA : rc;
}

/* ---- the command ---- */

/* Who only looks reads. */
static int open_state(struct bisect_cmd *c, bool writes)
{
	int rc = writes ? client_or_writer(&c->cx, &c->args->common, "sluice bisect",
					   &c->client) :
			  context_read(&c->cx, &c->args->common);

	c->why = c->cx.why;
	return rc;
}

static int act(struct bisect_cmd *c, bool list)
{
	struct err err = { .code = ERR_NONE };

	if (list)
		return show_list(c);
	if (bisect_question_take(c, &err) < 0)
		return tell(c, &err);
	if (c->args->log)
		return show_log(c);
	return c->mark ? put_mark(c) : bisect(c);
}

static int open_and_act(struct bisect_cmd *c, bool list)
{
	int rc = open_state(c, !list && !c->args->log);
	int rc_json;

	if (rc == EXIT_OK)
		rc = act(c, list);
	rc_json = c->args->json ? write_json(c, list) : EXIT_OK;
	return rc == EXIT_OK ? rc_json : rc;
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
	bool more = a->tree || a->config || a->id || a->mark || a->log;
	bool all = a->test && a->topology && a->good && a->bad;

	*ret_list = !any && !more && argc == 0;
	if (*ret_list)
		return EXIT_OK;
	if (a->id ? any || a->tree || a->config : !all)
		return cmd_usage(&cmd_bisect,
				 "--test, --topology, --good and --bad are needed, or "
				 "--id alone");
	if (a->mark && strcmp(a->mark, "good") != 0 && strcmp(a->mark, "bad") != 0)
		return cmd_usage(&cmd_bisect, "--mark is good or bad");
	if (a->mark && a->json)
		return cmd_usage(&cmd_bisect, "--mark runs nothing that --json could "
					      "show");
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
	bool list, to_stdout;
	int rc;

	if (!cmd_parse(&cmd_bisect, &argc, &argv, &args, &rc))
		return rc;
	rc = check_args(&args, argc, argv, &list);
	if (rc != EXIT_OK)
		return rc;
	c.mark = args.mark ? argv[0] : NULL;
	signal(SIGPIPE, SIG_IGN);
	to_stdout = args.json && document_file_is_stdout(args.json);
	term_init(&c.term, to_stdout ? stderr : stdout);
	rc = open_and_act(&c, list);
	bisect_cmd_done(&c);
	return rc;
}
