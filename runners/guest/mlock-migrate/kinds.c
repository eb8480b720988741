#include "mlock-migrate/kinds.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/ktap.h"
#include "common/page.h"

#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1
#endif
#ifndef MCL_ONFAULT
#define MCL_ONFAULT 4
#endif

#define RAMFS "/tmp/ramfs"
#define DISK "/dev/ram1"

static void must(bool ok, const struct kind_run *run, const char *what)
{
	if (!ok)
		ktap_bail("%s: %s: %s", run->kind->name, what, strerror(errno));
}

static void map(struct kind_run *run, size_t bytes, int flags)
{
	char *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, run->fd, 0);
	size_t every = run->kind->traits & KIND_HALF ? 2 : 1;

	must(at != MAP_FAILED, run, "mmap");
	pageset_adopt(&run->set, at, bytes, every);
}

static void lock(struct kind_run *run)
{
	must(mlock(run->set.map, run->set.map_bytes) == 0, run, "mlock");
}

static void unlock(struct kind_run *run)
{
	must(munlock(run->set.map, run->set.map_bytes) == 0, run, "munlock");
}

static void unlock_all(struct kind_run *run)
{
	must(munlockall() == 0, run, "munlockall");
}

static void anon(struct kind_run *run, size_t bytes)
{
	map(run, bytes, MAP_PRIVATE | MAP_ANONYMOUS);
	lock(run);
}

/* On the LRU before they are locked: mlock_folio, not mlock_new_folio. */
static void anon_present(struct kind_run *run, size_t bytes)
{
	map(run, bytes, MAP_PRIVATE | MAP_ANONYMOUS);
	pageset_fill(&run->set);
	lock(run);
}

static void map_locked(struct kind_run *run, size_t bytes)
{
	map(run, bytes, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED);
}

static void shared(struct kind_run *run, size_t bytes)
{
	map(run, bytes, MAP_SHARED | MAP_ANONYMOUS);
	lock(run);
}

static void on_fault(struct kind_run *run, size_t bytes)
{
	map(run, bytes, MAP_PRIVATE | MAP_ANONYMOUS);
	must(syscall(SYS_mlock2, run->set.map, bytes, MLOCK_ONFAULT) == 0, run, "mlock2");
}

static void memfd(struct kind_run *run, size_t bytes)
{
	run->fd = memfd_create("kind", MFD_CLOEXEC);
	must(run->fd >= 0 && ftruncate(run->fd, (off_t)bytes) == 0, run, "memfd");
	map(run, bytes, MAP_SHARED);
	lock(run);
}

static void file_open(struct kind_run *run, const char *path, size_t bytes)
{
	run->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	must(run->fd >= 0, run, path);
	unlink(path);
	must(ftruncate(run->fd, (off_t)bytes) == 0, run, "ftruncate");
}

static void tmpfs(struct kind_run *run, size_t bytes)
{
	file_open(run, "/tmp/kind-tmpfs", bytes);
	map(run, bytes, MAP_SHARED);
	lock(run);
}

/* The file system goes with the last that uses it: it has no name any more. */
static void ramfs(struct kind_run *run, size_t bytes)
{
	mkdir(RAMFS, 0700);
	must(mount("ramfs", RAMFS, "ramfs", 0, NULL) == 0, run, "mount");
	file_open(run, RAMFS "/kind", bytes);
	must(umount2(RAMFS, MNT_DETACH) == 0, run, "umount");
	map(run, bytes, MAP_SHARED);
	lock(run);
}

/* Page cache of its own, with buffers, beside the disk's own pages. */
static void disk(struct kind_run *run, size_t bytes)
{
	run->fd = open(DISK, O_RDWR | O_CLOEXEC);
	must(run->fd >= 0, run, "open");
	ioctl(run->fd, BLKFLSBUF, 0);
	map(run, bytes, MAP_SHARED);
	lock(run);
}

/*
 * The file's pages are mapped, and locked, when mlock's own writing replaces them
 * by private copies: they must lose the lock.
 */
static void file_cow(struct kind_run *run, size_t bytes)
{
	file_open(run, "/tmp/kind-cow", bytes);
	map(run, bytes, MAP_PRIVATE);
	pageset_touch(&run->set);
	lock(run);
}

static void all_current(struct kind_run *run, size_t bytes)
{
	map(run, bytes, MAP_PRIVATE | MAP_ANONYMOUS);
	pageset_fill(&run->set);
	must(mlockall(MCL_CURRENT) == 0, run, "mlockall");
}

static void all_future(struct kind_run *run, size_t bytes)
{
	must(mlockall(MCL_FUTURE) == 0, run, "mlockall");
	map(run, bytes, MAP_PRIVATE | MAP_ANONYMOUS);
}

static void all_on_fault(struct kind_run *run, size_t bytes)
{
	must(mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0, run, "mlockall");
	map(run, bytes, MAP_SHARED | MAP_ANONYMOUS);
}

/* fd is the segment's id. Locked first: pages that are on the LRU stay there. */
static void sysv(struct kind_run *run, size_t bytes)
{
	void *at;

	run->fd = shmget(IPC_PRIVATE, bytes, IPC_CREAT | 0600);
	must(run->fd >= 0, run, "shmget");
	at = shmat(run->fd, NULL, 0);
	must(shmctl(run->fd, SHM_LOCK, NULL) == 0, run, "SHM_LOCK");
	must(shmctl(run->fd, IPC_RMID, NULL) == 0 && at != (void *)-1, run, "shmat");
	pageset_adopt(&run->set, at, bytes, 1);
}

static void sysv_unlock(struct kind_run *run)
{
	must(shmctl(run->fd, SHM_UNLOCK, NULL) == 0, run, "SHM_UNLOCK");
}

static const char *lacks_ramfs(void)
{
	char text[4096];
	bool found;
	int fd = open("/proc/filesystems", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	found = strstr(text, "\tramfs\n") != NULL;
	return found ? NULL : "this kernel has no ramfs";
}

static const char *lacks_disk(void)
{
	return access(DISK, R_OK | W_OK) == 0 ? NULL : "there is no " DISK;
}

static const char *lacks_sysv(void)
{
	int id = shmget(IPC_PRIVATE, PAGE_BYTES, IPC_CREAT | 0600);

	if (id < 0)
		return errno == ENOSYS ? "this kernel has no System V memory" : NULL;
	shmctl(id, IPC_RMID, NULL);
	return NULL;
}

/*
 * Anonymous memory and page cache by turns: compaction moves what lies in one part of
 * a node, and kinds-compact puts them there in this order.
 */
const struct kind kinds[] = {
	{ .name = "anon", .put_up = anon },
	{ .name = "shared", .put_up = shared },
	{ .name = "anon-present", .put_up = anon_present },
	{ .name = "memfd", .put_up = memfd },
	{ .name = "map-locked", .put_up = map_locked },
	{ .name = "tmpfs", .put_up = tmpfs },
	{ .name = "ramfs",
	  .traits = KIND_ALWAYS_UNEVICTABLE | KIND_MAY_STAY,
	  .lacks = lacks_ramfs,
	  .put_up = ramfs },
	{ .name = "file-cow", .put_up = file_cow },
	{ .name = "disk",
	  .traits = KIND_WRITTEN_BACK,
	  .lacks = lacks_disk,
	  .put_up = disk },
	{ .name = "onfault", .traits = KIND_HALF, .put_up = on_fault },
	{ .name = "all-onfault",
	  .traits = KIND_PROCESS | KIND_HALF,
	  .put_up = all_on_fault,
	  .unlock = unlock_all },
	{ .name = "all-current",
	  .traits = KIND_PROCESS,
	  .put_up = all_current,
	  .unlock = unlock_all },
	{ .name = "sysv",
	  .traits = KIND_NOT_MLOCKED,
	  .lacks = lacks_sysv,
	  .put_up = sysv,
	  .unlock = sysv_unlock },
	{ .name = "all-future",
	  .traits = KIND_PROCESS,
	  .put_up = all_future,
	  .unlock = unlock_all },
};
const size_t kinds_n = sizeof(kinds) / sizeof(kinds[0]);

void kind_put_up(struct kind_run *run, const struct kind *kind, size_t npages)
{
	memset(run, 0, sizeof(*run));
	run->kind = kind;
	run->fd = -1;
	/* Huge pages have a case of their own. */
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	kind->put_up(run, npages * PAGE_BYTES);
	pageset_fill(&run->set);
}

void kind_unlock(struct kind_run *run)
{
	(run->kind->unlock ? run->kind->unlock : unlock)(run);
}

void kind_drop(struct kind_run *run)
{
	if (run->kind->put_up == sysv)
		shmdt(run->set.map);
	else if (run->fd >= 0)
		close(run->fd);
	pageset_done(&run->set);
}
