/*
 * "sluice worker JOB EPOCH", how the daemon starts itself for one job of the queue:
 * tells what happens as a JSON object a line on standard output, and ends with
 * what daemon/work.h says. The daemon sees to it that it dies with it.
 */
#include <signal.h>
#include <stdio.h>

#include "cli/cmd.h"
#include "cli/context.h"
#include "daemon/event_json.h"
#include "daemon/work.h"
#include "lib/log.h"

static const struct cmd_opt opts[] = {
	CMD_OPTS_COMMON,
	{ 0 },
};

static int run_worker(int argc, char **argv);

const struct cmd cmd_worker = {
	.name = "worker",
	.synopsis = "JOB EPOCH",
	.help = "Work on a job of the queue (not for people)",
	.opts = opts,
	.hidden = true,
	.run = run_worker,
};

static void on_event(const struct run_event *ev, void *arg)
{
	struct json_object *o = event_to_json(ev);

	(void)arg;
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
						       JSON_C_TO_STRING_NOSLASHESCAPE));
	fflush(stdout);
	json_object_put(o);
}

static int run_worker(int argc, char **argv)
{
	struct cmd_common args = { 0 };
	AUTO_CONTEXT struct context cx = CONTEXT_INIT;
	struct work_opts work = { .on_event = on_event };
	struct err err = { 0 };
	long long job, epoch;
	int rc;

	if (!cmd_parse(&cmd_worker, &argc, &argv, &args, &rc))
		return rc;
	if (argc != 2 || !str_to_ll(argv[0], 1, INT64_MAX, &job) ||
	    !str_to_ll(argv[1], 1, INT64_MAX, &epoch))
		return cmd_usage(&cmd_worker, "JOB and EPOCH are needed");
	rc = context_config(&cx, &args);
	if (rc != EXIT_OK)
		return rc;
	signal(SIGPIPE, SIG_IGN);
	work.config = cx.config;
	work.state_dir = cx.dir;
	work.job = job;
	work.epoch = epoch;
	rc = (int)work_run(&work, &err);
	if (err.code != ERR_NONE)
		log_error("%s", err.msg);
	return rc;
}
