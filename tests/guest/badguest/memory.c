/* All of the memory, by several ways. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

#include "badguest/cases.h"
#include "common/sysfile.h"

#define CHUNK (4ul << 20)

static void fill(int flags)
{
	for (;;) {
		char *p = mmap(NULL, CHUNK, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

		if (p == MAP_FAILED)
			continue;
		for (size_t i = 0; i < CHUNK; i += 4096)
			p[i] = 1;
	}
}

int case_fill_memory(void)
{
	sysfile_write("/proc/sys/vm/overcommit_memory", "1\n");
	fill(0);
	return 0;
}

int case_fill_locked(void)
{
	sysfile_write("/proc/sys/vm/overcommit_memory", "1\n");
	if (mlockall(MCL_FUTURE) < 0)
		return 3;
	fill(MAP_LOCKED);
	return 0;
}

/* Such a segment stays when nobody is left who could free it. */
int case_fill_shm(void)
{
	for (int i = 0; i < 40; i++) {
		int id = shmget(IPC_PRIVATE, CHUNK, IPC_CREAT | 0600);
		char *p = id < 0 ? (char *)-1 : shmat(id, NULL, 0);

		if (p == (char *)-1) {
			printf("not ok 1 fill-shm # expected 40 segments, saw %d: %s\n",
			       i, strerror(errno));
			return 1;
		}
		memset(p, 1, CHUNK);
		shmdt(p);
	}
	printf("KTAP version 1\n1..1\nok 1 fill-shm\n");
	return 0;
}

int case_fill_tmp(void)
{
	static char block[65536];
	int fd = open("/tmp/full", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	memset(block, 1, sizeof(block));
	while (write(fd, block, sizeof(block)) > 0)
		;
	printf("KTAP version 1\n1..1\nnot ok 1 fill-tmp # expected room, saw: %s\n",
	       strerror(errno));
	return 1;
}
