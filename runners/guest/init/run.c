#include "init/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/slowdown.h"
#include "common/sysfile.h"
#include "common/vmstat.h"
#include "init/port.h"
#include "init/system.h"
#include "init/tidy.h"

/* A selftest of 670 cases says 130 KiB. */
#define OUT_LINES_MAX 8000
#define OUT_BYTES_MAX (512 << 10)
/* So long nothing died; the host waits 30 s beyond a test's deadline. Times slowdown,
 * here and there. */
#define KILL_IDLE_MS 8000
#define KILL_MAX_MS 20000
#define TICK_MS 500
/* A test with more processes than that is not shown when it hangs: the stacks of
 * thousands take longer on the console than the host waits. */
#define SHOWN_MAX 64

/* Why the boot must not go on; the codes of "unclean", see runners/frame.h. */
enum unclean { CLEAN, UNCLEAN_PROCESS, UNCLEAN_MACHINE };

struct run {
	const struct plan_test *test;
	pid_t pid;
	bool alive; /* the test's own process */
	int status; /* as of waitpid, once it is not */
	int fd;     /* read end of its output, -1 at its end */
	unsigned lines;
	size_t bytes;
	bool cut;
	size_t len;
	char line[1024];
	unsigned reaped;     /* besides its own process */
	long long oom_kills; /* before it began */
	unsigned procs;      /* likewise, the kernel's threads too */
};

/* SIGCHLD is let in only while we wait, so none is missed in between. */
static sigset_t wait_mask;

static void on_child(int sig)
{
	(void)sig;
}

void run_init(void)
{
	struct sigaction sa = { .sa_handler = on_child };
	sigset_t block;

	sigemptyset(&block);
	sigaddset(&block, SIGCHLD);
	sigprocmask(SIG_BLOCK, &block, &wait_mask);
	sigdelset(&wait_mask, SIGCHLD);
	sigaction(SIGCHLD, &sa, NULL);
}

static void child_exec(const struct plan_test *test, int out)
{
	static char *envp[] = { "PATH=/tests:/bin", "HOME=/tmp", "LC_ALL=C", NULL };
	int null = open("/dev/null", O_RDONLY);
	int sig;

	setsid();
	system_own_mounts();
	for (sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigprocmask(SIG_SETMASK, &wait_mask, NULL);
	if (null >= 0)
		dup2(null, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	close_range(3, ~0U, 0);
	/* Out of memory: the test, not something that it needs. */
	sysfile_write("/proc/self/oom_score_adj", "500\n");
	if (chdir("/tmp") < 0)
		_exit(126);
	execve(test->argv[0], test->argv, envp);
	dprintf(STDOUT_FILENO, "sluice: %s: %s\n", test->argv[0], strerror(errno));
	_exit(127);
}

static bool test_start(struct run *r)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return false;
	r->pid = fork();
	if (r->pid == 0)
		child_exec(r->test, fds[1]);
	close(fds[1]);
	if (r->pid < 0) {
		close(fds[0]);
		return false;
	}
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	r->fd = fds[0];
	r->alive = true;
	return true;
}

static void out_send(struct run *r)
{
	char payload[sizeof(r->line) + 32];
	int head = snprintf(payload, sizeof(payload), "out %u ", r->test->idx);

	memcpy(payload + head, r->line, r->len);
	port_frame_bytes(payload, (size_t)head + r->len);
}

/* What goes beyond the limits is read and dropped: the test is not blocked. */
static void out_line(struct run *r)
{
	r->lines++;
	r->bytes += r->len + 1;
	if (r->lines <= OUT_LINES_MAX && r->bytes <= OUT_BYTES_MAX) {
		out_send(r);
	} else if (!r->cut) {
		r->cut = true;
		port_frame("out %u # sluice: the rest of the output is cut",
			   r->test->idx);
	}
	r->len = 0;
}

static void out_add(struct run *r, char c)
{
	if (c == '\n') {
		out_line(r);
		return;
	}
	r->line[r->len++] = c;
	if (r->len == sizeof(r->line))
		out_line(r);
}

/* Reads what is there, at most a pipe's worth, so that deadlines are seen. */
static void out_read(struct run *r)
{
	char buf[4096];
	ssize_t n, i;
	int rounds;

	for (rounds = 0; r->fd >= 0 && rounds < 16; rounds++) {
		n = read(r->fd, buf, sizeof(buf));
		if (n < 0)
			return;
		if (n == 0) {
			close(r->fd);
			r->fd = -1;
			return;
		}
		for (i = 0; i < n; i++)
			out_add(r, buf[i]);
	}
}

/* Reaps whatever died; false when no child is left at all. */
static bool reap(struct run *r)
{
	int status;
	pid_t pid;

	for (;;) {
		pid = waitpid(-1, &status, WNOHANG);
		if (pid == 0)
			return true;
		if (pid < 0)
			return errno != ECHILD;
		if (pid == r->pid) {
			r->alive = false;
			r->status = status;
		} else {
			r->reaped++;
		}
	}
}

static void wait_ms(struct run *r, uint64_t ms)
{
	struct pollfd pfd = { .fd = r->fd, .events = POLLIN };
	struct timespec ts = { .tv_sec = (time_t)(ms / 1000),
			       .tv_nsec = (long)(ms % 1000) * 1000000 };

	watchdog_pet();
	ppoll(&pfd, 1, &ts, &wait_mask);
	out_read(r);
}

/* True when it ended by itself. */
static bool wait_for_end(struct run *r, uint64_t deadline)
{
	uint64_t now = clock_ms();

	while (now < deadline) {
		reap(r);
		if (!r->alive)
			return true;
		wait_ms(r, deadline - now < TICK_MS ? deadline - now : TICK_MS);
		now = clock_ms();
	}
	reap(r);
	return !r->alive;
}

static unsigned count_procs(void)
{
	struct sysinfo si;

	return sysinfo(&si) == 0 ? si.procs : 0;
}

/* A line of ours in the test's output. */
static void note(const char *text, void *arg)
{
	const struct run *r = arg;

	port_frame("out %u # sluice: %s", r->test->idx, text);
}

/*
 * Everything but us and the kernel's threads, whatever group or session it
 * moved to. kill(2) of all holds off every fork while it walks the processes,
 * and one that is in the middle of a fork sees its signal: nothing gets away.
 * False when something would not die.
 */
static bool kill_rest(struct run *r)
{
	uint64_t begin = clock_ms(), idle = begin, now;
	unsigned before = r->reaped, least = ~0U, procs;
	char text[64];

	for (;;) {
		kill(-1, SIGKILL);
		if (!reap(r))
			break;
		now = clock_ms();
		procs = count_procs();
		if (procs < least)
			idle = now;
		least = procs < least ? procs : least;
		if (now - idle >= slowdown_scale(KILL_IDLE_MS) ||
		    now - begin >= slowdown_scale(KILL_MAX_MS))
			return false;
		wait_ms(r, 20);
	}
	if (r->reaped != before) {
		snprintf(text, sizeof(text), "processes that it left behind: %u",
			 r->reaped - before);
		note(text, r);
	}
	return true;
}

/* Who was chosen is in the kernel log; a test's own death is told as such. */
static bool out_of_memory(const struct run *r)
{
	long long kills = vmstat_oom_kills() - r->oom_kills;
	char text[64];

	if (kills <= 0)
		return false;
	snprintf(text, sizeof(text), "out of memory, processes killed: %lld", kills);
	note(text, (void *)r);
	return !r->alive && WIFSIGNALED(r->status) && WTERMSIG(r->status) == SIGKILL;
}

static void done_send(const struct run *r, bool in_time, bool oom, enum unclean unclean,
		      uint64_t ms)
{
	unsigned idx = r->test->idx;
	unsigned long long took = ms;

	if (!in_time)
		port_frame("done %u timeout %d %llu", idx, SIGKILL, took);
	else if (oom)
		port_frame("done %u oom %d %llu", idx, SIGKILL, took);
	else if (WIFSIGNALED(r->status))
		port_frame("done %u signal %d %llu", idx, WTERMSIG(r->status), took);
	else if (unclean)
		port_frame("done %u unclean %d %llu", idx, (int)unclean, took);
	else
		port_frame("done %u exit %d %llu", idx, WEXITSTATUS(r->status), took);
}

/* What it left in the pipe, and a last line without an end. */
static void out_finish(struct run *r)
{
	out_read(r);
	if (r->len)
		out_line(r);
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
}

static bool run_started(struct run *r, uint64_t begin)
{
	bool in_time = wait_for_end(r, begin + r->test->deadline_ms);
	uint64_t ms = clock_ms() - begin;
	enum unclean unclean = CLEAN;
	bool oom;

	if (!in_time && count_procs() <= r->procs + SHOWN_MAX)
		system_show_blocked();
	if (!kill_rest(r))
		unclean = UNCLEAN_PROCESS;
	port_mend();
	oom = out_of_memory(r);
	out_finish(r);
	if (unclean)
		note("a process of it cannot be killed", r);
	else if (!tidy_up(&(struct teller){ note, r }))
		unclean = UNCLEAN_MACHINE;
	kmsg("%s done %u", port_nonce(), r->test->idx);
	done_send(r, in_time, oom, unclean, ms);
	return !unclean;
}

bool run_test(const struct plan_test *test)
{
	struct run r = { .test = test,
			 .fd = -1,
			 .oom_kills = vmstat_oom_kills(),
			 .procs = count_procs() };
	uint64_t begin = clock_ms();

	port_frame("start %u", test->idx);
	/* What is still in the driver is lost when the test brings the kernel down:
	 * its death would be that of the test before, or of none. */
	port_drain();
	kmsg("%s start %u", port_nonce(), test->idx);
	if (!test_start(&r)) {
		port_frame("out %u sluice: cannot start: %s", test->idx, strerror(errno));
		kmsg("%s done %u", port_nonce(), test->idx);
		port_frame("done %u exit 126 0", test->idx);
		return true;
	}
	return run_started(&r, begin);
}
