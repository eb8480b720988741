#include <string.h>
#include <time.h>

#include "cli/cmd.h"
#include "cli/context.h"
#include "cli/find.h"
#include "cli/run_text.h"
#include "cli/verdict_text.h"
#include "db/queue.h"
#include "db/state_lock.h"
#include "lib/log.h"
#include "lib/text.h"
#include "web/document.h"

#define LIST_MAX 20

struct show_args {
	struct cmd_common common;
	bool json;
};

static const struct cmd_opt opts[] = {
	{ "json", 0, NULL, "the series as a JSON document",
	  offsetof(struct show_args, json) },
	CMD_OPTS_COMMON,
	{ 0 },
};

static int run_show(int argc, char **argv);

const struct cmd cmd_show = {
	.name = "show",
	.synopsis = "[SERIES | RUN]",
	.help = "Show what is known about a series or a run; without either, list the series",
	.detail =
		"RUN is the number of a boot. SERIES is a message-id, the URL of one of its\n"
		"mails, what was given to \"sluice test\", or s12 as the list shows it.\n",
	.opts = opts,
	.run = run_show,
};

static void print_line(const struct term *t, const struct series_line *l)
{
	AUTO_FREE char *subject = text_clean_line(l->s.subject, 0), *cut = NULL;
	time_t when = (time_t)l->s.updated;
	char date[32], id[32];
	struct tm tm;
	int64_t bad = l->verdicts[VERDICT_INTRODUCED] + l->verdicts[VERDICT_TRANSIENT];
	/* Of the head of a tree no patch can be charged with it. */
	int64_t fails = l->s.patches == 0 ? l->verdicts[VERDICT_PRE_EXISTING] : 0;
	const char *word = l->s.state != SERIES_DONE  ? series_state_str(l->s.state) :
			   bad                        ? "breaks" :
			   fails                      ? "fails" :
			   l->verdicts[VERDICT_INFRA] ? "lost" :
							"clean";
	enum term_style style = bad || fails               ? TERM_BAD :
				strcmp(word, "clean") == 0 ? TERM_GOOD :
							     TERM_OURS;

	localtime_r(&when, &tm);
	strftime(date, sizeof(date), "%Y-%m-%d %H:%M", &tm);
	snprintf(id, sizeof(id), "s%lld", (long long)l->s.id);
	cut = term_cut(subject, t->width - 38);
	fputs("  ", t->out);
	term_put(t, TERM_BOLD, id, 6);
	term_put(t, TERM_DIM, date, 18);
	term_put(t, style, word, 11);
	term_put(t, TERM_PLAIN, cut, 0);
	fputc('\n', t->out);
}

static int show_list(struct context *cx, const struct term *t)
{
	struct series_line *list = NULL;
	struct err err = { 0 };
	int64_t total;
	size_t n = 0;

	if (series_list(cx->db, LIST_MAX, 0, &list, &n, &total, &err) < 0) {
		log_error("%s", err.msg);
		return EXIT_INFRA;
	}
	for (size_t i = 0; i < n; i++)
		print_line(t, &list[i]);
	if (total > (int64_t)n)
		fprintf(t->out, "  and %lld older\n", (long long)(total - (int64_t)n));
	if (n == 0)
		fprintf(t->out, "No series was tested yet in %s.\n", cx->dir);
	series_line_list_free(list, n);
	return EXIT_OK;
}

static int show_json(struct context *cx, int64_t id, struct err *err)
{
	AUTO_JSON struct json_object *doc = NULL;

	if (document_series(cx->db, id, &doc, err) <= 0)
		return -1;
	puts(json_object_to_json_string_ext(doc, JSON_C_TO_STRING_PRETTY |
							 JSON_C_TO_STRING_NOSLASHESCAPE));
	return 0;
}

/* What cannot be read is not told. */
static void find_at_work(struct context *cx, struct report *r)
{
	struct queue_job *list = NULL;
	size_t n = 0;

	r->at_work = state_lock_holder(cx->dir);
	if (!r->at_work || queue_list_running(cx->db, &list, &n, NULL) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		if (list[i].series_id == r->v.series.id)
			r->job = list[i].id;
	queue_job_list_free(list, n);
}

static int show_series(struct context *cx, const struct term *t, const char *text,
		       bool json)
{
	struct series series = { 0 };
	struct report report;
	struct err err = { 0 };
	int rc = find_series(cx, text, &series);
	int64_t id = series.id;

	series_done(&series);
	if (rc != EXIT_OK)
		return rc;
	if (json ? show_json(cx, id, &err) < 0 :
		   report_load(cx->db, id, &report, &err) < 0) {
		log_error("%s", err.msg);
		return EXIT_INFRA;
	}
	if (!json) {
		find_at_work(cx, &report);
		report.tries = true;
		series_text_print(&report, t);
		report_done(&report);
	}
	return EXIT_OK;
}

static int show_run(struct context *cx, const struct term *t, const char *text)
{
	struct boot boot = { 0 };
	struct err err = { 0 };
	int rc = find_run(cx, text, &boot);

	if (rc == EXIT_OK && run_text_print(cx->db, &boot, t, &err) < 0) {
		log_error("%s", err.msg);
		rc = EXIT_INFRA;
	}
	boot_done(&boot);
	return rc;
}

static int run_show(int argc, char **argv)
{
	struct show_args args = { 0 };
	AUTO_CONTEXT struct context cx = CONTEXT_INIT;
	struct term term;
	int64_t id;
	int rc;

	if (!cmd_parse(&cmd_show, &argc, &argv, &args, &rc))
		return rc;
	if (argc > 1)
		return cmd_usage(&cmd_show, "one SERIES or RUN at a time");
	if (argc == 0 && args.json)
		return cmd_usage(&cmd_show, "--json of which SERIES?");
	rc = context_read(&cx, &args.common);
	if (rc != EXIT_OK)
		return rc;
	term_init(&term, stdout);
	if (argc == 0)
		return show_list(&cx, &term);
	if (!args.json && find_is_run(argv[0], &id))
		return show_run(&cx, &term, argv[0]);
	return show_series(&cx, &term, argv[0], args.json);
}
