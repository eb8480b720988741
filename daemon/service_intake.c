#include "daemon/service_intake.h"

#include <string.h>
#include <time.h>

#include "daemon/plan.h"
#include "daemon/posting_request.h"
#include "daemon/postings.h"
#include "daemon/source_poll.h"
#include "db/tree.h"
#include "lib/cleanup.h"
#include "lib/log.h"
#include "lib/str.h"
#include "lib/text.h"

#define AGAIN_S 10   /* after trouble with the database */
#define OVER_MAX 500 /* postings that are looked at at once */

struct service_intake {
	struct service *s;
	struct role_host host;
	struct source_poll *polls; /* NULL until it is started */
	struct postings *postings;
	struct postings_source *sources;
	size_t nsources;
	int64_t *cancelled; /* who watches these jobs is still to be told */
	size_t ncancelled;
	sd_event_source *after, *due;
	bool stopped, quiet;
	bool unconfigured; /* source_poll could not take the sources */
};

static int64_t now_s(void)
{
	return (int64_t)time(NULL);
}

/* ---- the sources as the configuration has them ---- */

static void sources_free(struct postings_source *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free((char *)list[i].name);
		strv_free((char **)list[i].filter.lists);
		strv_free((char **)list[i].filter.subject);
		strv_free((char **)list[i].filter.paths);
	}
	free(list);
}

static void take_sources(struct service_intake *in, const struct config *c)
{
	struct postings_source *list = mem_alloc0((c->nsources + 1) * sizeof(*list));

	for (size_t i = 0; i < c->nsources; i++) {
		const struct source_conf *conf = &c->sources[i];

		list[i] = (struct postings_source){
			.name = str_dup(conf->name),
			.filter = { .lists = strv_split(conf->lists, ", \t"),
				    /* Titles have spaces. */
				    .subject = strv_split(conf->subject, ","),
				    .paths = strv_split(conf->paths, ", \t") },
			.complete_after = (int64_t)(conf->complete_after_ms / 1000),
		};
	}
	if (in->postings)
		postings_set_sources(in->postings, list, c->nsources);
	sources_free(in->sources, in->nsources);
	in->sources = list;
	in->nsources = c->nsources;
}

static const struct source_conf *conf_of(const struct service *s, const char *name)
{
	for (size_t i = 0; i < s->config->nsources; i++)
		if (strcmp(s->config->sources[i].name, name) == 0)
			return &s->config->sources[i];
	return NULL;
}

/* ---- the mails of a posting ---- */

/* 1 with the artifact; 0 when they are not all there, or are too large. */
static int store_mails(struct service *s, const struct posting_row *p, char **ret_sha,
		       struct err *err)
{
	AUTO(str_done) struct str mbox = { .limit = s->config->mbox_bytes };
	char sha[SHA256_HEX];
	int r = postings_mbox(s->db, p, &mbox, err);

	if (r <= 0)
		return r;
	if (mbox.truncated) {
		log_warn("%s: its mails are over the limit of limits.mbox_bytes",
			 p->message_id);
		return 0;
	}
	if (artifact_put_bytes(s->artifacts, str_get(&mbox), mbox.len, ARTIFACT_ZSTD, sha,
			       err) < 0)
		return -1;
	*ret_sha = str_dup(sha);
	return 1;
}

/*
 * Until a job begins its posting's mails are only in the index: most of what a first
 * poll brings is superseded before, and a file for each would hold the transaction.
 */
static int prepare(struct service *s, struct queue_job *j, struct err *err)
{
	struct posting_row p = { 0 };
	AUTO_FREE char *sha = NULL;
	int r;

	if (j->posting_id < 0 || j->mbox || !json_str(j->request, "mails", NULL))
		return 0;
	r = posting_find(s->db, j->posting_id, &p, err);
	if (r > 0)
		r = store_mails(s, &p, &sha, err);
	posting_row_done(&p);
	if (r < 0)
		return -1;
	if (r == 0) /* an archive may still have them */
		json_object_object_del(j->request, "mails");
	return queue_set_mails(s->db, j->id, j->request, sha, err);
}

int service_intake_prepare(struct service *s, int64_t job, struct err *err)
{
	struct queue_job j = { 0 };
	int r = queue_find(s->db, job, &j, err);

	if (r > 0)
		r = prepare(s, &j, err);
	queue_job_done(&j);
	return r < 0 ? -1 : 0;
}

/* ---- after a transaction ---- */

static int on_due(sd_event_source *src, uint64_t usec, void *arg);

static void arm(struct service_intake *in)
{
	int64_t when = 0, now = now_s(), wait;
	struct err err = { 0 };

	in->due = sd_event_source_disable_unref(in->due);
	if (in->stopped)
		return;
	if (posting_next_deadline(in->s->db, &when, &err) < 0) {
		log_error("%s", err.msg);
		when = now + AGAIN_S;
	}
	if (in->unconfigured && (!when || when > now + AGAIN_S))
		when = now + AGAIN_S;
	if (!when)
		return;
	wait = when > now ? when - now : 1;
	sd_event_add_time_relative(in->s->event, &in->due, CLOCK_BOOTTIME,
				   (uint64_t)wait * 1000000, 0, on_due, in);
}

/* Whoever watches hears it when it is written; what was rolled back is not told. */
static int on_after(sd_event_source *src, void *arg)
{
	struct service_intake *in = arg;
	int64_t *cancelled = in->cancelled;
	size_t n = in->ncancelled;

	(void)src;
	in->cancelled = NULL;
	in->ncancelled = 0;
	for (size_t i = 0; i < n; i++)
		service_tell_end(in->s, cancelled[i]);
	free(cancelled);
	arm(in);
	service_advance(in->s);
	return 0;
}

static void do_after(struct service_intake *in)
{
	sd_event_source_set_enabled(in->after, SD_EVENT_ONESHOT);
}

static int on_due(sd_event_source *src, uint64_t usec, void *arg)
{
	struct service_intake *in = arg;
	struct err err = { 0 };

	(void)src;
	(void)usec;
	if (in->unconfigured)
		service_intake_configure(in->s);
	if (postings_expire(in->postings, now_s(), &err) < 0)
		log_error("series that lack parts: %s", err.msg);
	do_after(in);
	return 0;
}

/* ---- what postings ask for, inside the transaction ---- */

static bool is_there(const char *what, const char *name, void *arg)
{
	struct service *s = arg;
	char *const names[] = { (char *)name, NULL };
	struct tree t = { 0 };
	int found;

	if (strcmp(what, "tree") != 0)
		return plan_check(s->config, strcmp(what, "config") ? NULL : names,
				  strcmp(what, "topology") ? NULL : names,
				  strcmp(what, "suite") ? NULL : names, NULL) == 0;
	found = tree_find(s->db, name, &t, NULL);
	tree_done(&t);
	return found > 0;
}

static void fill_job(struct service *s, const struct posting_row *p, struct queue_job *j)
{
	AUTO(str_done) struct str unheard = STR_INIT;
	const struct source_conf *conf = conf_of(s, p->source);
	json_object *first = json_object_array_get_idx(p->lists, 0);
	struct request q;
	char **lines;

	posting_request(p, conf, is_there, s, &q, &unheard);
	lines = strv_split(str_get(&unheard), "\n");
	for (char **l = lines; *l; l++)
		log_warn("%s: what its author asks for is not done: %s", p->message_id,
			 *l);
	strv_free(lines);
	*j = (struct queue_job){
		.kind = QUEUE_SERIES,
		.class = QUEUE_BACKGROUND,
		.list = str_dup(first ? json_object_get_string(first) : p->source),
		.sender = str_dup(p->sender),
		.subject = text_clean_line(p->subject, 200),
		.tree = str_dup(q.tree ? q.tree : s->config->tree),
		.request = request_to_json(&q),
		.posting_id = p->id,
		.version = p->version,
		.posted = p->posted,
	};
	request_done(&q);
}

static int on_queue(const struct posting_row *p, void *arg, int64_t *ret_job,
		    struct err *err)
{
	struct service_intake *in = arg;
	struct queue_job j;
	int r = 0;

	fill_job(in->s, p, &j);
	/* The bytes of the version that it goes back to may be dropped any time. */
	if (p->refilled && json_str(j.request, "mails", NULL))
		r = store_mails(in->s, p, &j.mbox, err);
	if (r == 0 && p->refilled)
		json_object_object_del(j.request, "mails");
	if (r >= 0)
		r = service_enqueue(in->s, &j, err);
	if (r == 0)
		*ret_job = j.id;
	queue_job_done(&j);
	return r < 0 ? -1 : 0;
}

static int on_cancel(int64_t job, const char *why, void *arg, bool *ret_cancelled,
		     struct err *err)
{
	struct service_intake *in = arg;
	int r = service_cancel_waiting(in->s, job, why, err);

	if (r < 0)
		return -1;
	*ret_cancelled = r > 0;
	if (r > 0) {
		in->cancelled = mem_realloc(in->cancelled, in->ncancelled + 1,
					    sizeof(*in->cancelled));
		in->cancelled[in->ncancelled++] = job;
	}
	return 0;
}

/* ---- what sources bring ---- */

static int on_mail(const struct source_conf *source, struct json_object *mail,
		   const char *raw, size_t raw_len, void *arg, struct err *err)
{
	struct service_intake *in = arg;

	return postings_add(in->postings, source->name, mail, raw, raw_len, now_s(), err);
}

static int on_piece(void *arg, struct err *err)
{
	struct service_intake *in = arg;

	do_after(in);
	return postings_settle(in->postings, now_s(), err);
}

static void on_polled(const struct source_conf *source, const struct source_state *state,
		      size_t mails, void *arg)
{
	(void)state;
	(void)arg;
	if (mails)
		log_info("source %s: %zu mail%s", source->name, mails,
			 mails == 1 ? "" : "s");
}

static void on_idle(void *arg)
{
	struct service_intake *in = arg;

	in->quiet = true;
	service_maybe_end(in->s);
}

/* ---- the ends of jobs ---- */

/* True when there may be more of them. */
static bool settle_over(struct service_intake *in)
{
	struct service *s = in->s;
	struct posting_row *list;
	struct err err = { 0 };
	size_t n = 0;
	int r = posting_list_over(s->db, OVER_MAX, &list, &n, &err);

	if (r < 0) {
		log_error("%s", err.msg);
		return false;
	}
	for (size_t i = 0; i < n && r == 0; i++) {
		/* One that was cancelled may be asked for again. */
		if (list[i].job >= 0)
			r = service_intake_prepare(s, list[i].job, &err);
		if (r == 0)
			r = postings_job_over(in->postings, list[i].id, now_s(), &err);
		if (r < 0)
			log_error("%s: %s", list[i].message_id, err.msg);
	}
	posting_row_list_free(list, n);
	if (n)
		do_after(in); /* one may be queued again */
	return r == 0 && n == OVER_MAX;
}

void service_intake_job_over(struct service *s)
{
	while (s->intake && settle_over(s->intake))
		;
}

/* ---- from outside ---- */

void service_intake_configure(struct service *s)
{
	struct service_intake *in = s->intake;
	struct err err = { 0 };

	in->host.config = s->config;
	take_sources(in, s->config);
	in->unconfigured = source_poll_configure(in->polls, s->config->sources,
						 s->config->nsources, &err) < 0;
	if (in->unconfigured) {
		log_error("the sources are not polled yet: %s", err.msg);
		arm(in);
	}
}

int service_intake_new(struct service *s, struct err *err)
{
	struct service_intake *in = mem_alloc0(sizeof(*in));
	struct postings_opts po = { .db = s->db,
				    .on_queue = on_queue,
				    .on_cancel = on_cancel,
				    .arg = in };
	struct source_poll_opts so = {
		.host = &in->host,
		.db = s->db,
		.mail = on_mail,
		.piece = on_piece,
		.polled = on_polled,
		.idle = on_idle,
		.arg = in,
	};

	s->intake = in;
	in->s = s;
	in->host = (struct role_host){ .event = s->event,
				       .state = s->state,
				       .config = s->config };
	in->quiet = true;
	take_sources(in, s->config);
	po.sources = in->sources;
	po.sources_n = in->nsources;
	in->postings = postings_new(&po);
	if (sd_event_add_defer(s->event, &in->after, on_after, in) < 0 ||
	    sd_event_source_set_enabled(in->after, SD_EVENT_OFF) < 0)
		return err_set(err, ERR_SYS, "event loop");
	if (source_poll_new(&so, &in->polls, err) < 0)
		return -1;
	service_intake_job_over(s);
	return 0;
}

void service_intake_start(struct service *s)
{
	service_intake_configure(s);
	arm(s->intake);
}

void service_intake_stop(struct service *s)
{
	s->intake->stopped = true;
	s->intake->quiet = source_poll_stop(s->intake->polls);
	arm(s->intake);
}

bool service_intake_quiet(const struct service *s)
{
	return s->intake->quiet;
}

void service_intake_free(struct service *s)
{
	struct service_intake *in = s->intake;

	if (!in)
		return;
	/* Polls that did not end in time die with us, and still know of it. */
	in->quiet = !in->polls || source_poll_stop(in->polls);
	if (in->quiet)
		source_poll_free(in->polls);
	sd_event_source_disable_unref(in->after);
	sd_event_source_disable_unref(in->due);
	postings_free(in->postings);
	sources_free(in->sources, in->nsources);
	free(in->cancelled);
	s->intake = NULL;
	if (in->quiet)
		free(in);
}
