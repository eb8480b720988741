#include "common/memblock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/page.h"
#include "common/restore.h"
#include "common/sysfile.h"

#define DIR "/sys/devices/system/memory/"
#define STAYS (PAGE_SLAB | PAGE_PGTABLE | PAGE_RESERVED | PAGE_HWPOISON)

static int gone = -1; /* the block to bring back at exit */

uint64_t memblock_pages(void)
{
	static bool asked;
	static uint64_t pages;
	char text[32];

	if (!asked && sysfile_read(DIR "block_size_bytes", text, sizeof(text)) > 0)
		pages = strtoull(text, NULL, 16) / PAGE_BYTES;
	asked = true;
	return pages;
}

int memblock_of(uint64_t pfn)
{
	uint64_t pages = memblock_pages();

	return pages && pfn ? (int)(pfn / pages) : -1;
}

bool memblock_on_node(int id, int node)
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/memory%d", node,
		 id);
	return access(path, F_OK) == 0;
}

bool memblock_movable(int id)
{
	uint64_t pages = memblock_pages(), i, n;
	uint64_t *flags = calloc(pages ? pages : 1, sizeof(*flags));

	if (!flags)
		return false;
	n = page_flags_range((uint64_t)id * pages, flags, pages);
	for (i = 0; i < n; i++) {
		if (flags[i] & STAYS)
			break;
	}
	free(flags);
	return n && i == n;
}

static void wake(int sig)
{
	(void)sig;
}

static int write_once(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

/* The signal comes again each second: one could come before the call sleeps. */
static int write_at_most(const char *path, const char *text, unsigned seconds)
{
	struct itimerval timer = { .it_value = { .tv_sec = seconds },
				   .it_interval = { .tv_sec = 1 } };
	struct itimerval none = { .it_value = { 0, 0 } };
	struct sigaction sa = { .sa_handler = wake }, old;
	int ret;

	sigaction(SIGALRM, &sa, &old);
	setitimer(ITIMER_REAL, &timer, NULL);
	ret = write_once(path, text);
	setitimer(ITIMER_REAL, &none, NULL);
	sigaction(SIGALRM, &old, NULL);
	return ret;
}

static void state_path(char *path, size_t size, int id)
{
	snprintf(path, size, DIR "memory%d/state", id);
}

static void bring_back(void *arg)
{
	(void)arg;
	if (gone >= 0)
		memblock_online(gone);
}

int memblock_offline(int id, unsigned seconds)
{
	static bool asked;
	char path[96];
	int ret;

	if (!asked)
		restore_call(bring_back, NULL);
	asked = true;
	state_path(path, sizeof(path), id);
	ret = write_at_most(path, "offline", seconds);
	if (ret == 0)
		gone = id;
	return ret;
}

int memblock_online(int id)
{
	char path[96];
	int ret;

	state_path(path, sizeof(path), id);
	ret = write_once(path, "online");
	if (ret == 0 && gone == id)
		gone = -1;
	return ret;
}
