#include "lib/jobchild.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/str.h"

/* What the child was at when it failed, sent to the parent with errno. */
enum stage { STAGE_FDS, STAGE_LIMITS, STAGE_DROP, STAGE_CWD, STAGE_EXEC };

struct report {
	enum stage stage;
	int error;
};

/* All that the child needs, made before fork: it must not allocate. */
struct plan {
	const struct job_opts *opts;
	const char *program;
	int *fds; /* in, out, out, opts->fds...: become 0, 1, 2, 3 ... */
	int nfds;
	int report;
	pid_t parent;
};

static _Noreturn void child_fail(const struct plan *p, enum stage stage)
{
	struct report r = { .stage = stage, .error = errno };

	/* Smaller than PIPE_BUF: all or nothing, and the parent is reading. */
	if (write(p->report, &r, sizeof(r)) < 0)
		_exit(126);
	_exit(127);
}

/*
 * A handler of the parent's must not run here, and an ignored signal would stay
 * ignored over exec (SIGPIPE, in a daemon: then "make | head" never ends).
 */
static void child_signals(void)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		sigaction(sig, &dfl, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int close_on_exec_from(int first)
{
	long max = sysconf(_SC_OPEN_MAX);

	if (close_range((unsigned int)first, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
		return 0;
	if (errno != ENOSYS && errno != EINVAL && errno != EPERM)
		return -1;
	for (int fd = first; fd < max; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC); /* EBADF for most */
	return 0;
}

/* First all out of the way of the numbers they are to get, then down to those. */
static int child_fds(struct plan *p)
{
	p->report = fcntl(p->report, F_DUPFD_CLOEXEC, p->nfds);
	if (p->report < 0)
		return -1;
	for (int i = 0; i < p->nfds; i++) {
		p->fds[i] = fcntl(p->fds[i], F_DUPFD_CLOEXEC, p->nfds);
		if (p->fds[i] < 0)
			return -1;
	}
	for (int i = 0; i < p->nfds; i++)
		if (dup2(p->fds[i], i) < 0)
			return -1;
	return close_on_exec_from(p->nfds);
}

static int child_limits(const struct job_opts *o)
{
	for (size_t i = 0; i < o->nlimits; i++) {
		int which = o->limits[i].resource;
		rlim_t value = o->limits[i].value;
		struct rlimit rl;

		if (getrlimit(which, &rl) < 0)
			return -1;
		if (rl.rlim_max < value)
			value = rl.rlim_max;
		rl = (struct rlimit){ .rlim_cur = value, .rlim_max = value };
		if (setrlimit(which, &rl) < 0)
			return -1;
	}
	return 0;
}

static bool is_uid(uid_t uid, gid_t gid)
{
	return getuid() == uid && geteuid() == uid && getgid() == gid && getegid() == gid;
}

static int child_drop(const struct job_opts *o)
{
	if (!o->uid || is_uid(o->uid, o->gid))
		return 0;
	if (setgroups(0, NULL) < 0 || setresgid(o->gid, o->gid, o->gid) < 0 ||
	    setresuid(o->uid, o->uid, o->uid) < 0)
		return -1;
	return 0;
}

static _Noreturn void child_main(struct plan *p)
{
	const struct job_opts *o = p->opts;

	/* Before anything that can fail: the error must find its way out. */
	child_signals();
	setsid();
	if (child_fds(p) < 0)
		child_fail(p, STAGE_FDS);
	/* After the limits: RLIMIT_NPROC counts for the uid we drop to. */
	if (child_limits(o) < 0)
		child_fail(p, STAGE_LIMITS);
	if (child_drop(o) < 0)
		child_fail(p, STAGE_DROP);
	/* After the drop, which would undo it. We may have died before it was set. */
	if (o->with_parent) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != p->parent)
			_exit(127);
	}
	/* As the uid it will have: what it may not enter, it shall not start in. */
	if (chdir(o->cwd ? o->cwd : "/") < 0)
		child_fail(p, STAGE_CWD);
	execve(p->program, o->argv, o->envp ? o->envp : environ);
	child_fail(p, STAGE_EXEC);
}

static int report_err(const struct report *r, const struct job_opts *o, struct err *err)
{
	bool missing = r->error == ENOENT &&
		       (r->stage == STAGE_CWD || r->stage == STAGE_EXEC);

	errno = r->error;
	switch (r->stage) {
	case STAGE_FDS:
		err_sys(err, "start %s: pass descriptors", o->argv[0]);
		break;
	case STAGE_LIMITS:
		err_sys(err, "start %s: set limits", o->argv[0]);
		break;
	case STAGE_DROP:
		err_sys(err, "start %s: become uid %u", o->argv[0], (unsigned int)o->uid);
		break;
	case STAGE_CWD:
		err_sys(err, "start %s: enter %s", o->argv[0], o->cwd ? o->cwd : "/");
		break;
	case STAGE_EXEC:
		err_sys(err, "start %s", o->argv[0]);
		break;
	}
	if (err && missing)
		err->code = ERR_MISSING;
	return -1;
}

static pid_t fork_child(struct plan *p)
{
	sigset_t all, old;
	pid_t pid;

	p->parent = getpid();
	/* No handler of ours may run in the child before child_signals. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pid = fork();
	if (pid == 0)
		child_main(p);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return pid;
}

/* True when exec was done: then the pipe closed without a word. */
static bool report_read(int fd, struct report *ret)
{
	ssize_t n;

	do {
		n = read(fd, ret, sizeof(*ret));
	} while (n < 0 && errno == EINTR);
	return n != (ssize_t)sizeof(*ret);
}

pid_t jobchild_spawn(const struct job_opts *opts, int in, int out, struct err *err)
{
	AUTO_FREE char *program = program_find(opts->argv[0]);
	AUTO_FREE int *fds = mem_alloc0((opts->nfds + 3) * sizeof(*fds));
	struct plan plan = { .opts = opts, .fds = fds, .nfds = (int)opts->nfds + 3 };
	AUTO_FD int report_in = -1;
	struct report report;
	int ends[2];
	pid_t pid;

	/* With a slash it may be relative to cwd, and exec will tell. */
	plan.program = strchr(opts->argv[0], '/') ? opts->argv[0] : program;
	if (!plan.program)
		return err_set(err, ERR_MISSING, "start %s: no such program in $PATH",
			       opts->argv[0]);
	if (opts->uid && !opts->gid)
		return err_set(err, ERR_INTERNAL, "start %s: uid %u without a gid",
			       opts->argv[0], (unsigned int)opts->uid);
	fds[0] = in;
	fds[1] = fds[2] = out;
	for (size_t i = 0; i < opts->nfds; i++)
		fds[i + 3] = opts->fds[i];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, "pipe");
	report_in = ends[0];
	plan.report = ends[1];
	pid = fork_child(&plan);
	close(ends[1]);
	if (pid < 0)
		return err_sys(err, "start %s: fork", opts->argv[0]);
	if (report_read(report_in, &report))
		return pid;
	waitpid(pid, NULL, 0);
	return report_err(&report, opts, err);
}
