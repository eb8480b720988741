#include "init/tidy.h"

#include <dirent.h>
#include <errno.h>
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
#include "init/cgroups.h"
#include "init/devices.h"
#include "init/own.h"
#include "init/ramdisk.h"
#include "init/settings.h"
#include "init/system.h"

#define CPU "/sys/devices/system/cpu"
#define MEMORY "/sys/devices/system/memory"
#define BLOCKS_MAX 1024

static uint64_t cpus;
static unsigned blocks[BLOCKS_MAX];
static size_t nblocks;

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
	own_remember();
	settings_remember();
	devices_remember();
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

/* *ret_n: how many were not. */
static bool memory_online(const struct teller *t, unsigned *ret_n)
{
	char path[64];
	bool ok = true;

	for (size_t i = 0; i < nblocks; i++) {
		if (block_is_online(blocks[i]))
			continue;
		++*ret_n;
		snprintf(path, sizeof(path), MEMORY "/memory%u/state", blocks[i]);
		ok &= put_back(t, "memory block", blocks[i], path, "online\n");
	}
	return ok;
}

/*
 * The kernel shows the path as the test's own mounts had it, and those are gone: then
 * it begins at the root of /dev, and a device file that was removed is marked so.
 */
static bool swap_off_one(char path[256])
{
	char *deleted = strstr(path, "\\040(deleted)");
	char dev[256 + 8];

	if (deleted)
		*deleted = '\0';
	snprintf(dev, sizeof(dev), "/dev%s", path);
	return swapoff(path) == 0 || swapoff(dev) == 0;
}

static bool swap_off(const struct teller *t)
{
	FILE *f = fopen("/proc/swaps", "re");
	char line[512], path[256];
	bool ok = true;

	while (f && fgets(line, sizeof(line), f)) {
		if (line[0] != '/' || sscanf(line, "%255s", path) != 1)
			continue;
		if (swap_off_one(path)) {
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

/* Settings first: what comes online then is as they say. */
static bool machine_back(const struct teller *t)
{
	uint64_t missing = cpus & ~sysfile_list(CPU "/online");
	unsigned n = 0;
	bool ok;

	settings_restore(t);
	ok = cpus_online(t);
	ok &= memory_online(t, &n);
	settings_restore_last(t, missing || n);
	return ok;
}

bool tidy_up(const struct teller *t)
{
	bool ok;

	own_restore(t);
	/* What uses memory, or huge pages that are to go, before what takes them. */
	system_fresh_tmp();
	remove_sysv(t);
	cgroups_remove(t);
	/* By its device's name, so that is to be there. */
	devices_restore(t);
	ok = swap_off(t);
	ramdisks_empty(t);
	ok &= machine_back(t);
	return ok;
}
