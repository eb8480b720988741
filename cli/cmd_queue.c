#include <stdio.h>

#include "cli/cmd.h"
#include "cli/posting_view.h"
#include "cli/queue_view.h"
#include "lib/log.h"

#define SHOWN 40

struct queue_args {
	struct cmd_common common;
	bool json, all, postings;
};

static const struct cmd_opt opts[] = {
	{ "all", 'a', NULL, "every one, however many there are",
	  offsetof(struct queue_args, all) },
	{ "postings", 0, NULL, "series that came in part, with what they lack",
	  offsetof(struct queue_args, postings) },
	{ "json", 0, NULL, "as a JSON document", offsetof(struct queue_args, json) },
	CMD_OPTS_COMMON,
	{ 0 },
};

static int run_queue(int argc, char **argv);

const struct cmd cmd_queue = {
	.name = "queue",
	.synopsis = "",
	.help = "Show what runs and what will, in that order",
	.detail =
		"What somebody waits for comes first; then what was begun and interrupted; then\n"
		"the senders take turns, each with its newest version, then its oldest posting;\n"
		"among senders that are new the lists take turns. When a job begins is reckoned\n"
		"from what jobs took before.\n",
	.opts = opts,
	.run = run_queue,
};

static void put_json(struct json_object *o)
{
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY |
						       JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

static int show_jobs(struct context *cx, const struct queue_args *args, struct term *t,
		     struct err *err)
{
	struct queue_view v;

	if (queue_view_load(cx, args->all ? SIZE_MAX / 1024 : SHOWN, 0, &v, err) < 0)
		return -1;
	if (args->json) {
		put_json(queue_view_json(&v));
	} else {
		queue_view_print(&v, t);
		queue_view_print_counts(&v, t);
	}
	queue_view_done(&v);
	return 0;
}

static int show_postings(struct context *cx, const struct queue_args *args,
			 struct term *t, struct err *err)
{
	struct posting_view v;

	if (posting_view_load(cx->db, args->all ? INT64_MAX : SHOWN, &v, err) < 0)
		return -1;
	if (args->json) {
		put_json(posting_view_json(&v));
	} else {
		posting_view_print(&v, t);
		posting_view_print_counts(&v, t);
	}
	posting_view_done(&v);
	return 0;
}

static int run_queue(int argc, char **argv)
{
	struct queue_args args = { 0 };
	AUTO_CONTEXT struct context cx = CONTEXT_INIT;
	struct err err = { 0 };
	struct term t;
	int rc;

	if (!cmd_parse(&cmd_queue, &argc, &argv, &args, &rc))
		return rc;
	if (argc > 0)
		return cmd_usage(&cmd_queue, "takes no operands");
	rc = context_read(&cx, &args.common);
	if (rc != EXIT_OK)
		return rc;
	term_init(&t, stdout);
	rc = (args.postings ? show_postings : show_jobs)(&cx, &args, &t, &err);
	if (rc < 0)
		log_error("%s", err.msg);
	return rc < 0 ? EXIT_INFRA : EXIT_OK;
}
