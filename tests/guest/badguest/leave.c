/* What stays when its process has gone: files, disks, huge pages, hierarchies. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "badguest/cases.h"
#include "common/swap.h"
#include "common/sysfile.h"

#define HUGE (2ul << 20)
#define NHUGE 4

static int result(const char *name, const char *failed)
{
	printf("KTAP version 1\n1..1\n%s 1 %s%s%s\n", failed ? "not ok" : "ok", name,
	       failed ? " # expected success, saw " : "", failed ? failed : "");
	if (failed)
		printf("# %s\n", strerror(errno));
	return failed != NULL;
}

static bool fill(const char *path)
{
	static char block[1 << 20];
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	bool ok;

	memset(block, 0x5a, sizeof(block));
	ok = fd >= 0 && write(fd, block, sizeof(block)) == (ssize_t)sizeof(block) &&
	     fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	return ok;
}

/* Some more, one less, one that is another, and one that is for everybody. */
int case_devices(void)
{
	const char *failed = NULL;

	if (mkdir("/dev/shm", 0777) < 0 || mkdir("/dev/shm/folder", 0777) < 0 ||
	    !fill("/dev/shm/folder/file") || symlink("/dev/kmsg", "/dev/shm/link") < 0)
		failed = "no files";
	else if (mknod("/dev/stray", S_IFCHR | 0666, makedev(1, 3)) < 0)
		failed = "no device";
	else if (unlink("/dev/null") < 0)
		failed = "/dev/null stays";
	else if (unlink("/dev/zero") < 0 || mkdir("/dev/zero", 0700) < 0 ||
		 !fill("/dev/zero/file"))
		failed = "/dev/zero stays";
	else if (chmod("/dev/ram0", 0666) < 0 || chown("/dev/ram0", 7, 7) < 0)
		failed = "/dev/ram0 stays";
	return result("devices", failed);
}

/* Swap that is on without a name, and something at both ends of the other disk. */
int case_disks(void)
{
	const char *failed = NULL;
	static const char text[] = "left behind";
	int fd = open("/dev/ram1", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, sizeof(text)) < 0 ||
	    lseek(fd, -(off_t)sizeof(text), SEEK_END) < 0 ||
	    write(fd, text, sizeof(text)) < 0 || fsync(fd) < 0)
		failed = "no room on /dev/ram1";
	else if (swap_on("/dev/ram0", 2048) < 0)
		failed = "no swap";
	else if (unlink("/dev/ram0") < 0)
		failed = "/dev/ram0 stays";
	result("disks", failed);
	fflush(stdout);
	/* Without the atexit that switches it off. */
	_exit(failed != NULL);
}

/* Pages of a segment cannot be given back while it is there. */
int case_huge_pages(void)
{
	const char *failed = NULL;
	char *p = (char *)-1;
	int id = -1;

	if (sysfile_write_number("/proc/sys/vm/nr_hugepages", NHUGE) < 0)
		failed = "no pool";
	else
		id = shmget(IPC_PRIVATE, NHUGE * HUGE, SHM_HUGETLB | IPC_CREAT | 0600);
	if (id >= 0)
		p = shmat(id, NULL, 0);
	if (p != (char *)-1)
		memset(p, 1, NHUGE * HUGE);
	else if (!failed)
		failed = "no segment";
	return result("huge-pages", failed);
}

/* Merged and killed in the middle of it, with the scanner running. */
int case_merged(void)
{
	size_t bytes = 64 * 4096;
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);

	if (p == MAP_FAILED || madvise(p, bytes, MADV_MERGEABLE) < 0 ||
	    sysfile_write("/sys/kernel/mm/ksm/sleep_millisecs", "1") < 0 ||
	    sysfile_write("/sys/kernel/mm/ksm/run", "1") < 0)
		return result("merged", "no merging");
	memset(p, 0x5a, bytes);
	for (int i = 0; i < 400; i++) {
		if (sysfile_number("/sys/kernel/mm/ksm/pages_sharing", 0) > 0)
			_exit(result("merged", NULL) || fflush(stdout));
		usleep(10000);
	}
	return result("merged", "nothing merged");
}

/*
 * A hierarchy of version 1 lives as long as a group of it, and takes its controller
 * away from all others. A kernel may have no such controller (6.12).
 */
int case_hierarchy(void)
{
	const char *failed = NULL;

	if (mkdir("/tmp/v1", 0700) < 0 ||
	    (mount("v1", "/tmp/v1", "cgroup", 0, "memory") < 0 &&
	     mount("v1", "/tmp/v1", "cgroup", 0, "none,name=badguest") < 0))
		failed = "no mount";
	else if (mkdir("/tmp/v1/left", 0700) < 0 || mkdir("/tmp/v1/left/below", 0700) < 0)
		failed = "no group";
	return result("hierarchy", failed);
}
