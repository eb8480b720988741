#include "kernels/strays.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/str.h"

#define STAT_MAX 4096
#define KILL_TRIES 1000
#define KILL_PAUSE_NS 10000000L

int strays_adopt(struct err *err)
{
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return err_sys(err, "become a subreaper");
	return 0;
}

/* State and parent of a process; the name in brackets may hold anything. */
static bool process_stat(pid_t pid, char *ret_state, pid_t *ret_parent)
{
	AUTO_FREE char *path = str_printf("/proc/%d/stat", (int)pid);
	AUTO_FREE char *text = NULL;
	const char *end;
	int parent;

	if (file_read(path, STAT_MAX, &text, NULL, NULL) < 0)
		return false;
	end = strrchr(text, ')');
	if (!end || sscanf(end, ") %c %d", ret_state, &parent) != 2)
		return false;
	*ret_parent = parent;
	return true;
}

typedef bool (*child_fn)(pid_t pid, char state, pid_t keep);

/* Calls fn for each child of ours; the number for which it said true. */
static int each_child(child_fn fn, pid_t keep)
{
	AUTO_DIR DIR *d = opendir("/proc");
	struct dirent *e;
	int n = 0;

	while (d && (e = readdir(d))) {
		long long pid;
		pid_t parent;
		char state;

		if (str_to_ll(e->d_name, 1, 1 << 30, &pid) &&
		    process_stat((pid_t)pid, &state, &parent) && parent == getpid() &&
		    fn((pid_t)pid, state, keep))
			n++;
	}
	return n;
}

static bool reap_dead(pid_t pid, char state, pid_t keep)
{
	return pid != keep && state == 'Z' && waitpid(pid, NULL, WNOHANG) == pid;
}

static bool kill_alive(pid_t pid, char state, pid_t keep)
{
	(void)keep;
	if (state != 'Z')
		kill(pid, SIGKILL);
	return true;
}

void strays_reap(pid_t keep)
{
	each_child(reap_dead, keep);
}

int strays_kill(struct err *err)
{
	const struct timespec pause = { .tv_nsec = KILL_PAUSE_NS };

	for (int i = 0; i < KILL_TRIES; i++) {
		if (each_child(kill_alive, 0) == 0)
			return 0;
		/* The death of one makes its children ours: hence the loop. */
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		nanosleep(&pause, NULL);
	}
	return err_set(err, ERR_SYS, "a process of the build does not end");
}
