/*
 * Retention, by hand: where no daemon does it, or before it would. "sluice sweep" is
 * how the daemon starts itself for it: a child with the daemon's lock.
 */
#include <stdio.h>
#include <string.h>

#include "cli/client.h"
#include "cli/cmd.h"
#include "cli/context.h"
#include "daemon/keep_report.h"
#include "daemon/state.h"
#include "lib/log.h"

/* A job that waits is not to wait longer; what is left is for the next time. */
#define SWEEP_S 10

struct clean_args {
	struct cmd_common common;
	bool dry_run;
};

static const struct cmd_opt opts[] = {
	{ "dry-run", 'n', NULL, "only say what would be dropped",
	  offsetof(struct clean_args, dry_run) },
	CMD_OPTS_COMMON,
	{ 0 },
};
static const struct cmd_opt sweep_opts[] = { CMD_OPTS_COMMON, { 0 } };

static int run_clean(int argc, char **argv);
static int run_sweep(int argc, char **argv);

const struct cmd cmd_clean = {
	.name = "clean",
	.synopsis = "",
	.help = "Drop old logs, images and build folders, as [keep] of config.ini says",
	.detail =
		"Verdicts and results stay, whatever is dropped; where a log was, its day is\n"
		"shown. What was dropped and is needed again is built again. A daemon does this\n"
		"by itself, between two jobs; while one runs, it is asked to do it next, and what\n"
		"it drops is told. Ctrl-C ends the telling alone.\n",
	.opts = opts,
	.run = run_clean,
};

const struct cmd cmd_sweep = {
	.name = "sweep",
	.synopsis = "",
	.help = "Drop what retention drops, for ten seconds (not for people)",
	.opts = sweep_opts,
	.hidden = true,
	.run = run_sweep,
};

static int tell(const struct err *err)
{
	log_error("%s", err->msg);
	return EXIT_INFRA;
}

static void print_line(const char *line, void *arg)
{
	printf("%s: %s\n", (const char *)arg, line);
}

static int clean(struct context *cx, bool dry_run)
{
	const struct keep_opts o = { .config = cx->config,
				     .state_dir = cx->dir,
				     .db = cx->db,
				     .artifacts = cx->artifacts,
				     .dry_run = dry_run };
	struct keep_report report;
	struct err err = { 0 };
	int rc = keep_run(&o, &report, &err);

	if (!keep_report_tell(&report, print_line,
			      dry_run ? "would be dropped" : "dropped") &&
	    rc == 0)
		puts("There is nothing to drop.");
	return rc < 0 ? tell(&err) : EXIT_OK;
}

/* What the daemon drops, until it is done with that. */
static int watch(struct client *c)
{
	bool any = false;

	for (;;) {
		AUTO_JSON struct json_object *line = NULL;
		struct err err = { 0 };
		struct json_object *o;
		const char *kind;

		if (client_read(c, -1, -1, &line, &err) < 0)
			return tell(&err);
		o = json_obj(line, "event");
		kind = json_str(o, "kind", "");
		if (strcmp(kind, "dropped") == 0) {
			print_line(json_str(o, "text", ""), "dropped");
			fflush(stdout);
			any = true;
		} else if (strcmp(kind, "clean") == 0) {
			if (json_str(o, "error", NULL)) {
				log_error("%s", json_str(o, "error", ""));
				return EXIT_INFRA;
			}
			if (!any)
				puts("There is nothing to drop.");
			return EXIT_OK;
		}
	}
}

/* 1 when there is none. */
static int ask_daemon(const struct context *cx)
{
	AUTO_JSON struct json_object *ok = NULL;
	struct json_object *o = client_op("clean", 0);
	struct client *c = NULL;
	struct err err = { 0 };
	int found = client_connect(cx->dir, &c, &err), rc;

	json_set_bool(o, "watch", true);
	if (found <= 0) {
		json_object_put(o);
		return found == 0 ? 1 : tell(&err);
	}
	if (client_ask(c, o, -1, &ok, &err) < 0) {
		rc = tell(&err);
	} else {
		if (json_int(ok, "after", 0))
			printf("The daemon does it after job %lld.\n",
			       json_int(ok, "after", 0));
		fflush(stdout);
		rc = watch(c);
	}
	client_free(c);
	return rc;
}

static int clean_here(struct context *cx)
{
	struct state *state = NULL;
	struct err err = { 0 };
	int rc = context_open_write(cx, "sluice clean");

	if (rc != EXIT_OK)
		return rc;
	if (state_open(cx->dir, cx->config, &state, &err) < 0 ||
	    state_clean(state, &err) < 0)
		rc = tell(&err);
	else
		rc = clean(cx, false);
	state_free(state);
	return rc;
}

static int run_clean(int argc, char **argv)
{
	struct clean_args args = { 0 };
	AUTO_CONTEXT struct context cx = CONTEXT_INIT;
	int rc;

	if (!cmd_parse(&cmd_clean, &argc, &argv, &args, &rc))
		return rc;
	if (argc > 0)
		return cmd_usage(&cmd_clean, "takes no operands");
	rc = context_config(&cx, &args.common);
	if (rc != EXIT_OK)
		return rc;
	if (args.dry_run) {
		rc = context_open_read(&cx);
		return rc == EXIT_OK ? clean(&cx, true) : rc;
	}
	rc = ask_daemon(&cx);
	return rc == 1 ? clean_here(&cx) : rc;
}

static void say_line(const char *line, void *arg)
{
	(void)arg;
	puts(line);
}

static int run_sweep(int argc, char **argv)
{
	struct cmd_common args = { 0 };
	AUTO_CONTEXT struct context cx = CONTEXT_INIT;
	struct keep_report report;
	struct err err = { 0 };
	bool any;
	int rc;

	if (!cmd_parse(&cmd_sweep, &argc, &argv, &args, &rc))
		return rc;
	rc = context_config(&cx, &args);
	if (rc == EXIT_OK)
		rc = context_open_beside(&cx);
	if (rc != EXIT_OK)
		return rc;
	rc = keep_run(&(struct keep_opts){ .config = cx.config,
					   .state_dir = cx.dir,
					   .db = cx.db,
					   .artifacts = cx.artifacts,
					   .seconds = SWEEP_S },
		      &report, &err);
	any = keep_report_tell(&report, say_line, NULL);
	fflush(stdout);
	if (rc < 0)
		return tell(&err);
	return report.more ? KEEP_MORE : any ? KEEP_DROPPED : KEEP_NOTHING;
}
