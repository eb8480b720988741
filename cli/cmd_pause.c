/* "sluice pause" and "sluice resume". */
#include <stdio.h>
#include <string.h>

#include "cli/client.h"
#include "cli/cmd.h"
#include "lib/log.h"

static const struct cmd_opt opts[] = {
	CMD_OPTS_COMMON,
	{ 0 },
};

static int run_pause(int argc, char **argv);
static int run_resume(int argc, char **argv);

const struct cmd cmd_pause = {
	.name = "pause",
	.synopsis = "[background | all]",
	.help = "Begin no new job, also after a restart, until \"sluice resume\"",
	.detail =
		"background, the default: jobs that somebody waits for still begin. What runs\n"
		"goes on; \"sluice cancel\" ends it.\n",
	.opts = opts,
	.run = run_pause,
};

const struct cmd cmd_resume = {
	.name = "resume",
	.synopsis = "",
	.help = "Begin jobs again, also such that wait after trouble",
	.opts = opts,
	.run = run_resume,
};

static int ask(const struct cmd_common *args, struct json_object *what)
{
	AUTO_CONTEXT struct context cx = CONTEXT_INIT;
	AUTO_JSON struct json_object *ok = NULL;
	struct client *c = NULL;
	struct err err = { 0 };
	int rc = client_open(&cx, args, &c);

	if (rc != EXIT_OK) {
		json_object_put(what);
	} else if (client_ask(c, what, -1, &ok, &err) < 0) {
		log_error("%s", err.msg);
		rc = EXIT_INFRA;
	} else {
		printf("paused: %s\n", json_str(ok, "paused", "?"));
	}
	client_free(c);
	return rc;
}

static int run_pause(int argc, char **argv)
{
	struct cmd_common args = { 0 };
	struct json_object *o;
	const char *what;
	int rc;

	if (!cmd_parse(&cmd_pause, &argc, &argv, &args, &rc))
		return rc;
	what = argc > 0 ? argv[0] : "background";
	if (argc > 1 || (strcmp(what, "background") != 0 && strcmp(what, "all") != 0))
		return cmd_usage(&cmd_pause, "it is either background or all");
	o = client_op("pause", 0);
	json_set_str(o, "what", what);
	return ask(&args, o);
}

static int run_resume(int argc, char **argv)
{
	struct cmd_common args = { 0 };
	int rc;

	if (!cmd_parse(&cmd_resume, &argc, &argv, &args, &rc))
		return rc;
	if (argc > 0)
		return cmd_usage(&cmd_resume, "takes no operands");
	return ask(&args, client_op("resume", 0));
}
