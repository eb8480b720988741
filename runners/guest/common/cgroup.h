/*
 * A control group of our own below the root of cgroup v2 (/sys/fs/cgroup), with
 * one controller. At exit our process goes back to the root and it is removed.
 */
#ifndef SLUICE_GUEST_CGROUP_H
#define SLUICE_GUEST_CGROUP_H

#include <stddef.h>
#include <sys/types.h>

struct cgroup {
	char path[96];
	char controller[16]; /* "" where the root had it on before us */
};

/*
 * 0, or -errno: no cgroup v2 here, or none with that controller. One that a
 * killed test left behind is taken over. cg must live until exit.
 */
int cgroup_make(struct cgroup *cg, const char *name, const char *controller);
/* A process (0: ourselves) goes in. 0, or -errno. */
int cgroup_enter(const struct cgroup *cg, pid_t pid);
/* It goes back to the root. */
int cgroup_leave(pid_t pid);
/* One file of it, as sysfile_write. */
int cgroup_write(const struct cgroup *cg, const char *file, const char *text);
/*
 * memory.reclaim of so many bytes. 0; -EAGAIN when less could be reclaimed; or
 * another -errno.
 */
int cgroup_reclaim(const struct cgroup *cg, size_t bytes);

#endif
