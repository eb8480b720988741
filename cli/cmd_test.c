#include <signal.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/context.h"
#include "cli/document_file.h"
#include "cli/progress.h"
#include "cli/submit.h"
#include "cli/verdict_text.h"
#include "daemon/run.h"
#include "lib/log.h"
#include "web/document.h"

struct test_args {
	struct cmd_common common;
	struct submit_args what;
	const char *json;
};

#define ARG(field) offsetof(struct test_args, field)
static const struct cmd_opt opts[] = {
	{ "tree", 't', "NAME", "base tree; \"sluice tree list\" shows them",
	  ARG(what.tree) },
	{ "base", 'b', "REV", "apply the patches there and nowhere else",
	  ARG(what.base) },
	{ "config", 0, "LIST", "kernel configs to build, as in mlock,other",
	  ARG(what.config) },
	{ "topology", 0, "LIST", "guest machines to boot, as in smp4,numa2",
	  ARG(what.topology) },
	{ "suite", 0, "LIST", "test suites to run in the guests", ARG(what.suite) },
	{ "json", 0, "FILE", "write the results there too; - is standard output",
	  ARG(json) },
	{ "repo", 0, "DIR", "look for A..B there instead of here", ARG(what.repo) },
	CMD_OPTS_COMMON,
	{ 0 },
};

static int run_test(int argc, char **argv);

const struct cmd cmd_test = {
	.name = "test",
	.synopsis = "SERIES...",
	.help = "Apply, build, boot and test a series after every patch",
	.detail =
		"SERIES is an mbox, a maildir or a folder of patch files; a message-id or the\n"
		"URL of a mail in an archive; or A..B, commits of a local repository that is\n"
		"only read. A..B has a base of its own: --tree and --base do not go with it.\n\n"
		"Exits with 0 when the series breaks nothing, 1 when it breaks something at any\n"
		"step, 2 when the input is unusable, 3 when nothing was seen broken but some of\n"
		"the work was lost to trouble of sluice's own. What was done is kept: the same\n"
		"command goes on where it was stopped.\n\n"
		"Where \"sluice daemon\" runs on the state folder, it does the work: the series\n"
		"goes into its queue, before all that nobody waits for, and Ctrl-C cancels it.\n"
		"Who only goes away, as when its terminal closes, leaves the job in the queue.\n",
	.opts = opts,
	.run = run_test,
};

struct test_run {
	struct context cx;
	struct term term;
	const struct test_args *args;
	struct client *client; /* of the daemon that does the work, or NULL */
	char **configs, **topologies, **suites;
};

/* The list of an option, or of the configuration where it was not given. */
static char **list_of(const char *option, const char *configured)
{
	return strv_split(option ? option : configured, ", \t");
}

/* Also when it came to nothing, so that no older document is taken for ours. */
static int write_json(struct test_run *run, long long series_id, const struct err *why)
{
	AUTO_JSON struct json_object *doc = NULL;
	struct err err = { 0 };
	int rc = EXIT_OK, rc_file;

	if (!run->args->json)
		return EXIT_OK;
	if (series_id && document_series(run->cx.db, series_id, &doc, &err) <= 0) {
		log_error("%s", err.msg);
		rc = EXIT_INFRA;
		why = &err;
	}
	if (!doc) {
		doc = json_object_new_object();
		json_set_str(doc, "schema", "sluice/1");
	}
	if (why->code != ERR_NONE)
		json_set_str(doc, "error", why->msg);
	rc_file = document_file_write(run->args->json, doc);
	return rc == EXIT_OK ? rc_file : rc;
}

static int show_series(struct test_run *run, long long series_id)
{
	struct report report;
	struct err err = { 0 };

	if (report_load(run->cx.db, series_id, &report, &err) < 0) {
		log_error("%s", err.msg);
		return EXIT_INFRA;
	}
	term_measure(&run->term);
	series_text_print(&report, &run->term);
	report_done(&report);
	return EXIT_OK;
}

static int test_here(struct test_run *run, const char *source, struct progress *progress,
		     long long *ret_series_id, struct err *err)
{
	const struct submit_args *what = &run->args->what;
	const struct run_opts opts_run = {
		.config = run->cx.config,
		.state_dir = run->cx.dir,
		.source = source,
		.tree = what->tree,
		.base = what->base,
		.repo = what->repo,
		.configs = run->configs,
		.topologies = run->topologies,
		.suites = run->suites,
		.on_event = progress_event,
		.arg = progress,
	};

	return (int)run_series(run->cx.db, run->cx.artifacts, &opts_run, ret_series_id,
			       err);
}

static int test_by_daemon(struct test_run *run, const char *source,
			  struct progress *progress, long long *ret_series_id,
			  struct err *err)
{
	struct submit s = { .cx = &run->cx,
			    .client = run->client,
			    .args = &run->args->what,
			    .interactive = true,
			    .watch = true };
	int64_t job;
	int rc;

	if (submit_series(&s, source, &job, err) < 0)
		return err->code == ERR_INPUT || err->code == ERR_LIMIT ? RUN_UNUSABLE :
									  RUN_INFRA;
	rc = submit_watch(&s, job, progress_event, progress, ret_series_id, err);
	run->client = s.client; /* another one after a restart of the daemon */
	return rc;
}

/* *ret_stopped: it was interrupted, and no other is to follow. */
static int test_one(struct test_run *run, const char *source, bool *ret_stopped)
{
	struct progress *progress = progress_new(&run->term);
	long long series_id = 0;
	struct err err = { 0 };
	int rc, rc_json;

	rc = run->client ? test_by_daemon(run, source, progress, &series_id, &err) :
			   test_here(run, source, progress, &series_id, &err);
	progress_free(progress);
	*ret_stopped = err.code == ERR_STOPPED;
	if (series_id && rc != RUN_UNUSABLE && show_series(run, series_id) != EXIT_OK)
		rc = EXIT_INFRA;
	fflush(run->term.out);
	if (err.code != ERR_NONE)
		log_error("%s", err.msg);
	rc_json = write_json(run, series_id, &err);
	return rc == EXIT_OK ? rc_json : rc;
}

/* Of several series: broken, then unusable, then our own trouble. */
static int worse(int a, int b)
{
	static const int rank[] = {
		[RUN_CLEAN] = 0,
		[RUN_INFRA] = 1,
		[RUN_UNUSABLE] = 2,
		[RUN_BROKEN] = 3,
	};

	return rank[a & 3] > rank[b & 3] ? a : b;
}

static int test_all(struct test_run *run, int n, char **sources)
{
	const struct config *config = run->cx.config;
	bool stopped = false;
	int rc = EXIT_OK;

	run->configs = list_of(run->args->what.config, config->config);
	run->topologies = list_of(run->args->what.topology, config->topology);
	run->suites = list_of(run->args->what.suite, config->suite);
	for (int i = 0; i < n && !stopped; i++) {
		if (n > 1)
			fprintf(run->term.out, "%s%s\n", i ? "\n" : "", sources[i]);
		rc = worse(rc, test_one(run, sources[i], &stopped));
	}
	strv_free(run->configs);
	strv_free(run->topologies);
	strv_free(run->suites);
	return rc;
}

static int open_run(struct test_run *run)
{
	int rc = client_or_writer(&run->cx, &run->args->common, "sluice test",
				  &run->client);

	if (rc != EXIT_OK)
		write_json(run, 0, &run->cx.why);
	return rc;
}

static int run_test(int argc, char **argv)
{
	struct test_args args = { 0 };
	struct test_run run = { .cx = CONTEXT_INIT, .args = &args };
	bool to_stdout;
	int rc;

	if (!cmd_parse(&cmd_test, &argc, &argv, &args, &rc))
		return rc;
	if (argc == 0)
		return cmd_usage(&cmd_test, "which SERIES?");
	if (args.json && argc > 1)
		return cmd_usage(&cmd_test, "--json holds one series, and %d were given",
				 argc);
	to_stdout = args.json && document_file_is_stdout(args.json);
	signal(SIGPIPE, SIG_IGN); /* a reader that went away does not end the test */
	term_init(&run.term, to_stdout ? stderr : stdout);
	rc = open_run(&run);
	if (rc == EXIT_OK)
		rc = test_all(&run, argc, argv);
	client_free(run.client);
	context_done(&run.cx);
	return rc;
}
