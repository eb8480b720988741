#include "common/swap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/swap.h>
#include <unistd.h>

#include "common/page.h"
#include "common/restore.h"

#define MAGIC "SWAPSPACE2"

/* Version 1 of union swap_header in include/linux/swap.h: the first page. */
union header {
	struct {
		char bootbits[1024];
		uint32_t version;
		uint32_t last_page;
		uint32_t nr_badpages;
	} info;
	char bytes[4096];
};

static int signature(const char *device, unsigned npages)
{
	union header h;
	int ret = 0, fd = open(device, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	memset(&h, 0, sizeof(h));
	h.info.version = 1;
	h.info.last_page = npages - 1;
	memcpy(h.bytes + sizeof(h) - strlen(MAGIC), MAGIC, strlen(MAGIC));
	if (pwrite(fd, &h, sizeof(h), 0) != (ssize_t)sizeof(h) || fsync(fd) < 0)
		ret = errno ? -errno : -EIO;
	close(fd);
	return ret;
}

static void off(void *device)
{
	swapoff(device);
}

int swap_on(const char *device, unsigned npages)
{
	int ret;

	swapoff(device);
	ret = signature(device, npages);
	if (ret < 0)
		return ret;
	if (swapon(device, 0) < 0)
		return -errno;
	restore_call(off, (void *)(uintptr_t)device);
	return 0;
}
