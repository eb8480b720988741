#include "db/state_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/str.h"
#include "lib/text.h"

/* For how long a lock of nobody is waited for: 2 s. */
#define MOMENTS 100
#define MOMENT_NS 20000000

/* Of "12\nsluice test\n2026-11-23 06:37:00 UTC\n"; anything else reads as unknown. The
 * caller frees. */
static char *who_holds(const char *path)
{
	AUTO_FREE char *text = NULL;
	AUTO_FREE char *command = NULL;
	AUTO_FREE char *since = NULL;
	char **lines, *who;
	size_t len;

	if (file_read(path, 4096, &text, &len, NULL) < 0)
		return str_dup("another sluice");
	lines = strv_split(text, "\n");
	if (strv_len(lines) < 3) {
		who = str_dup("another sluice");
	} else {
		command = text_clean_line(lines[1], 80);
		since = text_clean_line(lines[2], 40);
		who = str_printf("%s (pid %d) since %s", command, atoi(lines[0]), since);
	}
	strv_free(lines);
	return who;
}

static int complain(const char *what, const char *path, struct err *err)
{
	AUTO_FREE char *who = who_holds(path);

	return err_set(err, ERR_BUSY, "%s is in use by %s", what, who);
}

static int write_holder(int fd, const char *path, const char *command, struct err *err)
{
	time_t now = time(NULL);
	char since[40];
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(since, sizeof(since), "%Y-%m-%d %H:%M:%S UTC", &tm);
	if (ftruncate(fd, 0) < 0 ||
	    dprintf(fd, "%d\n%s\n%s\n", (int)getpid(), command, since) < 0)
		return err_sys(err, "write %s", path);
	return 0;
}

/* The pid in the lock's text, as the holder wrote it; 0 when it cannot be read. */
static pid_t holder(int fd)
{
	char text[32] = "";

	return pread(fd, text, sizeof(text) - 1, 0) > 0 ? (pid_t)atoi(text) : 0;
}

/*
 * A holder that was killed between fork and exec of a child is gone, and the child
 * holds the lock for a moment more. 0 when we have it, -1 with errno.
 */
static int lock_fd(int fd)
{
	for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; i++) {
		const struct timespec moment = { .tv_nsec = MOMENT_NS };
		pid_t pid;

		if (errno != EWOULDBLOCK)
			return -1;
		pid = holder(fd);
		if (i == MOMENTS || pid <= 0 || kill(pid, 0) == 0 || errno != ESRCH) {
			errno = EWOULDBLOCK;
			return -1;
		}
		nanosleep(&moment, NULL);
	}
	return 0;
}

static int lock_file(const char *path, const char *what, const char *command, int *ret_fd,
		     struct err *err)
{
	AUTO_FD int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);

	if (fd < 0)
		return err_sys(err, "open %s", path);
	if (lock_fd(fd) < 0) {
		if (errno == EWOULDBLOCK)
			return complain(what, path, err);
		return err_sys(err, "lock %s", path);
	}
	if (write_holder(fd, path, command, err) < 0)
		return -1;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int state_lock(const char *state_dir, const char *command, int *ret_fd, struct err *err)
{
	AUTO_FREE char *path = path_join(state_dir, "lock", NULL);

	return lock_file(path, state_dir, command, ret_fd, err);
}

int state_lock_trees(const char *state_dir, const char *command, int *ret_fd,
		     struct err *err)
{
	AUTO_FREE char *path = path_join(state_dir, "trees.lock", NULL);
	AUTO_FREE char *what = path_join(state_dir, "git", NULL);

	return lock_file(path, what, command, ret_fd, err);
}

static bool is_locked(const char *path)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

char *state_lock_holder(const char *state_dir)
{
	AUTO_FREE char *path = path_join(state_dir, "lock", NULL);

	return is_locked(path) ? who_holds(path) : NULL;
}

bool state_trees_locked(const char *state_dir)
{
	AUTO_FREE char *path = path_join(state_dir, "trees.lock", NULL);

	return is_locked(path);
}
