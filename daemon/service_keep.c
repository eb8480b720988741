#include "daemon/service_keep.h"

#include <time.h>

#include "daemon/disk.h"
#include "daemon/keep.h"
#include "lib/cleanup.h"
#include "lib/log.h"
#include "lib/paths.h"
#include "lib/str.h"
#include "lib/text.h"

/* A start is not the time for it: the queue comes first. */
#define FIRST_S 60
/* After it dropped something, the disk may run full again in the next job. */
#define AGAIN_S 60
/* Ten seconds, and what a big folder takes more. */
#define DEADLINE_MS 300000

static int64_t now_s(void)
{
	return (int64_t)time(NULL);
}

static int64_t interval_s(const struct service *s)
{
	return (int64_t)(s->config->keep_interval_ms / 1000);
}

static bool disk_runs_full(const struct service *s)
{
	return disk_free_percent(s->state_dir) < s->config->daemon_min_free * 2;
}

static void on_line(struct job *child, const char *line, size_t len, void *arg)
{
	AUTO_FREE char *text = text_clean_line(line, 300);
	AUTO_JSON struct json_object *o = json_object_new_object();
	struct service *s = arg;

	(void)child;
	(void)len;
	log_info("retention: %s", text);
	json_set_str(o, "kind", "dropped");
	json_set_str(o, "text", text);
	control_tell(s->control, CONTROL_WATCH_CLEAN, o, false);
}

/* error NULL: all was dropped that is to be. */
static void tell_end(struct service *s, const char *error)
{
	AUTO_JSON struct json_object *o = json_object_new_object();

	json_set_str(o, "kind", "clean");
	json_set_str(o, "error", error);
	control_tell(s->control, CONTROL_WATCH_CLEAN, o, true);
}

static void on_done(struct job *child, enum job_how how, int code, void *arg)
{
	struct service *s = arg;
	struct service_keep *k = &s->keep;
	bool yielded = how == JOB_CANCELLED;
	bool more = how == JOB_EXITED && code == KEEP_MORE;
	bool dropped = yielded || more || (how == JOB_EXITED && code == KEEP_DROPPED);
	AUTO_FREE char *error = NULL;

	(void)child;
	k->child = NULL;
	if (!dropped && !(how == JOB_EXITED && code == KEEP_NOTHING)) {
		error = str_printf("retention did not come to its end (%s, %d)",
				   job_how_str(how), code);
		log_warn("%s", error);
	}
	/* What was asked for while it ran is still to come. */
	if (!more && !yielded && !k->asked)
		tell_end(s, error);
	/* One job may come in between. */
	k->next = now_s() + (more ? 1 : yielded ? AGAIN_S : interval_s(s));
	/* Where it found nothing to drop, it need not look each minute. */
	k->next_full = dropped ? now_s() + AGAIN_S : k->next;
	service_maybe_end(s);
	service_advance(s);
}

static bool is_due(const struct service *s)
{
	const struct service_keep *k = &s->keep;

	return k->asked || now_s() >= k->next ||
	       (now_s() >= k->next_full && disk_runs_full(s));
}

bool service_keep_works(struct service *s)
{
	struct service_keep *k = &s->keep;
	AUTO_FREE char *self = paths_self();
	const char *argv[] = { self,         "sweep",         "--state-dir",
			       s->state_dir, "--config-file", s->config_copy,
			       NULL };
	const struct job_opts opts = {
		.argv = (char *const *)argv,
		.fds = &s->lock,
		.nfds = 1,
		.deadline_ms = DEADLINE_MS,
		.with_parent = true,
		.on_line = on_line,
		.on_done = on_done,
		.arg = s,
	};
	struct err err = { 0 };

	if (!k->next)
		k->next =
			s->started + (interval_s(s) < FIRST_S ? interval_s(s) : FIRST_S);
	if (k->child)
		return true;
	if (!is_due(s))
		return false;
	k->asked = false;
	if (self && job_start(s->event, &opts, &k->child, &err) == 0)
		return true;
	if (!self)
		err_set(&err, ERR_SYS, "cannot find our own binary");
	log_error("retention: %s", err.msg);
	tell_end(s, err.msg);
	k->next = k->next_full = now_s() + interval_s(s);
	return false;
}

int64_t service_keep_next(const struct service *s)
{
	return s->keep.next;
}

void service_keep_ask(struct service *s)
{
	s->keep.asked = true;
	service_advance(s);
}

void service_keep_yield(struct service *s)
{
	if (s->keep.child &&
	    disk_free_percent(s->state_dir) >= s->config->daemon_min_free)
		job_cancel(s->keep.child);
}
