#include <stdio.h>

#include "cli/cmd.h"
#include "cli/submit.h"
#include "lib/log.h"

struct submit_cmd_args {
	struct cmd_common common;
	struct submit_args what;
};

#define ARG(field) offsetof(struct submit_cmd_args, what.field)
static const struct cmd_opt opts[] = {
	{ "tree", 't', "NAME", "base tree; \"sluice tree list\" shows them", ARG(tree) },
	{ "base", 'b', "REV", "apply the patches there and nowhere else", ARG(base) },
	{ "config", 0, "LIST", "kernel configs to build, as in mlock,other",
	  ARG(config) },
	{ "topology", 0, "LIST", "guest machines to boot, as in smp4,numa2",
	  ARG(topology) },
	{ "suite", 0, "LIST", "test suites to run in the guests", ARG(suite) },
	{ "repo", 0, "DIR", "look for A..B there instead of here", ARG(repo) },
	CMD_OPTS_COMMON,
	{ 0 },
};

static int run_submit(int argc, char **argv);

const struct cmd cmd_submit = {
	.name = "submit",
	.synopsis = "SERIES...",
	.help = "Put series into the daemon's queue and return",
	.detail =
		"SERIES is as for \"sluice test\". Mails are copied and A..B is resolved now: what\n"
		"becomes of them until the job's turn does not matter. Prints the number of each\n"
		"job.\n",
	.opts = opts,
	.run = run_submit,
};

static int submit_all(struct submit *s, int n, char **sources)
{
	int rc = EXIT_OK;

	for (int i = 0; i < n; i++) {
		struct err err = { 0 };
		int64_t job;

		if (submit_series(s, sources[i], &job, &err) == 0) {
			printf("job %lld\n", (long long)job);
			continue;
		}
		log_error("%s", err.msg);
		if (rc == EXIT_OK || err.code == ERR_INPUT)
			rc = err.code == ERR_INPUT || err.code == ERR_LIMIT ? EXIT_USAGE :
									      EXIT_INFRA;
	}
	return rc;
}

static int run_submit(int argc, char **argv)
{
	struct submit_cmd_args args = { 0 };
	AUTO_CONTEXT struct context cx = CONTEXT_INIT;
	struct submit s = { .cx = &cx, .args = &args.what };
	int rc;

	if (!cmd_parse(&cmd_submit, &argc, &argv, &args, &rc))
		return rc;
	if (argc == 0)
		return cmd_usage(&cmd_submit, "which SERIES?");
	rc = client_open(&cx, &args.common, &s.client);
	if (rc == EXIT_OK)
		rc = submit_all(&s, argc, argv);
	client_free(s.client);
	return rc;
}
