/*
 * A child process in the event loop. Own process group; stdin is /dev/null
 * unless fed; stdout and stderr go to one file and, line by line, to a
 * callback; a deadline; TERM, then KILL after a grace, to the whole group,
 * with the cause kept. done() is called exactly once, when the output pipe
 * ended *and* the child was reaped; a grandchild that holds the pipe is killed
 * with the group and waited for at most a second.
 *
 * Descriptors: job_start closes nothing of the caller's. Those in opts.fds are
 * duplicated into the child as 3, 4, 5 ... (all others are closed there).
 */
#ifndef SLUICE_LIB_JOB_H
#define SLUICE_LIB_JOB_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "lib/err.h"

enum job_how {
	JOB_EXITED,    /* code: exit status */
	JOB_SIGNALED,  /* code: signal that was not ours */
	JOB_TIMEOUT,   /* we killed it at its deadline */
	JOB_CANCELLED, /* we killed it because job_cancel was called */
	JOB_FLOODED,   /* we killed it because it wrote over output_max */
};
const char *job_how_str(enum job_how how);

struct job;
typedef void (*job_line_fn)(struct job *job, const char *line, size_t len,
			    void *arg);
typedef void (*job_done_fn)(struct job *job, enum job_how how, int code,
			    void *arg);

struct job_limit {
	int resource; /* RLIMIT_* */
	rlim_t value; /* soft and hard */
};

struct job_opts {
	char *const *argv;      /* argv[0] by $PATH; NULL-terminated */
	char *const *envp;      /* NULL: ours */
	const char *cwd;        /* NULL: / */
	const char *stdin_path; /* NULL: /dev/null */
	const char *output_path; /* NULL: nowhere; created or truncated, 0644 */
	uint64_t output_max;    /* bytes; 0: 1 GiB */
	const int *fds;         /* become 3, 4, ... in the child */
	size_t nfds;
	uid_t uid;              /* 0: stay who we are; else drop to it, */
	gid_t gid;              /* without any supplementary group */
	const struct job_limit *limits;
	size_t nlimits;
	uint64_t deadline_ms;   /* 0: none */
	uint64_t grace_ms;      /* between TERM and KILL; 0: 2000 */
	job_line_fn on_line;    /* may be NULL; lines over 64 KiB come in parts */
	job_done_fn on_done;    /* required */
	void *arg;
};

/*
 * Starts the child. On success *ret_job is alive until on_done returns (it
 * frees itself after that). exec failing is reported here, not by on_done:
 * ERR_MISSING when the program is not there.
 */
int job_start(sd_event *event, const struct job_opts *opts,
	      struct job **ret_job, struct err *err);
/* Kills it; on_done comes later with JOB_CANCELLED. */
void job_cancel(struct job *job);
pid_t job_pid(const struct job *job);
/* User + system time of the child and what it waited for, and its peak RSS in KiB; valid in on_done. */
void job_usage(const struct job *job, double *ret_cpu_s, long *ret_maxrss_kib);

/*
 * Runs opts to its end on a loop of its own: for tools that have nothing else
 * to do. on_done/arg of opts are ignored. 0 when it was started; how it ended
 * is in *ret_how and *ret_code.
 */
int job_run(const struct job_opts *opts, enum job_how *ret_how, int *ret_code,
	    struct err *err);

#endif
