#include "cli/queue_view.h"

#include <string.h>
#include <time.h>

#include "cli/progress.h"
#include "daemon/config_tree.h"
#include "daemon/queue_order.h"
#include "db/timing.h"
#include "lib/text.h"

#define JOB_WIDTH 8
#define STATE_WIDTH 13
#define WHEN_WIDTH 22
#define WHO_WIDTH 26
#define BESIDE_MIN 40 /* columns for a subject */

void queue_view_done(struct queue_view *v)
{
	json_object_put(v->daemon);
	queue_job_list_free(v->running, v->nrunning);
	queue_job_list_free(v->queued, v->nqueued);
	queue_job_list_free(v->over, v->nover);
	free(v->starts_s);
	*v = (struct queue_view){ .daemon = NULL };
}

/* ---- loading ---- */

static void ask_daemon(struct context *cx, struct queue_view *v)
{
	struct client *c = NULL;

	if (client_connect(cx->dir, &c, &v->why) > 0)
		client_ask(c, client_op("status", 0), -1, &v->daemon, &v->why);
	client_free(c);
}

/* Of the same tree, else of any; < 0: nothing was measured yet. */
static double job_seconds(struct context *cx, const struct queue_job *j)
{
	double s = -1;

	if (timing_job(cx->db, j->tree, &s, NULL) > 0 ||
	    timing_job(cx->db, NULL, &s, NULL) > 0)
		return s;
	return -1;
}

/* What the running one still needs, as its worker says, else by what others took. */
static double running_rest(struct context *cx, const struct queue_view *v)
{
	struct json_object *workers = json_arr(v->daemon, "workers");
	struct json_object *w =
		json_len(workers) ? json_object_array_get_idx(workers, 0) : NULL;
	double rest = json_num(w, "rest", -1), all;

	if (v->nrunning == 0)
		return 0;
	if (rest >= 0)
		return rest;
	all = job_seconds(cx, &v->running[0]);
	if (all < 0)
		return -1;
	all -= (double)(time(NULL) - (time_t)v->running[0].started);
	return all > 0 ? all : 0;
}

static double add(double a, double b)
{
	return a < 0 || b < 0 ? -1 : a + b;
}

/* It is not begun before its tree is there, whenever that is. */
static void say_treeless(struct context *cx, struct queue_job *j)
{
	struct err err = { 0 };

	if (j->reason)
		return;
	config_tree_missing(cx->config->trees, cx->config->ntrees, j->tree, &err);
	j->reason = str_dup(err.msg);
}

/* Reckons when the job of this line begins; *at is when it could, and moves on. */
static double start_of(struct context *cx, const struct queue_line *l,
		       struct queue_job *j, double *at)
{
	double wait = (double)(l->not_before - (int64_t)time(NULL));
	double start = *at >= 0 && wait > *at ? wait : *at;

	if (l->treeless) {
		say_treeless(cx, j);
		return -1;
	}
	*at = add(*at, job_seconds(cx, j));
	return start;
}

static int load_queued(struct context *cx, size_t max, struct queue_view *v,
		       struct err *err)
{
	struct queue_line *lines = NULL;
	double rest = running_rest(cx, v);
	/* To what somebody waits for; it goes on after that. */
	bool gives_way = v->nrunning && v->running[0].class == QUEUE_BACKGROUND;
	double at = gives_way ? 0 : rest;
	int rc = 0;
	size_t n = 0;

	if (queue_lines(cx->db, &lines, &n, err) < 0)
		return -1;
	queue_order(lines, n);
	max = max < n ? max : n;
	v->queued = mem_alloc0((max + 1) * sizeof(*v->queued));
	v->starts_s = mem_alloc0((max + 1) * sizeof(*v->starts_s));
	for (size_t i = 0; i < max && rc == 0; i++) {
		struct queue_job *j = &v->queued[v->nqueued];
		int found = queue_find(cx->db, lines[i].id, j, err);

		if (gives_way && lines[i].class == QUEUE_BACKGROUND) {
			at = add(at, rest);
			gives_way = false;
		}
		if (found < 0)
			rc = -1;
		if (found <= 0)
			continue;
		v->starts_s[v->nqueued++] = start_of(cx, &lines[i], j, &at);
	}
	if (gives_way)
		at = add(at, rest);
	/* The rest is not looked at one by one. */
	if (n > max && v->nqueued)
		at = add(at, (double)(n - max) * job_seconds(cx, &v->queued[0]));
	v->done_s = at;
	queue_line_list_free(lines, n);
	return rc;
}

int queue_view_load(struct context *cx, size_t max, size_t over, struct queue_view *ret,
		    struct err *err)
{
	AUTO_TX struct tx tx = TX_INIT;
	struct queue_view v = { .daemon = NULL };

	ask_daemon(cx, &v);
	/* One state of it all. */
	if (db_begin(cx->db, &tx, err) < 0 || queue_count(cx->db, v.counts, err) < 0 ||
	    queue_list_running(cx->db, &v.running, &v.nrunning, err) < 0 ||
	    queue_list_over(cx->db, (int64_t)over, &v.over, &v.nover, err) < 0 ||
	    load_queued(cx, max, &v, err) < 0 || db_commit(&tx, err) < 0) {
		queue_view_done(&v);
		return -1;
	}
	*ret = v;
	return 0;
}

/* ---- printing ---- */

static void print_job(const struct queue_job *j, const char *state, const char *when,
		      struct term *t)
{
	AUTO_FREE char *job = str_printf("%5lld", (long long)j->id);
	AUTO_FREE char *who =
		str_printf("%s%s%s", j->sender, *j->list ? " on " : "", j->list);
	AUTO_FREE char *clean = text_clean_line(who, 0);
	AUTO_FREE char *cut = term_cut(clean, WHO_WIDTH - 2);
	AUTO_FREE char *what = str_printf("%s%s%s", j->subject, j->reason ? ": " : "",
					  j->reason ? j->reason : "");
	AUTO_FREE char *subject = text_clean_line(what, 0);
	int left = t->width - JOB_WIDTH - STATE_WIDTH - WHEN_WIDTH - WHO_WIDTH;
	/* A reason is not cut: where it does not fit, it comes below. */
	bool below = t->tty && text_width(subject) > left &&
		     (j->reason || left < BESIDE_MIN);
	AUTO_FREE char *rest = t->tty ? term_cut(subject, left) : str_dup(subject);
	enum term_style style = j->state == QUEUE_RUNNING ? TERM_GOOD :
				j->state == QUEUE_APART || j->state == QUEUE_FAILED ?
							    TERM_OURS :
							    TERM_PLAIN;

	term_put(t, TERM_BOLD, job, JOB_WIDTH);
	term_put(t, style, state, STATE_WIDTH);
	term_put(t, TERM_DIM, when, WHEN_WIDTH);
	term_put(t, TERM_PLAIN, cut, below ? 0 : WHO_WIDTH);
	if (!below)
		term_put(t, TERM_PLAIN, rest, 0);
	fputc('\n', t->out);
	if (below) {
		term_pad(t, JOB_WIDTH);
		term_wrap(t, TERM_PLAIN, subject, JOB_WIDTH);
	}
}

static char *when_text(const char *before, double seconds)
{
	AUTO_FREE char *time = NULL;

	if (seconds < 0)
		return str_dup("");
	time = progress_time(seconds);
	return str_printf("%s%s", before, time);
}

void queue_view_print(const struct queue_view *v, struct term *t)
{
	int64_t left = v->counts[QUEUE_QUEUED] - (int64_t)v->nqueued;

	for (size_t i = 0; i < v->nrunning; i++) {
		const struct queue_job *j = &v->running[i];
		AUTO_FREE char *when =
			when_text("for ", (double)(time(NULL) - (time_t)j->started));

		print_job(j, "running", when, t);
	}
	for (size_t i = 0; i < v->nqueued; i++) {
		const struct queue_job *j = &v->queued[i];
		AUTO_FREE char *when = v->starts_s[i] >= 0 && v->starts_s[i] < 1 ?
					       str_dup("next") :
					       when_text("in about ", v->starts_s[i]);

		print_job(j,
			  j->class == QUEUE_INTERACTIVE ? "interactive" :
			  j->epoch                      ? "goes on" :
							  "queued",
			  when, t);
	}
	if (left > 0)
		fprintf(t->out, "        and %lld more\n", (long long)left);
}

void queue_view_print_counts(const struct queue_view *v, struct term *t)
{
	AUTO_FREE char *rest = when_text(", done in about ", v->done_s);

	fprintf(t->out, "%lld queued, %lld running%s%s",
		(long long)v->counts[QUEUE_QUEUED], (long long)v->counts[QUEUE_RUNNING],
		v->counts[QUEUE_QUEUED] + v->counts[QUEUE_RUNNING] ? rest : "", "");
	if (v->counts[QUEUE_APART])
		fprintf(t->out, "; %lld set apart", (long long)v->counts[QUEUE_APART]);
	fputc('\n', t->out);
}

void queue_view_print_over(const struct queue_view *v, struct term *t)
{
	for (size_t i = 0; i < v->nover; i++) {
		const struct queue_job *j = &v->over[i];
		AUTO_FREE char *when =
			j->series_id > 0 ? str_printf("s%lld", (long long)j->series_id) :
					   str_dup("");

		print_job(j, queue_state_str(j->state), when, t);
	}
}

/* ---- JSON ---- */

static struct json_object *job_json(const struct queue_job *j)
{
	struct json_object *o = json_object_new_object();

	json_set_int(o, "job", j->id);
	json_set_str(o, "kind", queue_kind_str(j->kind));
	json_set_str(o, "class", queue_class_str(j->class));
	json_set_str(o, "state", queue_state_str(j->state));
	json_set_str(o, "list", j->list);
	json_set_str(o, "sender", j->sender);
	json_set_str(o, "subject", j->subject);
	json_set_str(o, "tree", j->tree);
	json_set_int(o, "version", j->version);
	json_set_int(o, "posted", j->posted);
	json_set_int(o, "crashes", j->crashes);
	json_set_int(o, "interrupted", j->interrupted);
	json_set_int(o, "retries", j->retries);
	json_set_str(o, "reason", j->reason);
	if (j->series_id > 0)
		json_set_int(o, "series", j->series_id);
	if (j->exit >= 0)
		json_set_int(o, "exit", j->exit);
	if (j->started >= 0)
		json_set_int(o, "started", j->started);
	if (j->finished >= 0)
		json_set_int(o, "finished", j->finished);
	return o;
}

static struct json_object *jobs_json(const struct queue_job *v, size_t n,
				     const double *starts)
{
	struct json_object *a = json_object_new_array();

	for (size_t i = 0; i < n; i++) {
		struct json_object *o = job_json(&v[i]);

		if (starts && starts[i] >= 0)
			json_set_num(o, "starts_in", starts[i]);
		json_object_array_add(a, o);
	}
	return a;
}

struct json_object *queue_view_json(const struct queue_view *v)
{
	struct json_object *o = json_object_new_object();
	struct json_object *counts = json_object_new_object();

	for (int i = 0; i <= QUEUE_APART; i++)
		json_set_int(counts, queue_state_str((enum queue_state)i), v->counts[i]);
	json_set_str(o, "schema", "sluice/queue/1");
	json_set(o, "counts", counts);
	json_set(o, "running", jobs_json(v->running, v->nrunning, NULL));
	json_set(o, "queued", jobs_json(v->queued, v->nqueued, v->starts_s));
	json_set(o, "over", jobs_json(v->over, v->nover, NULL));
	if (v->done_s >= 0)
		json_set_num(o, "done_in", v->done_s);
	return o;
}
