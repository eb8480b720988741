#include "kernels/git_watched.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <systemd/sd-event.h>
#include <time.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/job.h"
#include "lib/text.h"

#define OUTPUT_MAX (16U << 20)
#define OUTPUT_READ (1U << 20)

struct run {
	const struct git_watched *g;
	sd_event *event;
	struct job *job;
	off_t size;     /* of the log, when it was looked at last */
	uint64_t since; /* it has that size, us */
	bool silent;
	enum job_how how;
	int code;
};

static void on_done(struct job *job, enum job_how how, int code, void *arg)
{
	struct run *r = arg;

	(void)job;
	r->job = NULL;
	r->how = how;
	r->code = code;
	sd_event_exit(r->event, 0);
}

static int on_watch(sd_event_source *s, uint64_t usec, void *arg)
{
	struct run *r = arg;
	uint64_t step = r->g->silence_ms < 4000 ? r->g->silence_ms * 250 : 1000000;
	struct stat st;

	if (!r->job)
		return 0;
	if (stat(r->g->log, &st) == 0 && st.st_size != r->size) {
		r->size = st.st_size;
		r->since = usec;
	}
	if (usec - r->since > r->g->silence_ms * 1000) {
		r->silent = true;
		job_cancel(r->job);
		return 0;
	}
	sd_event_source_set_time(s, usec + step);
	return sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
}

static int start(struct run *r, struct err *err)
{
	const struct job_limit limits[] = {
		{ RLIMIT_FSIZE, r->g->file_max },
		{ RLIMIT_CORE, 0 },
	};
	const struct job_opts opts = {
		.argv = r->g->argv,
		.output_path = r->g->log,
		.output_max = OUTPUT_MAX,
		.limits = limits,
		.nlimits = ARRAY_SIZE(limits),
		.with_parent = true,
		.on_done = on_done,
		.arg = r,
	};

	if (job_start(r->event, &opts, &r->job, err) < 0)
		return -1;
	if (sd_event_now(r->event, CLOCK_MONOTONIC, &r->since) >= 0 &&
	    sd_event_add_time(r->event, NULL, CLOCK_MONOTONIC, r->since, 10000, on_watch,
			      r) >= 0)
		return 0;
	/* It must be seen to its end all the same. */
	job_cancel(r->job);
	sd_event_loop(r->event);
	return err_set(err, ERR_SYS, "cannot start a timer");
}

/* The first "fatal:" says most, else the last line; git ends one of progress with \r. */
static char *words_of(const char *log)
{
	AUTO_FREE char *text = NULL;
	const char *said = "it said nothing";
	char **lines, *clean;

	if (file_read(log, OUTPUT_MAX + 1, &text, NULL, NULL) < 0)
		return str_dup(said);
	lines = strv_split(text, "\r\n");
	for (size_t i = 0; lines[i]; i++) {
		said = lines[i];
		if (str_starts(said, "fatal:"))
			break;
	}
	clean = text_clean_line(said, 300);
	strv_free(lines);
	return clean;
}

static int judge(const struct run *r, struct err *err)
{
	AUTO_FREE char *words = NULL;

	if (r->silent)
		return err_set(err, ERR_LIMIT, "nothing came for %.0f s",
			       (double)r->g->silence_ms / 1000);
	if (r->how == JOB_EXITED && r->code == 0)
		return 0;
	words = words_of(r->g->log);
	if (r->how == JOB_EXITED)
		return err_set(err, ERR_SYS, "git: %s", words);
	return err_set(err, ERR_SYS, "git: %s %d: %s", job_how_str(r->how), r->code,
		       words);
}

int git_watched_run(const struct git_watched *g, struct str *ret_output, struct err *err)
{
	struct run r = { .g = g };
	AUTO_FREE char *text = NULL;
	sigset_t mask;
	int rc;

	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	if (sd_event_new(&r.event) < 0)
		return err_set(err, ERR_SYS, "cannot make an event loop");
	rc = start(&r, err);
	if (rc == 0 && sd_event_loop(r.event) < 0)
		rc = err_set(err, ERR_SYS, "event loop");
	sd_event_unref(r.event);
	if (rc == 0)
		rc = judge(&r, err);
	if (rc < 0 || !ret_output)
		return rc;
	if (file_read(g->log, OUTPUT_READ, &text, NULL, err) < 0)
		return -1;
	str_add(ret_output, text);
	return 0;
}
