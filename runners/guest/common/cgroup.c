#include "common/cgroup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/restore.h"
#include "common/sysfile.h"

#define ROOT "/sys/fs/cgroup"
#define CONTROL ROOT "/cgroup.subtree_control"

/* Turns a controller on or off for the children of the root. */
static int control(const char *controller, char sign)
{
	char text[32];

	snprintf(text, sizeof(text), "%c%s\n", sign, controller);
	return sysfile_write(CONTROL, text);
}

static void cgroup_remove(void *arg)
{
	const struct cgroup *cg = arg;

	cgroup_leave(0);
	rmdir(cg->path);
	if (cg->controller[0])
		control(cg->controller, '-');
}

int cgroup_make(struct cgroup *cg, const char *name, const char *controller)
{
	char on[128];
	int ret = sysfile_read(CONTROL, on, sizeof(on));

	if (ret < 0)
		return ret;
	cg->controller[0] = '\0';
	if (!strstr(on, controller)) {
		ret = control(controller, '+');
		if (ret < 0)
			return ret;
		snprintf(cg->controller, sizeof(cg->controller), "%s", controller);
	}
	snprintf(cg->path, sizeof(cg->path), ROOT "/%s", name);
	if (mkdir(cg->path, 0755) < 0 && errno != EEXIST)
		return -errno;
	restore_call(cgroup_remove, cg);
	return 0;
}

static int enter(const char *path, pid_t pid)
{
	char procs[128];

	snprintf(procs, sizeof(procs), "%s/cgroup.procs", path);
	return sysfile_write_number(procs, pid);
}

int cgroup_enter(const struct cgroup *cg, pid_t pid)
{
	return enter(cg->path, pid);
}

int cgroup_leave(pid_t pid)
{
	return enter(ROOT, pid);
}

int cgroup_write(const struct cgroup *cg, const char *file, const char *text)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", cg->path, file);
	return sysfile_write(path, text);
}

int cgroup_reclaim(const struct cgroup *cg, size_t bytes)
{
	char text[32];

	snprintf(text, sizeof(text), "%zu\n", bytes);
	return cgroup_write(cg, "memory.reclaim", text);
}
