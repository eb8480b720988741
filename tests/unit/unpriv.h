/*
 * Runs a part of a test as somebody who is not root: in a child that dropped to
 * uid 65534 when we are root, right here when we are nobody special.
 */
#ifndef SLUICE_TESTS_UNIT_UNPRIV_H
#define SLUICE_TESTS_UNIT_UNPRIV_H

#include <grp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define UNPRIV_ID 65534

/* Folders made while we were root, to be used by the child. */
static inline void unpriv_own(const char *path)
{
	if (geteuid() == 0 && (chown(path, UNPRIV_ID, UNPRIV_ID) || chmod(path, 0755)))
		abort();
}

/* fn returns 0 when all is well; what it says goes to stderr. */
static inline int unpriv_run(int (*fn)(void *), void *arg)
{
	pid_t pid;
	int status;

	if (geteuid() != 0)
		return fn(arg);
	pid = fork();
	if (pid == 0) {
		if (setgroups(0, NULL) || setgid(UNPRIV_ID) || setuid(UNPRIV_ID))
			_exit(99);
		_exit(fn(arg) ? 1 : 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#endif
