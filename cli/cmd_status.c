#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/cmd.h"
#include "cli/posting_view.h"
#include "cli/progress.h"
#include "cli/queue_view.h"
#include "db/source_state.h"
#include "db/tree_fetch.h"
#include "lib/log.h"
#include "lib/text.h"
#include "web/clean.h"

#define QUEUED_SHOWN 10
#define OVER_SHOWN 5
#define POSTINGS_SHOWN 5

struct status_args {
	struct cmd_common common;
	bool json;
};

static const struct cmd_opt opts[] = {
	{ "json", 0, NULL, "as a JSON document", offsetof(struct status_args, json) },
	CMD_OPTS_COMMON,
	{ 0 },
};

static int run_status(int argc, char **argv);

const struct cmd cmd_status = {
	.name = "status",
	.synopsis = "",
	.help = "Show what the daemon is at: its worker, the queue, the sources, the trees",
	.detail =
		"Of each source: when it was polled last and will be next, how many mails came\n"
		"from it, and what is wrong with it; of each tree of config.ini the same of its\n"
		"fetches. Series that came in part are shown with what\n"
		"they lack; \"sluice queue --postings\" shows all of them. Exits with 0 while a\n"
		"daemon runs, else with 3.\n",
	.opts = opts,
	.run = run_status,
};

struct status {
	struct queue_view view;
	struct posting_view postings;
	struct source_state *sources;
	size_t nsources;
	struct tree_fetch *trees;
	size_t ntrees;
};

/* ---- text ---- */

static void print_daemon(const struct queue_view *v, const char *dir, struct term *t)
{
	struct json_object *d = v->daemon;
	AUTO_FREE char *up = NULL;

	if (!d && v->why.code != ERR_NONE) {
		fprintf(t->out, "%s\n", v->why.msg);
		return;
	}
	if (!d) {
		fprintf(t->out, "No daemon runs on %s.\n", dir);
		return;
	}
	up = progress_time((double)(time(NULL) - json_int(d, "started", 0)));
	fprintf(t->out, "daemon    pid %lld, for %s, on %s\n", json_int(d, "pid", 0), up,
		dir);
	fprintf(t->out, "config    %s\n", json_str(d, "config", "?"));
	if (json_str(d, "refused", NULL)) {
		fputs("          not as it is now: ", t->out);
		term_put(t, TERM_OURS, json_str(d, "refused", ""), 0);
		fputc('\n', t->out);
	}
	if (json_str(d, "web", NULL))
		fprintf(t->out, "pages     %s\n", json_str(d, "web", ""));
	if (strcmp(json_str(d, "paused", "no"), "no") != 0)
		fprintf(t->out, "paused    %s\n", json_str(d, "paused", ""));
	if (json_flag(d, "cleaning", false))
		fputs("cleans    old logs, images and build folders (keep.*)\n", t->out);
	if (json_str(d, "held", NULL))
		fprintf(t->out, "waits     %s\n", json_str(d, "held", ""));
}

static void print_worker(struct json_object *w, struct term *t)
{
	AUTO_FREE char *since =
		progress_time((double)(time(NULL) - json_int(w, "since", 0)));
	double rest = json_num(w, "rest", -1);

	fprintf(t->out, "worker    job %lld, pid %lld, for %s", json_int(w, "job", 0),
		json_int(w, "pid", 0), since);
	if (json_int(w, "total", 0))
		fprintf(t->out, ", %lld of %lld done", json_int(w, "done", 0),
			json_int(w, "total", 0));
	if (rest >= 0) {
		AUTO_FREE char *text = progress_time(rest);

		fprintf(t->out, ", about %s left", text);
	}
	fputc('\n', t->out);
}

static char *ago(int64_t when)
{
	AUTO_FREE char *time_text = NULL;

	if (when < 0)
		return str_dup("never");
	time_text = progress_time((double)((int64_t)time(NULL) - when));
	return str_printf("%s ago", time_text);
}

static char *until(int64_t when)
{
	int64_t rest = when - (int64_t)time(NULL);
	AUTO_FREE char *time_text = progress_time((double)(rest > 0 ? rest : 0));

	return rest > 0 ? str_printf("in %s", time_text) : str_dup("now");
}

static void print_error(const char *error, int64_t failures, int64_t good, struct term *t)
{
	AUTO_FREE char *clean = NULL;
	AUTO_FREE char *when = NULL;

	if (!error)
		return;
	clean = text_clean_line(error, 300);
	when = ago(good);
	fprintf(t->out, ", %lld failure%s, last good %s: ", (long long)failures,
		failures == 1 ? "" : "s", when);
	term_put(t, TERM_OURS, clean, 0);
}

static void print_next(int64_t next, bool runs, struct term *t)
{
	AUTO_FREE char *text = until(next);

	if (runs)
		fprintf(t->out, ", next %s", text);
}

static void print_tree(const struct tree_fetch *f, bool runs, struct term *t)
{
	AUTO_FREE char *name = text_clean_line(f->name, 40);
	AUTO_FREE char *where = text_clean_line(f->location, 0);
	AUTO_FREE char *tried = ago(f->tried);

	fprintf(t->out, "tree      %s", name);
	/* Nobody said where, as long as the tree was not added. */
	if (*where)
		fprintf(t->out, " (%s)", where);
	if (f->head)
		fprintf(t->out, " at %.12s", f->head);
	if (f->tried < 0)
		fputs(": never fetched", t->out);
	else
		fprintf(t->out, ": %s %s", f->error ? "tried" : "fetched", tried);
	print_next(f->next, runs, t);
	print_error(f->error, f->failures, f->succeeded, t);
	fputc('\n', t->out);
}

static void print_source(const struct source_state *l, bool runs, struct term *t)
{
	AUTO_FREE char *name = text_clean_line(l->name, 40);
	AUTO_FREE char *where = text_clean_line(l->location, 0);
	AUTO_FREE char *polled = ago(l->polled);

	fprintf(t->out, "source    %s (%s, %s): %lld mail%s, polled %s", name, l->kind,
		where, (long long)l->mails, l->mails == 1 ? "" : "s", polled);
	print_next(l->next, runs, t);
	print_error(l->error, l->failures, l->succeeded, t);
	fputc('\n', t->out);
}

static void print_postings(const struct posting_view *v, struct term *t)
{
	if (!v->waiting_all && !v->incomplete_all)
		return;
	fputs("in part   ", t->out);
	posting_view_print_counts(v, t);
	posting_view_print(v, t);
}

static void print_status(const struct status *s, const char *dir, struct term *t)
{
	struct json_object *workers = json_arr(s->view.daemon, "workers");

	print_daemon(&s->view, dir, t);
	for (size_t i = 0; i < json_len(workers); i++)
		print_worker(json_object_array_get_idx(workers, i), t);
	for (size_t i = 0; i < s->nsources; i++)
		print_source(&s->sources[i], s->view.daemon != NULL, t);
	for (size_t i = 0; i < s->ntrees; i++)
		print_tree(&s->trees[i], s->view.daemon != NULL, t);
	print_postings(&s->postings, t);
	fputs("queue     ", t->out);
	queue_view_print_counts(&s->view, t);
	queue_view_print(&s->view, t);
	if (s->view.nover)
		fputs("last\n", t->out);
	queue_view_print_over(&s->view, t);
}

/* ---- JSON ---- */

static struct json_object *sources_json(const struct status *s)
{
	struct json_object *a = json_object_new_array();

	for (size_t i = 0; i < s->nsources; i++) {
		const struct source_state *l = &s->sources[i];
		struct json_object *o = json_object_new_object();

		json_set_str(o, "name", l->name);
		json_set_str(o, "kind", l->kind);
		json_set_str(o, "location", l->location);
		json_set_opt_int(o, "polled", l->polled);
		json_set_opt_int(o, "succeeded", l->succeeded);
		json_set_int(o, "next", l->next);
		json_set_int(o, "mails", l->mails);
		json_set_int(o, "failures", l->failures);
		json_set_str(o, "error", l->error);
		json_object_array_add(a, o);
	}
	return a;
}

static struct json_object *trees_json(const struct status *s)
{
	struct json_object *a = json_object_new_array();

	for (size_t i = 0; i < s->ntrees; i++) {
		const struct tree_fetch *f = &s->trees[i];
		struct json_object *o = json_object_new_object();

		json_set_str(o, "name", f->name);
		json_set_str(o, "location", f->location);
		json_set_str(o, "head", f->head);
		json_set_opt_int(o, "tried", f->tried);
		json_set_opt_int(o, "succeeded", f->succeeded);
		json_set_int(o, "next", f->next);
		json_set_int(o, "failures", f->failures);
		json_set_str(o, "error", f->error);
		json_object_array_add(a, o);
	}
	return a;
}

static void print_json(const struct status *s)
{
	AUTO_JSON struct json_object *o = queue_view_json(&s->view);

	json_set_str(o, "schema", "sluice/status/1");
	json_set(o, "daemon", json_object_get(s->view.daemon));
	json_set(o, "sources", sources_json(s));
	json_set(o, "trees", trees_json(s));
	json_set(o, "postings", posting_view_json(&s->postings));
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY |
						       JSON_C_TO_STRING_NOSLASHESCAPE));
}

static int run_status(int argc, char **argv)
{
	struct status_args args = { 0 };
	AUTO_CONTEXT struct context cx = CONTEXT_INIT;
	struct status s = { .sources = NULL };
	struct err err = { 0 };
	struct term t;
	int rc;

	if (!cmd_parse(&cmd_status, &argc, &argv, &args, &rc))
		return rc;
	if (argc > 0)
		return cmd_usage(&cmd_status, "takes no operands");
	rc = context_read(&cx, &args.common);
	if (rc != EXIT_OK)
		return rc;
	term_init(&t, stdout);
	if (queue_view_load(&cx, QUEUED_SHOWN, OVER_SHOWN, &s.view, &err) < 0 ||
	    posting_view_load(cx.db, POSTINGS_SHOWN, &s.postings, &err) < 0 ||
	    source_state_list(cx.db, &s.sources, &s.nsources, &err) < 0 ||
	    tree_fetch_list(cx.db, &s.trees, &s.ntrees, &err) < 0) {
		log_error("%s", err.msg);
		rc = EXIT_INFRA;
	} else if (args.json) {
		print_json(&s);
	} else {
		print_status(&s, cx.dir, &t);
	}
	if (!s.view.daemon)
		rc = EXIT_INFRA;
	source_state_list_free(s.sources, s.nsources);
	tree_fetch_list_free(s.trees, s.ntrees);
	posting_view_done(&s.postings);
	queue_view_done(&s.view);
	return rc;
}
