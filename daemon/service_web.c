/* "sluice serve" as a child of the daemon, started again when it ends. */
#include "daemon/service.h"

#include <string.h>

#include "lib/cleanup.h"
#include "lib/log.h"
#include "lib/paths.h"
#include "lib/str.h"
#include "lib/text.h"

#define AGAIN_US (10 * 1000000ULL)

static int on_again(sd_event_source *src, uint64_t usec, void *arg)
{
	(void)src;
	(void)usec;
	service_web_start(arg);
	return 0;
}

static void start_later(struct service *s, uint64_t usec)
{
	sd_event_source_disable_unref(s->web_again);
	s->web_again = NULL;
	if (!s->stopping)
		sd_event_add_time_relative(s->event, &s->web_again, CLOCK_MONOTONIC, usec,
					   0, on_again, s);
}

/* Its one line on stdout is the URL; all others are complaints. */
static void on_line(struct job *child, const char *line, size_t len, void *arg)
{
	struct service *s = arg;
	AUTO_FREE char *clean = text_clean_line(line, 300);

	(void)child;
	(void)len;
	log_info("serve: %s", clean);
	if (!str_starts(clean, "http"))
		return;
	free(s->web_url);
	s->web_url = TAKE_PTR(clean);
}

static void on_done(struct job *child, enum job_how how, int code, void *arg)
{
	struct service *s = arg;

	(void)child;
	s->web = NULL;
	free(s->web_url);
	s->web_url = NULL;
	service_maybe_end(s);
	if (how == JOB_CANCELLED) /* by us: another place, or none */
		return start_later(s, 0);
	if (!s->stopping)
		log_warn("serve ended (%s %d) and is started again", job_how_str(how),
			 code);
	start_later(s, AGAIN_US);
}

void service_web_start(struct service *s)
{
	AUTO_FREE char *self = paths_self();
	const char *argv[] = { self,         "serve",         "--state-dir",
			       s->state_dir, "--config-file", s->config_copy,
			       NULL };
	const struct job_opts opts = {
		.argv = (char *const *)argv,
		.with_parent = true,
		.on_line = on_line,
		.on_done = on_done,
		.arg = s,
	};
	struct err err = { 0 };

	if (s->stopping || s->web || strcmp(s->config->daemon_web, "yes") != 0)
		return;
	if (!self)
		err_set(&err, ERR_SYS, "cannot find our own binary (is /proc mounted?)");
	if (self && job_start(s->event, &opts, &s->web, &err) == 0)
		return;
	log_error("serve: %s", err.msg);
	start_later(s, AGAIN_US);
}

void service_web_configure(struct service *s, const struct config *old)
{
	bool same = strcmp(s->config->daemon_web, old->daemon_web) == 0 &&
		    strcmp(s->config->listen, old->listen) == 0;

	if (s->web && !same)
		job_cancel(s->web);
	else if (!s->web)
		service_web_start(s);
}
