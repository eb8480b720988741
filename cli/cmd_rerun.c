#include <stdio.h>

#include "cli/client.h"
#include "cli/cmd.h"
#include "cli/find.h"
#include "lib/log.h"
#include "lib/str.h"

static const struct cmd_opt opts[] = {
	CMD_OPTS_COMMON,
	{ 0 },
};

static int run_rerun(int argc, char **argv);

const struct cmd cmd_rerun = {
	.name = "rerun",
	.synopsis = "SERIES | JOB",
	.help = "Queue a series again, before all that nobody waits for",
	.detail =
		"JOB is a number of \"sluice queue\"; SERIES is as for \"sluice show\", s12 for one.\n"
		"What was done is taken over; what was lost is done, on the tree as it is now.\n",
	.opts = opts,
	.run = run_rerun,
};

static int rerun(struct context *cx, struct client *c, const char *text)
{
	AUTO_JSON struct json_object *ok = NULL;
	struct json_object *o = client_op("rerun", 0);
	struct err err = { 0 };
	long long job = 0;
	int rc = EXIT_OK;

	if (str_to_ll(text, 1, INT64_MAX, &job)) {
		json_set_int(o, "job", job);
	} else {
		struct series series = { 0 };

		rc = find_series(cx, text, &series);
		json_set_int(o, "series", series.id);
		series_done(&series);
	}
	if (rc != EXIT_OK) {
		json_object_put(o);
		return rc;
	}
	if (client_ask(c, o, -1, &ok, &err) == 0) {
		printf("job %lld\n", json_int(ok, "job", 0));
		return EXIT_OK;
	}
	log_error("%s", err.msg);
	return err.code == ERR_INPUT ? EXIT_USAGE : EXIT_INFRA;
}

static int run_rerun(int argc, char **argv)
{
	struct cmd_common args = { 0 };
	AUTO_CONTEXT struct context cx = CONTEXT_INIT;
	struct client *c = NULL;
	int rc;

	if (!cmd_parse(&cmd_rerun, &argc, &argv, &args, &rc))
		return rc;
	if (argc != 1)
		return cmd_usage(&cmd_rerun, "which SERIES or JOB?");
	rc = client_open(&cx, &args, &c);
	if (rc == EXIT_OK)
		rc = rerun(&cx, c, argv[0]);
	client_free(c);
	return rc;
}
