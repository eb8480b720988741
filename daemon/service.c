#include "daemon/service.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "daemon/config_names.h"
#include "daemon/service_intake.h"
#include "daemon/service_trees.h"
#include "db/queue_series.h"
#include "db/setting.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/str.h"
#include "lib/text.h"

/* Children get 6 s between TERM and KILL; we promise to be gone after 10. */
#define STOP_US (9 * 1000000ULL)
#define CONFIG_MAX (1 << 20)

/* ---- the configuration ---- */

/*
 * Workers read a copy, so that a file which is edited, or was refused, is nothing to
 * them. It is the copy that is loaded and kept; on -1 all is as it was.
 */
static int accept_config(struct service *s, const struct config *fresh, struct err *err)
{
	bool file = strcmp(fresh->source, "built-in defaults") != 0;
	AUTO_FREE char *text = NULL;
	size_t len = 0;

	if (file && file_read(fresh->source, CONFIG_MAX, &text, &len, err) < 0)
		return -1;
	return file_write_atomic(s->config_copy, text ? text : "", len, 0644, err);
}

static void tell_complaints(const struct str *complaints)
{
	char **lines = strv_split(str_get(complaints), "\n");

	for (char **l = lines; *l; l++)
		log_error("%s", *l);
	strv_free(lines);
}

/* What only a new daemon can take over. */
static int check_fixed(struct service *s, const struct config *fresh, struct err *err)
{
	AUTO_FREE char *was = state_default_dir(NULL, s->config);
	AUTO_FREE char *now = state_default_dir(NULL, fresh);
	struct state *state = NULL;

	/* With --state-dir neither counts. */
	if (strcmp(was, s->state_dir) == 0 && strcmp(now, was) != 0)
		return err_set(
			err, ERR_INPUT,
			"sluice.state_dir is %s now: a daemon stays where its state "
			"is, start it anew",
			now);
	if (state_open(s->state_dir, fresh, &state, err) < 0)
		return -1;
	state_free(state);
	return 0;
}

static int take_over_config(struct service *s, struct config *fresh,
			    struct str *complaints, struct err *err)
{
	if (config_check_names(fresh, complaints, err) == 0 &&
	    check_fixed(s, fresh, err) == 0 &&
	    control_set_group(s->control, fresh->daemon_group, err) == 0 &&
	    accept_config(s, fresh, err) == 0)
		return 0;
	control_set_group(s->control, s->config->daemon_group, NULL);
	config_free(fresh);
	return -1;
}

/* For "sluice status": the first of all complaints says most. */
static void note_refused(struct service *s, const struct str *complaints,
			 const struct err *err)
{
	char **lines = strv_split(str_get(complaints), "\n");

	AUTO_FREE char *first = text_clean_line(lines[0] ? lines[0] : "", 300);

	free(s->refused);
	s->refused = str_printf("%s%s%s", err->msg, *first ? ": " : "", first);
	strv_free(lines);
}

static int reload(struct service *s, struct err *err)
{
	AUTO(str_done) struct str complaints = STR_INIT;
	struct config *fresh = NULL, *old = s->config;

	if (config_load(s->config_file, &fresh, &complaints, err) < 0 ||
	    take_over_config(s, fresh, &complaints, err) < 0) {
		tell_complaints(&complaints);
		note_refused(s, &complaints, err);
		return -1;
	}
	free(s->refused);
	s->refused = NULL;
	s->config = fresh;
	service_intake_configure(s);
	service_web_configure(s, old);
	service_trees_configure(s);
	config_free(old);
	return 0;
}

static int on_hup(sd_event_source *src, const struct signalfd_siginfo *si, void *arg)
{
	struct service *s = arg;
	struct err err = { 0 };
	struct timespec now;

	(void)src;
	(void)si;
	clock_gettime(CLOCK_MONOTONIC, &now);
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld",
		   (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	if (reload(s, &err) < 0)
		log_error("the configuration stays as it was: %s", err.msg);
	else
		log_info("configuration of %s loaded", s->config->source);
	/* What held jobs may be what was mended, and other files may have to go. */
	service_hold_no_more(s);
	s->keep.next_full = 0;
	sd_notify(0, "READY=1");
	service_advance(s);
	return 0;
}

/* ---- the end ---- */

bool service_quiet(const struct service *s)
{
	return !s->worker.child && !s->web && !s->keep.child && service_intake_quiet(s) &&
	       service_trees_quiet(s);
}

void service_maybe_end(struct service *s)
{
	if (s->stopping && service_quiet(s))
		sd_event_exit(s->event, 0);
}

static int on_too_long(sd_event_source *src, uint64_t usec, void *arg)
{
	struct service *s = arg;

	(void)src;
	(void)usec;
	log_warn("a child did not end in time and is killed with us");
	sd_event_exit(s->event, 0);
	return 0;
}

static int on_term(sd_event_source *src, const struct signalfd_siginfo *si, void *arg)
{
	struct service *s = arg;

	(void)src;
	if (s->stopping)
		return 0;
	log_info("signal %u: what runs goes back into the queue", si->ssi_signo);
	sd_notify(0, "STOPPING=1");
	s->stopping = true;
	sd_event_add_time_relative(s->event, NULL, CLOCK_MONOTONIC, STOP_US, 0,
				   on_too_long, s);
	service_stop_worker(s);
	job_cancel(s->web);
	job_cancel(s->keep.child);
	service_intake_stop(s);
	service_trees_stop(s);
	service_maybe_end(s);
	return 0;
}

/* ---- the beginning ---- */

/* "boot id:pid:start time": no other process has or had that. */
static int find_owner(struct service *s, struct err *err)
{
	AUTO_FREE char *boot = NULL, *stat = NULL;
	unsigned long long start = 0;
	char *p;

	if (file_read("/proc/sys/kernel/random/boot_id", 64, &boot, NULL, err) < 0 ||
	    file_read("/proc/self/stat", 4096, &stat, NULL, err) < 0)
		return -1;
	/* Field 22; the name in field 2 may hold anything. */
	p = strrchr(stat, ')');
	if (!p || sscanf(p + 1,
			 " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d"
			 " %*d %*d %*d %*d %llu",
			 &start) != 1)
		return err_set(err, ERR_SYS, "cannot read /proc/self/stat");
	snprintf(s->owner, sizeof(s->owner), "%.40s:%d:%llu", str_trim(boot),
		 (int)getpid(), start);
	return 0;
}

static int take_over(struct service *s, struct err *err)
{
	AUTO_FREE char *paused = NULL;
	int64_t n = 0;

	if (queue_put_back_dead(s->db, s->owner, (int64_t)time(NULL), &n, err) < 0 ||
	    queue_fail_series(s->db, 0, err) < 0 ||
	    setting_get(s->db, "paused", &paused, err) < 0)
		return -1;
	s->paused = queue_paused_parse(paused);
	if (n)
		log_info("%lld %s taken over from a daemon that ended", (long long)n,
			 n == 1 ? "job is" : "jobs are");
	return 0;
}

static int add_signals(struct service *s, struct err *err)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGHUP);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (sd_event_new(&s->event) < 0 ||
	    sd_event_add_signal(s->event, NULL, SIGINT, on_term, s) < 0 ||
	    sd_event_add_signal(s->event, NULL, SIGTERM, on_term, s) < 0 ||
	    sd_event_add_signal(s->event, NULL, SIGHUP, on_hup, s) < 0 ||
	    sd_event_set_watchdog(s->event, true) < 0)
		return err_set(err, ERR_SYS, "cannot make an event loop");
	return 0;
}

/* As at a SIGHUP: nothing begins while there is a mistake. */
static int check_names(struct service *s, struct err *err)
{
	AUTO(str_done) struct str complaints = STR_INIT;
	int rc = config_check_names(s->config, &complaints, err);

	if (rc < 0)
		tell_complaints(&complaints);
	return rc;
}

static int set_up(struct service *s, struct err *err)
{
	AUTO_FREE char *db_path = path_join(s->state_dir, "sluice.db", NULL);
	AUTO_FREE char *artifacts = path_join(s->state_dir, "artifacts", NULL);

	if (check_names(s, err) < 0 || add_signals(s, err) < 0 ||
	    find_owner(s, err) < 0 || db_open(db_path, DB_WRITE, &s->db, err) < 0 ||
	    artifact_store_new(artifacts, s->db, &s->artifacts, err) < 0 ||
	    state_open(s->state_dir, s->config, &s->state, err) < 0 ||
	    state_clean(s->state, err) < 0 || accept_config(s, s->config, err) < 0)
		return -1;
	/* What ran is queued again before anybody can ask. */
	if (take_over(s, err) < 0)
		return -1;
	if (control_new(s->event, s->state_dir, s->config->daemon_group, service_request,
			s, &s->control, err) < 0)
		return -1;
	return service_intake_new(s, err) < 0 || service_trees_new(s, err) < 0 ? -1 : 0;
}

static void tear_down(struct service *s)
{
	service_trees_free(s);
	service_intake_free(s);
	control_free(s->control);
	sd_event_source_disable_unref(s->later);
	sd_event_source_disable_unref(s->beat);
	sd_event_source_disable_unref(s->web_again);
	sd_event_unref(s->event);
	state_free(s->state);
	artifact_store_free(s->artifacts);
	db_close(s->db);
	config_free(s->config);
	free(s->state_dir);
	free(s->config_copy);
	free(s->refused);
	free(s->hold_why);
	free(s->web_url);
	free(s->worker.phase);
	free(s->worker.words);
}

int service_run(const char *config_file, struct config *config, const char *state_dir,
		int lock, struct err *err)
{
	struct service s = { .config_file = config_file,
			     .lock = lock,
			     .state_dir = str_dup(state_dir),
			     .config = config,
			     .config_copy = path_join(state_dir, "daemon.ini", NULL),
			     .started = (int64_t)time(NULL) };
	int rc = set_up(&s, err);

	if (rc == 0) {
		log_info("the daemon runs on %s", state_dir);
		sd_notify(0, "READY=1");
		service_web_start(&s);
		service_trees_configure(&s);
		service_intake_start(&s);
		service_bisect_queue(&s);
		service_advance(&s);
		rc = sd_event_loop(s.event);
		if (rc < 0)
			rc = err_set(err, ERR_SYS, "event loop: %s", strerror(-rc));
	}
	tear_down(&s);
	return rc < 0 ? -1 : 0;
}
