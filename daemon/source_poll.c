#include "daemon/source_poll.h"

#include <string.h>
#include <time.h>

#include "daemon/source_watch.h"
#include "lib/cleanup.h"
#include "lib/str.h"

enum {
	BACK_OFF_MAX_S = 3600,
	RETRY_AFTER_MAX_S = 24 * 3600,
	POLL_MS = 120000,
	REQUEST_MS = 60000,
	DEADLINE_MS = POLL_MS + 2 * REQUEST_MS + 30000,
	MAILS = 2000, /* in one poll */
};
#define POLL_BYTES (256LL << 20)
#define ROLE_LOG_MAX (1 << 20)

int64_t source_poll_next(const struct source_poll_due *d)
{
	int64_t wait = d->interval;
	int64_t most = d->interval > BACK_OFF_MAX_S ? d->interval : BACK_OFF_MAX_S;
	int64_t asked = d->retry_after < RETRY_AFTER_MAX_S ? d->retry_after :
							     RETRY_AFTER_MAX_S;

	if (!d->failures && d->more)
		return d->now;
	if (!d->failures && d->again > 0 && d->again < wait)
		wait = d->again;
	for (int64_t i = 1; i < d->failures && wait < most; i++)
		wait *= 2;
	wait = wait < most ? wait : most;
	return d->now + (asked > wait ? asked : wait);
}

/* ---- watches ---- */

bool watch_is_busy(const struct watch *w)
{
	return w->role || w->lines;
}

void watch_drop_lines(struct watch *w)
{
	if (w->lines)
		fclose(w->lines);
	if (w->raw >= 0)
		close(w->raw);
	json_object_put(w->result);
	poll_end_free(w->held);
	w->held = NULL;
	free(w->line);
	sd_event_source_disable_unref(w->piece);
	w->lines = NULL;
	w->raw = -1;
	w->result = NULL;
	w->line = NULL;
	w->line_size = w->taken = 0;
	w->piece = NULL;
}

static void watch_free(struct watch *w)
{
	watch_drop_lines(w);
	source_state_done(&w->state);
	free(w);
}

static bool any_busy(const struct source_poll *p)
{
	for (const struct watch *w = p->watches; w; w = w->next)
		if (watch_is_busy(w))
			return true;
	return false;
}

/* Takes those out that the configuration does not have and that do nothing. */
static void sweep(struct source_poll *p)
{
	struct watch **at = &p->watches;

	while (*at) {
		struct watch *w = *at;

		if (w->conf || watch_is_busy(w)) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		watch_free(w);
	}
}

/* ---- time ---- */

static int64_t wall(void)
{
	return time(NULL);
}

/* The clock was set back, perhaps by years: the times of before mean nothing. */
static void mend_time(struct watch *w, int64_t now)
{
	if (w->state.polled != DB_NO_INT && w->state.polled > now && w->state.next > now)
		w->state.next = now;
}

/*
 * The source whose turn is next, of those that a place is free for: whoever is due
 * longest, so that all have their turn. Those that failed last time share half of the
 * places: they are the ones that take minutes. NULL: none waits that may.
 */
static struct watch *first_due(const struct source_poll *p)
{
	size_t max = (size_t)p->o.host->config->daemon_polls, busy = 0, failing = 0;
	struct watch *first = NULL;

	for (const struct watch *w = p->watches; w; w = w->next)
		if (watch_is_busy(w)) {
			busy++;
			failing += w->state.failures > 0;
		}
	for (struct watch *w = p->watches; w && busy < max; w = w->next)
		if (w->conf && !watch_is_busy(w) &&
		    (w->state.failures == 0 || failing < max / 2) &&
		    (!first || w->state.next < first->state.next))
			first = w;
	return first;
}

/* The end of a poll arms it, too: then there is a place. */
static void arm(struct source_poll *p)
{
	int64_t now = wall();
	const struct watch *first;

	for (struct watch *w = p->watches; w; w = w->next)
		mend_time(w, now);
	first = first_due(p);
	if (p->stopped || !first) {
		sd_event_source_set_enabled(p->timer, SD_EVENT_OFF);
		return;
	}
	sd_event_source_set_time_relative(
		p->timer, first->state.next > now ?
				  (uint64_t)(first->state.next - now) * 1000000 :
				  0);
	sd_event_source_set_enabled(p->timer, SD_EVENT_ONESHOT);
}

void watch_settle(struct watch *w)
{
	struct source_poll *p = w->p;

	watch_drop_lines(w);
	sweep(p);
	if (!p->stopped)
		arm(p);
	else if (!any_busy(p) && p->o.idle)
		p->o.idle(p->o.arg);
}

/* ---- the begin ---- */

static struct json_object *job_of(const struct watch *w, struct json_object *cursor)
{
	struct json_object *job = json_object_new_object();
	struct json_object *limits = json_object_new_object();
	const struct source_conf *c = w->conf;
	int64_t since = (int64_t)(c->since_ms / 1000);

	json_set_str(job, "kind", c->kind);
	json_set_str(job, "url", c->url);
	json_set_str(job, "path", c->path);
	json_set_str(job, "project", c->project);
	json_set_str(job, "token_file", c->token_file);
	json_set(job, "cursor", json_object_get(cursor));
	json_set_int(job, "since", since ? wall() - since : 0);
	json_set_int(limits, "mail_bytes", (long long)w->p->o.host->config->mail_bytes);
	json_set_int(limits, "mails", MAILS);
	json_set_int(limits, "bytes", POLL_BYTES);
	json_set_int(limits, "ms", POLL_MS);
	json_set_int(limits, "request_ms", REQUEST_MS);
	json_set(job, "limits", limits);
	return job;
}

static void on_role_done(const struct role_end *end, void *arg)
{
	struct watch *w = arg;
	bool stale = w->stale;

	w->role = NULL;
	w->stale = false;
	if (!w->lines && (!w->conf || w->p->stopped || stale))
		watch_settle(w);
	else
		source_take(w, end);
}

int watch_ask(struct watch *w, struct json_object *cursor, struct err *err)
{
	struct role_opts opts = {
		.name = "poll",
		.deadline_ms = DEADLINE_MS,
		.output_max = ROLE_LOG_MAX,
		.done = on_role_done,
		.arg = w,
	};

	opts.dir = state_job_dir(w->p->o.host->state, "poll", err);
	if (!opts.dir)
		return -1;
	opts.job = job_of(w, cursor);
	return role_start(w->p->o.host, &opts, &w->role, err);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *arg)
{
	struct source_poll *p = arg;
	int64_t now = wall();
	struct watch *w;

	(void)source;
	(void)usec;
	arm(p); /* for the case that the clock was set back */
	while (!p->stopped && (w = first_due(p)) && w->state.next <= now) {
		struct err err = { .code = ERR_NONE };

		/* One that cannot be started is not due any more. */
		if (watch_ask(w, w->state.cursor, &err) < 0)
			source_take_failed(w, err.msg);
	}
	arm(p);
	return 0;
}

/* ---- from outside ---- */

int source_poll_new(const struct source_poll_opts *opts, struct source_poll **ret_polls,
		    struct err *err)
{
	struct source_poll *p = mem_alloc0(sizeof(*p));

	p->o = *opts;
	if (sd_event_add_time_relative(opts->host->event, &p->timer, CLOCK_BOOTTIME, 0,
				       100000, on_timer, p) < 0 ||
	    sd_event_source_set_enabled(p->timer, SD_EVENT_OFF) < 0) {
		source_poll_free(p);
		return err_set(err, ERR_SYS, "event loop: no timer");
	}
	*ret_polls = p;
	return 0;
}

void source_poll_free(struct source_poll *p)
{
	if (!p)
		return;
	sd_event_source_disable_unref(p->timer);
	while (p->watches) {
		struct watch *w = p->watches;

		p->watches = w->next;
		watch_free(w);
	}
	free(p);
}

static bool is_same(const struct watch *w, const struct source_conf *c)
{
	return !strcmp(w->state.name, c->name) && !strcmp(w->state.kind, c->kind) &&
	       !strcmp(w->state.location, source_conf_where(c));
}

/* The row of a source as it is configured now; a cursor of elsewhere is dropped. */
static int load_state(struct db *db, const struct source_conf *c,
		      struct source_state *ret, struct err *err)
{
	int rc = source_state_find(db, c->name, ret, err);

	if (rc < 0)
		return -1;
	if (rc && !strcmp(ret->kind, c->kind) &&
	    !strcmp(ret->location, source_conf_where(c))) {
		/* The clock was set back, or it was asked to wait very long. */
		if (ret->next > wall() + RETRY_AFTER_MAX_S)
			ret->next = wall();
		return 0;
	}
	if (rc)
		source_state_done(ret);
	*ret = (struct source_state){ .name = str_dup(c->name),
				      .kind = str_dup(c->kind),
				      .location = str_dup(source_conf_where(c)),
				      .polled = DB_NO_INT,
				      .succeeded = DB_NO_INT,
				      .next = wall() };
	return source_state_put(db, ret, err);
}

static int add_source(struct source_poll *p, const struct source_conf *c, struct err *err)
{
	int64_t latest = wall() + (int64_t)(c->interval_ms + 999) / 1000;
	struct watch *w = p->watches;

	while (w && (w->conf || !is_same(w, c)))
		w = w->next;
	if (!w) {
		w = mem_alloc0(sizeof(*w));
		w->p = p;
		w->raw = -1;
		if (load_state(p->o.db, c, &w->state, err) < 0) {
			watch_free(w);
			return -1;
		}
		w->next = p->watches;
		p->watches = w;
	}
	w->conf = c;
	/* The interval may have become shorter. */
	if (!w->state.failures && w->state.next > latest)
		w->state.next = latest;
	return 0;
}

static int delete_others(struct source_poll *p, const struct source_conf *sources,
			 size_t n, struct err *err)
{
	struct source_state *list = NULL;
	size_t count = 0;
	int rc = source_state_list(p->o.db, &list, &count, err);

	for (size_t i = 0; !rc && i < count; i++) {
		bool there = false;

		for (size_t k = 0; k < n; k++)
			there = there || !strcmp(list[i].name, sources[k].name);
		if (!there)
			rc = source_state_delete(p->o.db, list[i].name, err);
	}
	source_state_list_free(list, count);
	return rc;
}

int source_poll_configure(struct source_poll *p, const struct source_conf *sources,
			  size_t n, struct err *err)
{
	AUTO_TX struct tx tx = TX_INIT;
	int rc;

	for (struct watch *w = p->watches; w; w = w->next)
		w->conf = NULL;
	rc = db_begin(p->o.db, &tx, err);
	if (!rc)
		rc = delete_others(p, sources, n, err);
	for (size_t i = 0; !rc && i < n; i++)
		rc = add_source(p, &sources[i], err);
	if (!rc)
		rc = db_commit(&tx, err);
	for (struct watch *w = p->watches; w; w = w->next)
		if (!w->conf)
			role_cancel(w->role);
	sweep(p);
	arm(p);
	return rc;
}

bool source_poll_now(struct source_poll *p, const char *name)
{
	for (struct watch *w = p->watches; w; w = w->next)
		if (w->conf && !strcmp(w->conf->name, name)) {
			w->state.next = wall();
			arm(p);
			return true;
		}
	return false;
}

bool source_poll_stop(struct source_poll *p)
{
	p->stopped = true;
	for (struct watch *w = p->watches; w; w = w->next)
		role_cancel(w->role);
	arm(p);
	return !any_busy(p);
}
