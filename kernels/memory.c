#include "kernels/memory.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/str.h"

bool memory_in_sandbox(void)
{
	AUTO_FILE FILE *f = fopen("/proc/1/comm", "re");
	char comm[32];

	return f && fgets(comm, sizeof(comm), f) && str_starts(comm, "bwrap");
}

/* proc(5), statm: size, resident, shared, ... in pages. */
static uint64_t memory_of(const char *pid)
{
	AUTO_FREE char *path = str_printf("/proc/%s/statm", pid);
	AUTO_FILE FILE *f = fopen(path, "re");
	unsigned long size, resident, shared;

	if (!f || fscanf(f, "%lu %lu %lu", &size, &resident, &shared) != 3)
		return 0;
	return resident > shared ?
		       (uint64_t)(resident - shared) * (uint64_t)sysconf(_SC_PAGESIZE) :
		       0;
}

uint64_t memory_of_all(void)
{
	AUTO_DIR DIR *d = opendir("/proc");
	AUTO_FREE char *self = str_printf("%ld", (long)getpid());
	struct dirent *e;
	uint64_t sum = 0;

	while (d && (e = readdir(d)))
		if (isdigit((unsigned char)e->d_name[0]) && strcmp(e->d_name, self) != 0)
			sum += memory_of(e->d_name);
	return sum;
}
