#include "lib/job.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>

#include "lib/cleanup.h"
#include "lib/jobchild.h"
#include "lib/str.h"

#define LINE_MAX_LEN (64 * 1024)
#define OUTPUT_MAX_DEFAULT (1ULL << 30)
#define GRACE_MS_DEFAULT 2000
/* For what a grandchild outside of the group may still have to say. */
#define DRAIN_MS_DEFAULT 1000
#define TIMER_ACCURACY_US 5000

struct job {
	sd_event *event;
	pid_t pid; /* its session and process group, too; reserved until reaped */
	int pidfd;
	int pipe; /* read end; -1: the output edge came */
	int out;  /* the file, or -1 */
	sd_event_source *on_exit, *on_output, *on_timer;
	uint64_t output_left;
	uint64_t grace_ms, drain_ms;
	struct str line;
	job_line_fn on_line;
	void *line_arg;
	job_done_fn on_done;
	void *done_arg;
	bool reaped; /* the exit edge came */
	bool killing;
	enum job_how cause; /* JOB_EXITED: we did not kill it */
	int broken_errno;
	int status; /* of wait */
	struct rusage usage;
};

const char *job_how_str(enum job_how how)
{
	static const char *const names[] = {
		[JOB_EXITED] = "exited",   [JOB_SIGNALED] = "signaled",
		[JOB_TIMEOUT] = "timeout", [JOB_CANCELLED] = "cancelled",
		[JOB_FLOODED] = "flooded", [JOB_BROKEN] = "broken",
	};

	return (size_t)how < ARRAY_SIZE(names) ? names[how] : "unknown";
}

pid_t job_pid(const struct job *job)
{
	return job->pid;
}

void job_usage(const struct job *job, double *ret_cpu_s, long *ret_maxrss_kib)
{
	const struct timeval *u = &job->usage.ru_utime, *s = &job->usage.ru_stime;

	*ret_cpu_s =
		(double)(u->tv_sec + s->tv_sec) + (double)(u->tv_usec + s->tv_usec) / 1e6;
	*ret_maxrss_kib = job->usage.ru_maxrss;
}

static void job_free(struct job *job)
{
	if (!job)
		return;
	sd_event_source_disable_unref(job->on_exit);
	sd_event_source_disable_unref(job->on_output);
	sd_event_source_disable_unref(job->on_timer);
	cleanup_fd(&job->pidfd);
	cleanup_fd(&job->pipe);
	cleanup_fd(&job->out);
	str_done(&job->line);
	sd_event_unref(job->event);
	free(job);
}

static void cleanup_job(struct job **job)
{
	job_free(*job);
}

/* One timer is enough: deadline, then grace, then drain follow each other. */
static int job_timer(struct job *job, uint64_t ms, sd_event_time_handler_t fn)
{
	uint64_t us = ms > UINT64_MAX / 4000 ? UINT64_MAX / 4 : ms * 1000;

	job->on_timer = sd_event_source_disable_unref(job->on_timer);
	return sd_event_add_time_relative(job->event, &job->on_timer, CLOCK_MONOTONIC, us,
					  TIMER_ACCURACY_US, fn, job);
}

/* To the whole group. Only while the child is not reaped: its number is its own. */
static void job_signal(struct job *job, int sig)
{
	if (!job->reaped)
		kill(-job->pid, sig);
}

static int on_grace_over(sd_event_source *src, uint64_t usec, void *arg)
{
	(void)src;
	(void)usec;
	job_signal(arg, SIGKILL);
	return 0;
}

/* The first cause stays: what comes of our signals is not news. */
static void job_kill(struct job *job, enum job_how cause)
{
	if (job->cause == JOB_EXITED)
		job->cause = cause;
	if (job->reaped || job->killing)
		return;
	job->killing = true;
	job_signal(job, SIGTERM);
	/* A stopped process would not see the TERM before it is continued. */
	job_signal(job, SIGCONT);
	if (job_timer(job, job->grace_ms, on_grace_over) < 0)
		job_signal(job, SIGKILL);
}

void job_cancel(struct job *job)
{
	if (job)
		job_kill(job, JOB_CANCELLED);
}

static int on_deadline(sd_event_source *src, uint64_t usec, void *arg)
{
	struct job *job = arg;
	siginfo_t info = { 0 };

	(void)src;
	(void)usec;
	/* It may be gone already, and the loop has not told us yet. */
	if (waitid(P_PID, (id_t)job->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	    info.si_pid == job->pid)
		return 0;
	job_kill(job, JOB_TIMEOUT);
	return 0;
}

static void job_line_flush(struct job *job)
{
	if (job->on_line)
		job->on_line(job, str_get(&job->line), job->line.len, job->line_arg);
	str_clear(&job->line);
}

static void job_lines(struct job *job, const char *data, size_t len)
{
	while (job->on_line && len) {
		const char *nl = memchr(data, '\n', len);
		size_t n = nl ? (size_t)(nl - data) : len;
		size_t room = LINE_MAX_LEN - job->line.len;
		bool part = n > room;

		n = part ? room : n;
		str_addn(&job->line, data, n);
		data += n;
		len -= n;
		if (part || nl)
			job_line_flush(job);
		if (!part && nl) {
			data++;
			len--;
		}
	}
}

static void job_store(struct job *job, const char *data, size_t len)
{
	while (job->out >= 0 && len) {
		ssize_t n = write(job->out, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			job->broken_errno = errno;
			close(TAKE_FD(job->out));
			job_kill(job, JOB_BROKEN);
			return;
		}
		data += n;
		len -= (size_t)n;
	}
}

/* The output edge. */
static void job_output_end(struct job *job)
{
	if (job->pipe < 0)
		return;
	job->on_output = sd_event_source_disable_unref(job->on_output);
	close(TAKE_FD(job->pipe));
	if (job->line.len)
		job_line_flush(job);
}

static void job_finish_if_done(struct job *job)
{
	enum job_how how = job->cause;
	int code = 0;

	if (!job->reaped || job->pipe >= 0)
		return;
	if (how == JOB_EXITED && WIFSIGNALED(job->status))
		how = JOB_SIGNALED;
	if (how == JOB_EXITED)
		code = WEXITSTATUS(job->status);
	else if (how == JOB_BROKEN)
		code = job->broken_errno;
	else if (WIFSIGNALED(job->status))
		code = WTERMSIG(job->status);
	/* on_done may look at the file. */
	cleanup_fd(&job->out);
	job->out = -1;
	job->on_timer = sd_event_source_disable_unref(job->on_timer);
	job->on_done(job, how, code, job->done_arg);
	job_free(job);
}

static int on_output(sd_event_source *src, int fd, uint32_t events, void *arg)
{
	struct job *job = arg;
	char buf[64 * 1024];
	ssize_t n = read(fd, buf, sizeof(buf));
	size_t len;

	(void)src;
	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	len = n > 0 ? (size_t)n : 0;
	if (len > job->output_left) {
		len = (size_t)job->output_left;
		job_kill(job, JOB_FLOODED);
		/* Nobody reads on: who does not heed the TERM gets EPIPE. */
		n = 0;
	}
	job->output_left -= len;
	job_store(job, buf, len);
	job_lines(job, buf, len);
	if (n <= 0)
		job_output_end(job);
	job_finish_if_done(job);
	return 0;
}

static int on_drain_over(sd_event_source *src, uint64_t usec, void *arg)
{
	struct job *job = arg;

	(void)src;
	(void)usec;
	job_output_end(job);
	job_finish_if_done(job);
	return 0;
}

/* The exit edge. */
static int on_exit_edge(sd_event_source *src, int fd, uint32_t events, void *arg)
{
	struct job *job = arg;
	pid_t pid;

	(void)src;
	(void)fd;
	(void)events;
	/* Before the reaping: until then nobody else can have got this number. */
	job_signal(job, SIGKILL);
	pid = wait4(job->pid, &job->status, WNOHANG, &job->usage);
	if (pid == 0 || (pid < 0 && errno == EINTR))
		return 0;
	if (pid < 0) /* somebody reaped it behind our back */
		job->status = W_EXITCODE(127, 0);
	job->reaped = true;
	job->on_exit = sd_event_source_disable_unref(job->on_exit);
	if (job->pipe >= 0 && job_timer(job, job->drain_ms, on_drain_over) < 0)
		job_output_end(job);
	job_finish_if_done(job);
	return 0;
}

static int job_open(struct job *job, const struct job_opts *opts, int *ret_stdin,
		    int *ret_pipe, struct err *err)
{
	const char *in = opts->stdin_path ? opts->stdin_path : "/dev/null";
	int ends[2];

	*ret_stdin = open(in, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (*ret_stdin < 0) {
		int code = errno == ENOENT ? ERR_MISSING : ERR_SYS;

		err_sys(err, "open %s", in);
		if (err)
			err->code = code;
		return -1;
	}
	if (opts->output_path) {
		job->out = open(opts->output_path,
				O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY,
				0644);
		if (job->out < 0)
			return err_sys(err, "create %s", opts->output_path);
	}
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, "pipe");
	job->pipe = ends[0];
	*ret_pipe = ends[1];
	/* The child's end is a file of its own, and blocks. */
	if (fcntl(job->pipe, F_SETFL, O_NONBLOCK) < 0)
		return err_sys(err, "pipe");
	return 0;
}

/* The sources that tell us of the child. On failure nobody would: -1. */
static int job_watch(struct job *job, const struct job_opts *opts)
{
	job->pidfd = pidfd_open(job->pid, 0);
	if (job->pidfd < 0)
		return -1;
	if (sd_event_add_io(job->event, &job->on_exit, job->pidfd, EPOLLIN, on_exit_edge,
			    job) < 0 ||
	    sd_event_add_io(job->event, &job->on_output, job->pipe, EPOLLIN, on_output,
			    job) < 0)
		return -1;
	if (opts->deadline_ms && job_timer(job, opts->deadline_ms, on_deadline) < 0)
		return -1;
	return 0;
}

static int job_start_for(sd_event *event, const struct job_opts *opts, void *done_arg,
			 struct job **ret_job, struct err *err)
{
	AUTO(cleanup_job) struct job *job = mem_alloc0(sizeof(*job));
	AUTO_FD int in = -1;
	AUTO_FD int out = -1;

	*job = (struct job){
		.event = sd_event_ref(event),
		.pidfd = -1,
		.pipe = -1,
		.out = -1,
		.output_left = opts->output_max ? opts->output_max : OUTPUT_MAX_DEFAULT,
		.grace_ms = opts->grace_ms ? opts->grace_ms : GRACE_MS_DEFAULT,
		.drain_ms = opts->drain_ms ? opts->drain_ms : DRAIN_MS_DEFAULT,
		.on_line = opts->on_line,
		.line_arg = opts->arg,
		.on_done = opts->on_done,
		.done_arg = done_arg,
	};
	if (job_open(job, opts, &in, &out, err) < 0)
		return -1;
	job->pid = jobchild_spawn(opts, in, out, err);
	if (job->pid < 0)
		return -1;
	if (job_watch(job, opts) < 0) {
		err_sys(err, "watch %s", opts->argv[0]);
		kill(-job->pid, SIGKILL);
		waitpid(job->pid, NULL, 0);
		return -1;
	}
	if (ret_job)
		*ret_job = job;
	job = NULL;
	return 0;
}

int job_start(sd_event *event, const struct job_opts *opts, struct job **ret_job,
	      struct err *err)
{
	return job_start_for(event, opts, opts->arg, ret_job, err);
}

struct job_result {
	sd_event *event;
	enum job_how how;
	int code;
};

static void on_run_done(struct job *job, enum job_how how, int code, void *arg)
{
	struct job_result *r = arg;

	(void)job;
	r->how = how;
	r->code = code;
	sd_event_exit(r->event, 0);
}

static void cleanup_event(sd_event **event)
{
	sd_event_unref(*event);
}

int job_run(const struct job_opts *opts, enum job_how *ret_how, int *ret_code,
	    struct err *err)
{
	AUTO(cleanup_event) sd_event *event = NULL;
	struct job_opts own = *opts;
	struct job_result r = { .how = JOB_EXITED };
	int rc = sd_event_new(&event);

	if (rc < 0) {
		errno = -rc;
		return err_sys(err, "event loop");
	}
	r.event = event;
	own.on_done = on_run_done;
	if (job_start_for(event, &own, &r, NULL, err) < 0)
		return -1;
	rc = sd_event_loop(event);
	if (rc < 0) {
		errno = -rc;
		return err_sys(err, "event loop");
	}
	if (ret_how)
		*ret_how = r.how;
	if (ret_code)
		*ret_code = r.code;
	return 0;
}
