/*
 * A child process in the event loop. Own session and process group (no terminal
 * to ask for a password on); stdin is /dev/null unless fed; stdout and stderr go to one file and, line by line, to a
 * callback; a deadline; TERM, then KILL after a grace, to the whole group,
 * with the cause kept. done() is called exactly once, when the output pipe
 * ended *and* the child was reaped; a grandchild that holds the pipe is killed
 * with the group, one that got out of it is waited for drain_ms at most.
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
	JOB_EXITED,   /* code: exit status */
	JOB_SIGNALED, /* code: signal that was not ours */
	/* From here on code is the signal that ended it, 0 if it left by itself. */
	JOB_TIMEOUT,   /* we killed it at its deadline */
	JOB_CANCELLED, /* we killed it because job_cancel was called */
	JOB_FLOODED,   /* we killed it because it wrote over output_max */
	JOB_BROKEN,    /* we killed it because its output could not be stored; code:
			  errno. Ours, never charged to a patch */
};
const char *job_how_str(enum job_how how);

struct job;
/* line has no newline and a NUL behind it; it may hold NULs and a \r of its own. */
typedef void (*job_line_fn)(struct job *job, const char *line, size_t len, void *arg);
typedef void (*job_done_fn)(struct job *job, enum job_how how, int code, void *arg);

struct job_limit {
	int resource; /* RLIMIT_* */
	rlim_t value; /* soft and hard; never raises what is lower already */
};

struct job_opts {
	char *const *argv;       /* argv[0] by $PATH; NULL-terminated */
	char *const *envp;       /* NULL: ours */
	const char *cwd;         /* NULL: / */
	const char *stdin_path;  /* NULL: /dev/null */
	const char *output_path; /* NULL: nowhere; created or truncated, 0644 */
	uint64_t output_max;     /* bytes, what is over is lost; 0: 1 GiB */
	const int *fds;          /* become 3, 4, ... in the child */
	size_t nfds;
	uid_t uid; /* 0: stay who we are; else drop to it and gid (not */
	gid_t gid; /* 0), without any supplementary group */
	const struct job_limit *limits;
	size_t nlimits;
	uint64_t deadline_ms; /* 0: none */
	uint64_t grace_ms;    /* between TERM and KILL; 0: 2000 */
	uint64_t drain_ms;    /* after the exit, while somebody holds the pipe; 0: 1000 */
	bool with_parent;     /* killed when we die, however that happens */
	job_line_fn on_line;  /* may be NULL; lines over 64 KiB come in parts */
	job_done_fn on_done;  /* required */
	void *arg;
};

/*
 * Starts the child. On success *ret_job is alive until on_done returns (it
 * frees itself after that); ret_job may be NULL. Whatever fails up to and with
 * exec is reported here, not by on_done: ERR_MISSING when the program (or cwd,
 * or stdin_path) is not there. Blocks until then. No callback comes before
 * job_start has returned.
 */
int job_start(sd_event *event, const struct job_opts *opts, struct job **ret_job,
	      struct err *err);
/*
 * Kills it; on_done comes later, from the loop, with JOB_CANCELLED (or with what
 * we were killing it for already). May be called from on_line. NULL is fine.
 */
void job_cancel(struct job *job);
pid_t job_pid(const struct job *job);
/*
 * User + system time of the child and what it waited for, and the peak RSS of
 * the largest of them in KiB; valid in on_done.
 */
void job_usage(const struct job *job, double *ret_cpu_s, long *ret_maxrss_kib);

/*
 * Runs opts to its end on a loop of its own: for tools that have nothing else
 * to do. on_done of opts is ignored, on_line is called with arg. 0 when it was
 * started; how it ended is in *ret_how and *ret_code (either may be NULL).
 */
int job_run(const struct job_opts *opts, enum job_how *ret_how, int *ret_code,
	    struct err *err);

#endif
