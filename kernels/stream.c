#include "kernels/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "lib/cleanup.h"
#include "lib/str.h"

static int spawn(struct stream *s, enum stream_dir dir, char *const *argv,
		 char *const *envp, int stdin_fd, int child_end)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t set;
	int rc;

	sigemptyset(&set);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &set);
	sigaddset(&set, SIGPIPE);
	posix_spawnattr_setsigdefault(&attr, &set);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	posix_spawn_file_actions_adddup2(&actions,
					 dir == STREAM_WRITE ? child_end : stdin_fd, 0);
	if (dir == STREAM_WRITE)
		posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	else
		posix_spawn_file_actions_adddup2(&actions, child_end, 1);
	posix_spawn_file_actions_adddup2(
		&actions, dir == STREAM_READ_BOTH ? child_end : s->err_fd, 2);
	rc = posix_spawnp(&s->pid, argv[0], &actions, &attr, argv, envp ? envp : environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	return rc;
}

int stream_start(struct stream *s, enum stream_dir dir, char *const *argv,
		 char *const *envp, int stdin_fd, struct err *err)
{
	bool writing = dir == STREAM_WRITE;
	AUTO_FD int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	AUTO_FD int child_end = -1;
	int fds[2], rc;

	*s = (struct stream){ .fd = -1, .name = argv[0] };
	s->err_fd = memfd_create("stderr", MFD_CLOEXEC);
	if (null < 0 || s->err_fd < 0 || pipe2(fds, O_CLOEXEC))
		return err_sys(err, "a pipe for %s", argv[0]);
	child_end = fds[writing ? 0 : 1];
	s->fd = fds[writing ? 1 : 0];
	fcntl(s->fd, F_SETPIPE_SZ, 1 << 20);
	rc = spawn(s, dir, argv, envp, stdin_fd < 0 ? null : stdin_fd, child_end);
	if (rc) {
		s->pid = 0;
		return err_set(err, rc == ENOENT ? ERR_MISSING : ERR_SYS, "run %s: %s",
			       argv[0], strerror(rc));
	}
	return 0;
}

/* The last line that is not empty, in place. */
static char *last_line(char *text)
{
	char *p = str_trim(text);
	char *nl = strrchr(p, '\n');

	return nl ? nl + 1 : p;
}

static int complain(struct stream *s, int status, struct err *err)
{
	char text[4096];
	off_t end = lseek(s->err_fd, 0, SEEK_END);
	off_t from = end > (off_t)sizeof(text) - 1 ? end - ((off_t)sizeof(text) - 1) : 0;
	ssize_t n = pread(s->err_fd, text, sizeof(text) - 1, from);

	text[n > 0 ? n : 0] = '\0';
	if (WIFSIGNALED(status))
		return err_set(err, ERR_SYS, "%s was killed by signal %d", s->name,
			       WTERMSIG(status));
	return err_set(err, ERR_SYS, "%s ended with %d: %.400s", s->name,
		       WEXITSTATUS(status), last_line(text));
}

int stream_end(struct stream *s, struct err *err)
{
	int status;
	pid_t rc;

	if (s->fd >= 0)
		close(TAKE_FD(s->fd));
	do
		rc = waitpid(s->pid, &status, 0);
	while (rc < 0 && errno == EINTR);
	s->pid = 0;
	if (rc < 0)
		return err_sys(err, "wait for %s", s->name);
	return status ? complain(s, status, err) : 0;
}

void stream_done(struct stream *s)
{
	if (s->pid > 0) {
		kill(s->pid, SIGKILL);
		stream_end(s, NULL);
	}
	if (s->fd > 0)
		close(TAKE_FD(s->fd));
	if (s->err_fd > 0)
		close(TAKE_FD(s->err_fd));
}
