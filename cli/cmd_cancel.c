#include <stdio.h>

#include "cli/client.h"
#include "cli/cmd.h"
#include "lib/log.h"
#include "lib/str.h"

static const struct cmd_opt opts[] = {
	CMD_OPTS_COMMON,
	{ 0 },
};

static int run_cancel(int argc, char **argv);

const struct cmd cmd_cancel = {
	.name = "cancel",
	.synopsis = "JOB...",
	.help = "Take jobs out of the queue, and end those that run",
	.detail =
		"What a job that runs has finished is kept. \"sluice queue\" shows the numbers.\n",
	.opts = opts,
	.run = run_cancel,
};

static int cancel(struct client *c, const char *text)
{
	AUTO_JSON struct json_object *ok = NULL;
	struct err err = { 0 };
	long long job;

	if (!str_to_ll(text, 1, INT64_MAX, &job))
		return cmd_usage(&cmd_cancel, "\"%s\" is no job: a job is a number",
				 text);
	if (client_ask(c, client_op("cancel", job), -1, &ok, &err) == 0) {
		printf("job %lld is cancelled\n", job);
		return EXIT_OK;
	}
	log_error("%s", err.msg);
	return err.code == ERR_INPUT ? EXIT_USAGE : EXIT_INFRA;
}

static int run_cancel(int argc, char **argv)
{
	struct cmd_common args = { 0 };
	AUTO_CONTEXT struct context cx = CONTEXT_INIT;
	struct client *c = NULL;
	int rc;

	if (!cmd_parse(&cmd_cancel, &argc, &argv, &args, &rc))
		return rc;
	if (argc == 0)
		return cmd_usage(&cmd_cancel, "which JOB?");
	rc = client_open(&cx, &args, &c);
	for (int i = 0; c && i < argc; i++) {
		int one = cancel(c, argv[i]);

		rc = one > rc ? one : rc;
	}
	client_free(c);
	return rc;
}
