#include "init/own.h"

#include <stddef.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/statvfs.h>

/* Those of system.c that init writes to; /tmp is new for each test. */
static const struct {
	const char *path;
	unsigned long flags;
} shared[] = {
	{ "/", 0 },    { "/dev", MS_NOSUID },      { "/proc", 0 },
	{ "/sys", 0 }, { "/sys/kernel/debug", 0 }, { "/sys/fs/cgroup", 0 },
};

static struct rlimit limits[RLIM_NLIMITS];

void own_remember(void)
{
	for (int i = 0; i < RLIM_NLIMITS; i++)
		getrlimit(i, &limits[i]);
}

/* Tests inherit them, and what follows opens files. */
static void limits_restore(const struct teller *t)
{
	struct rlimit now;
	int n = 0;

	for (int i = 0; i < RLIM_NLIMITS; i++) {
		if (getrlimit(i, &now) < 0 || (now.rlim_cur == limits[i].rlim_cur &&
					       now.rlim_max == limits[i].rlim_max))
			continue;
		n += setrlimit(i, &limits[i]) == 0;
	}
	if (n)
		tell(t, "put limits of init back, %d", n);
}

/*
 * A test has mounts of its own, but without MS_BIND a remount changes the file system,
 * which is one for all of them (reconfigure_super() in fs/super.c).
 */
static void mounts_writable(const struct teller *t)
{
	struct statvfs vfs;

	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++) {
		if (statvfs(shared[i].path, &vfs) < 0 || !(vfs.f_flag & ST_RDONLY))
			continue;
		if (mount(NULL, shared[i].path, NULL, MS_REMOUNT | shared[i].flags,
			  NULL) == 0)
			tell(t, "made %s writable again", shared[i].path);
	}
}

void own_restore(const struct teller *t)
{
	limits_restore(t);
	mounts_writable(t);
}
