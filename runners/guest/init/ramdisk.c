#include "init/ramdisk.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/sysfile.h"

#define DISKS_MAX 16
#define PAGE 4096
#define CHUNK (64 * PAGE)
#define KNOWN_MAX 4096 /* chunks; the rest of a larger disk is read each time */

/*
 * Where there is no discard: the chunks that the disk has for ever. While it has as
 * many pages as they do, no other can hold anything.
 */
static struct disk {
	bool known[KNOWN_MAX];
	long long npages;
} disks[DISKS_MAX];

/* For O_DIRECT: past the page cache, which would be full of it. */
static char chunk[CHUNK] __attribute__((aligned(PAGE)));

/* How many pages of it hold something. */
static unsigned chunk_look(ssize_t len)
{
	static const char zeros[PAGE];
	unsigned n = 0;

	for (ssize_t i = 0; i < len; i += PAGE)
		n += memcmp(chunk + i, zeros, PAGE) != 0;
	return n;
}

/*
 * Zeros over all of it, so that the disk has each of its pages: a test may have
 * written zeros to some, which then look like those that are not there.
 */
static unsigned chunk_zero(struct disk *d, int fd, uint64_t i)
{
	ssize_t len = pread(fd, chunk, CHUNK, (off_t)(i * CHUNK));
	unsigned n = chunk_look(len);

	if (n == 0)
		return 0;
	memset(chunk, 0, CHUNK);
	if (pwrite(fd, chunk, (size_t)len, (off_t)(i * CHUNK)) != len)
		return 0;
	if (i < KNOWN_MAX && !d->known[i]) {
		d->known[i] = true;
		d->npages += len / PAGE;
	}
	return n;
}

static unsigned disk_zero(struct disk *d, int fd, uint64_t size, long long held)
{
	bool all = held != d->npages;
	unsigned n = 0;

	for (uint64_t i = 0; i * CHUNK < size; i++)
		if (all || i >= KNOWN_MAX || d->known[i])
			n += chunk_zero(d, fd, i);
	return n;
}

static void disk_empty(const struct teller *t, unsigned i)
{
	char dev[32], count[64];
	uint64_t range[2] = { 0, 0 };
	long long held;
	unsigned n;
	int fd;

	snprintf(count, sizeof(count), "/sys/kernel/debug/ramdisk_pages/ram%u", i);
	/* Without debugfs nobody counts. */
	held = sysfile_number(count, -1);
	if (held == 0)
		return;
	snprintf(dev, sizeof(dev), "/dev/ram%u", i);
	fd = open(dev, O_RDWR | O_DIRECT | O_CLOEXEC);
	if (fd < 0)
		return;
	if (ioctl(fd, BLKGETSIZE64, &range[1]) < 0)
		range[1] = 0;
	if (ioctl(fd, BLKDISCARD, range) == 0)
		n = held > 0 ? (unsigned)held : 0;
	else
		n = disk_zero(&disks[i], fd, range[1], held);
	close(fd);
	if (n)
		tell(t, "emptied RAM disk %s, pages: %u", dev, n);
}

void ramdisks_empty(const struct teller *t)
{
	for (unsigned i = 0; i < DISKS_MAX; i++)
		disk_empty(t, i);
}
