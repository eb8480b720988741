#include "init/tidy.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/swap.h>
#include <unistd.h>

#include "common/sysfile.h"
#include "init/settings.h"

#define CPU "/sys/devices/system/cpu"
#define MEMORY "/sys/devices/system/memory"
#define CGROUP "/sys/fs/cgroup"
#define BLOCKS_MAX 1024
#define CGROUP_DEPTH_MAX 16

static uint64_t cpus;
static unsigned blocks[BLOCKS_MAX];
static size_t nblocks;

struct teller {
	tidy_say_fn say;
	void *arg;
};

__attribute__((format(printf, 2, 3))) static void tell(const struct teller *t,
						       const char *fmt, ...)
{
	char text[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	t->say(text, t->arg);
}

/* "online" of a memory block that is so, or empty. */
static bool block_is_online(unsigned id)
{
	char path[64], state[32];

	snprintf(path, sizeof(path), MEMORY "/memory%u/state", id);
	return sysfile_read(path, state, sizeof(state)) > 0 &&
	       strcmp(state, "online") == 0;
}

static void remember_blocks(void)
{
	DIR *d = opendir(MEMORY);
	struct dirent *e;
	unsigned id;

	nblocks = 0;
	while (d && nblocks < BLOCKS_MAX && (e = readdir(d)))
		if (sscanf(e->d_name, "memory%u", &id) == 1 && block_is_online(id))
			blocks[nblocks++] = id;
	if (d)
		closedir(d);
}

void tidy_remember(void)
{
	settings_remember();
	cpus = sysfile_list(CPU "/online");
	remember_blocks();
}

static bool put_back(const struct teller *t, const char *what, unsigned id,
		     const char *path, const char *value)
{
	int ret = sysfile_write(path, value);

	if (ret == 0)
		tell(t, "put %s %u online again", what, id);
	else
		tell(t, "%s %u does not come online again: %s", what, id, strerror(-ret));
	return ret == 0;
}

static bool cpus_online(const struct teller *t)
{
	uint64_t missing = cpus & ~sysfile_list(CPU "/online");
	char path[64];
	bool ok = true;

	for (unsigned i = 0; i < 64; i++) {
		if (!(missing >> i & 1))
			continue;
		snprintf(path, sizeof(path), CPU "/cpu%u/online", i);
		ok &= put_back(t, "CPU", i, path, "1\n");
	}
	return ok;
}

static bool memory_online(const struct teller *t)
{
	char path[64];
	bool ok = true;

	for (size_t i = 0; i < nblocks; i++) {
		if (block_is_online(blocks[i]))
			continue;
		snprintf(path, sizeof(path), MEMORY "/memory%u/state", blocks[i]);
		ok &= put_back(t, "memory block", blocks[i], path, "online\n");
	}
	return ok;
}

static bool swap_off(const struct teller *t)
{
	FILE *f = fopen("/proc/swaps", "re");
	char line[512], path[256];
	bool ok = true;

	while (f && fgets(line, sizeof(line), f)) {
		if (line[0] != '/' || sscanf(line, "%255s", path) != 1)
			continue;
		if (swapoff(path) == 0) {
			tell(t, "switched swap on %s off", path);
			continue;
		}
		tell(t, "swap on %s does not go off: %s", path, strerror(errno));
		ok = false;
	}
	if (f)
		fclose(f);
	return ok;
}

static void remove_sysv(const struct teller *t)
{
	struct shmid_ds shm;
	struct shm_info shms;
	struct seminfo sems;
	struct msginfo msgs;
	struct semid_ds sem;
	struct msqid_ds msg;
	int i, last, id, n = 0;

	last = shmctl(0, SHM_INFO, (struct shmid_ds *)&shms);
	for (i = 0; i <= last; i++) {
		id = shmctl(i, SHM_STAT, &shm);
		n += id >= 0 && shmctl(id, IPC_RMID, NULL) == 0;
	}
	last = semctl(0, 0, SEM_INFO, &sems);
	for (i = 0; i <= last; i++) {
		id = semctl(i, 0, SEM_STAT, &sem);
		n += id >= 0 && semctl(id, 0, IPC_RMID) == 0;
	}
	last = msgctl(0, MSG_INFO, (struct msqid_ds *)&msgs);
	for (i = 0; i <= last; i++) {
		id = msgctl(i, MSG_STAT, &msg);
		n += id >= 0 && msgctl(id, IPC_RMID, NULL) == 0;
	}
	if (n)
		tell(t, "removed System V objects, %d", n);
}

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

static void cgroups_off(const struct teller *t)
{
	unsigned n = remove_cgroups(CGROUP, 0);

	if (n)
		tell(t, "removed cgroups, %u", n);
	controllers_off();
}

bool tidy_up(tidy_say_fn say, void *arg)
{
	const struct teller t = { say, arg };
	bool ok;

	/* Settings first: what comes online then is as they say. */
	settings_restore();
	ok = cpus_online(&t);
	ok &= memory_online(&t);
	ok &= swap_off(&t);
	remove_sysv(&t);
	cgroups_off(&t);
	return ok;
}
