#include "init/cgroups.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/slowdown.h"
#include "common/sysfile.h"
#include "init/system.h"

#define CGROUP "/sys/fs/cgroup"
#define CGROUP_DEPTH_MAX 16
#define OURS "/proc/self/cgroup"
#define HIERARCHY_TRIES 16 /* there are as many controllers */
#define HIERARCHY_MS 400
#define HIERARCHY_STEP_MS 20

/* Those below path, deepest first; how many went. */
static unsigned remove_cgroups(const char *path, int depth)
{
	DIR *d = depth < CGROUP_DEPTH_MAX ? opendir(path) : NULL;
	char sub[512];
	struct dirent *e;
	unsigned n = 0;

	while (d && (e = readdir(d))) {
		if (e->d_type != DT_DIR || e->d_name[0] == '.' ||
		    snprintf(sub, sizeof(sub), "%s/%s", path, e->d_name) >=
			    (int)sizeof(sub))
			continue;
		n += remove_cgroups(sub, depth + 1);
		n += rmdir(sub) == 0;
	}
	if (d)
		closedir(d);
	return n;
}

/* The root's children had controllers; none is left that could have any. */
static void controllers_off(void)
{
	char on[256], off[64], *save = NULL, *word;

	if (sysfile_read(CGROUP "/cgroup.subtree_control", on, sizeof(on)) <= 0)
		return;
	for (word = strtok_r(on, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		snprintf(off, sizeof(off), "-%s\n", word);
		sysfile_write(CGROUP "/cgroup.subtree_control", off);
	}
}

/* "memory" of "3:memory:/" in the groups that we are in; false when there is none. */
static bool hierarchy_left(char options[128])
{
	FILE *f = fopen(OURS, "re");
	char line[512], name[64];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f)) {
		found = sscanf(line, "%*[1-9]%*[0-9]:%63[^:]:", name) == 1 ||
			sscanf(line, "%*[1-9]:%63[^:]:", name) == 1;
		if (found)
			snprintf(options, 128, "%s%s",
				 strncmp(name, "name=", 5) == 0 ? "none," : "", name);
	}
	if (f)
		fclose(f);
	return found;
}

/* An unmount that found no group left ends it, a moment later. */
static void hierarchy_wait(const char *options)
{
	uint64_t until = clock_ms() + slowdown_scale(HIERARCHY_MS);
	char now[128];

	while (hierarchy_left(now) && strcmp(now, options) == 0) {
		if (clock_ms() >= until)
			return;
		watchdog_pet();
		slowdown_pause_ms(HIERARCHY_STEP_MS);
	}
}

/*
 * One of version 1 lives without a mount while it has groups, and keeps its
 * controllers from version 2. Those groups, too, end a moment after their rmdir.
 * Mounted over /tmp, which is empty. Not again before the last one had its time: that
 * would make a new one.
 */
static unsigned hierarchies_remove(const struct teller *t)
{
	char options[128];
	unsigned n = 0;

	for (unsigned tries = 0; hierarchy_left(options); tries++) {
		if (tries == HIERARCHY_TRIES) {
			tell(t, "the cgroup hierarchy of %s does not go", options);
			break;
		}
		if (mount("cgroup", "/tmp", "cgroup", 0, options) == 0) {
			sysfile_write("/tmp/cgroup.procs", "0\n");
			n += remove_cgroups("/tmp", 0);
			slowdown_pause_ms(HIERARCHY_STEP_MS);
			umount2("/tmp", 0);
		}
		hierarchy_wait(options);
	}
	return n;
}

/* A move is slow: only when a test moved us. */
static void leave(void)
{
	char text[512], *at;

	sysfile_read(OURS, text, sizeof(text));
	at = strstr(text, "0::/");
	if (at && at[4] && at[4] != '\n')
		sysfile_write(CGROUP "/cgroup.procs", "0\n");
}

void cgroups_remove(const struct teller *t)
{
	unsigned n;

	leave();
	n = hierarchies_remove(t) + remove_cgroups(CGROUP, 0);
	if (n)
		tell(t, "removed cgroups, %u", n);
	controllers_off();
}
