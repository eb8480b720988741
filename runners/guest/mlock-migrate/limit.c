#include "mlock-migrate/limit.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/ktap.h"
#include "common/page.h"
#include "common/smaps.h"
#include "common/why.h"

#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1
#endif

#define NOBODY 65534
#define LIMIT ((size_t)8) /* pages */
#define PAGES ((size_t)16)

static char *map;

/* A call's outcome: 0 or an errno, and VmLck after it in pages. */
static void expect(struct why *w, const char *call, long ret, int want_errno,
		   size_t want_pages)
{
	int err = ret < 0 ? errno : 0;
	long long kib = smaps_vmlck_kib(),
		  want = (long long)(want_pages * PAGE_BYTES / 1024);

	if (err != want_errno)
		why_add(w, "%s: expected %s, saw %s", call,
			want_errno ? strerror(want_errno) : "success",
			err ? strerror(err) : "success");
	if (kib != want)
		why_add(w, "%s: expected VmLck to be %lld kB, saw %lld", call, want, kib);
}

static long lock(size_t from, size_t to)
{
	return mlock(map + from * PAGE_BYTES, (to - from) * PAGE_BYTES);
}

static long unlock(size_t from, size_t to)
{
	return munlock(map + from * PAGE_BYTES, (to - from) * PAGE_BYTES);
}

static void check_mlock(void)
{
	struct why w = { 0 };

	expect(&w, "one page too many", lock(0, LIMIT + 1), ENOMEM, 0);
	expect(&w, "the limit", lock(0, LIMIT), 0, LIMIT);
	expect(&w, "the same again", lock(0, LIMIT), 0, LIMIT);
	expect(&w, "a part of it again", lock(2, 6), 0, LIMIT);
	expect(&w, "half of it and more", lock(4, 4 + LIMIT), ENOMEM, LIMIT);
	expect(&w, "mlock2 of one more",
	       syscall(SYS_mlock2, map + LIMIT * PAGE_BYTES, PAGE_BYTES, MLOCK_ONFAULT),
	       ENOMEM, LIMIT);
	expect(&w, "munlock of half", unlock(0, LIMIT / 2), 0, LIMIT / 2);
	expect(&w, "as much elsewhere", lock(LIMIT, LIMIT + LIMIT / 2), 0, LIMIT);
	expect(&w, "munlock", unlock(0, PAGES), 0, 0);
	why_check(&w, "limit-mlock");
}

static long map_locked(size_t pages, int flags)
{
	char *at = mmap(NULL, pages * PAGE_BYTES, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	if (at == MAP_FAILED)
		return -1;
	return munmap(at, pages * PAGE_BYTES);
}

static long grow(size_t from, size_t to)
{
	char *at = mremap(map, from * PAGE_BYTES, to * PAGE_BYTES, MREMAP_MAYMOVE);

	if (at == MAP_FAILED)
		return -1;
	map = at;
	return 0;
}

static void check_maps(void)
{
	struct why w = { 0 };

	expect(&w, "mlockall of more than the limit", mlockall(MCL_CURRENT), ENOMEM, 0);
	expect(&w, "MAP_LOCKED of the limit", map_locked(LIMIT, MAP_LOCKED), 0, 0);
	expect(&w, "MAP_LOCKED of more", map_locked(LIMIT + 1, MAP_LOCKED), EAGAIN, 0);
	expect(&w, "all of it", lock(0, LIMIT), 0, LIMIT);
	expect(&w, "munmap of the rest",
	       munmap(map + LIMIT * PAGE_BYTES, (PAGES - LIMIT) * PAGE_BYTES), 0, LIMIT);
	expect(&w, "mremap to more", grow(LIMIT, LIMIT + 1), EAGAIN, LIMIT);
	expect(&w, "mremap to less", grow(LIMIT, LIMIT - 2), 0, LIMIT - 2);
	expect(&w, "mremap to the limit", grow(LIMIT - 2, LIMIT), 0, LIMIT);
	expect(&w, "munlock", unlock(0, LIMIT), 0, 0);
	expect(&w, "mlockall of what is to come", mlockall(MCL_FUTURE), 0, 0);
	expect(&w, "mmap of the limit", map_locked(LIMIT, 0), 0, 0);
	expect(&w, "mmap of more", map_locked(LIMIT + 1, 0), EAGAIN, 0);
	expect(&w, "munlockall", munlockall(), 0, 0);
	expect(&w, "mmap when nothing is locked", map_locked(LIMIT + 1, 0), 0, 0);
	why_check(&w, "limit-maps");
}

/* At a limit of 0 nothing may be locked at all; what is can be unlocked. */
static void check_zero(void)
{
	const struct rlimit zero = { 0, 0 };
	struct why w = { 0 };

	expect(&w, "mlock below the limit", lock(0, 2), 0, 2);
	expect(&w, "setrlimit", setrlimit(RLIMIT_MEMLOCK, &zero), 0, 2);
	expect(&w, "mlock at limit 0", lock(2, 3), EPERM, 2);
	expect(&w, "mlock again at limit 0", lock(0, 2), EPERM, 2);
	expect(&w, "mlockall at limit 0", mlockall(MCL_FUTURE), EPERM, 2);
	expect(&w, "MAP_LOCKED at limit 0", map_locked(1, MAP_LOCKED), EPERM, 2);
	expect(&w, "munlock at limit 0", unlock(0, 2), 0, 0);
	why_check(&w, "limit-zero");
}

void limit_checks(void *arg)
{
	const struct rlimit limit = { LIMIT * PAGE_BYTES, LIMIT * PAGE_BYTES };

	(void)arg;
	map = mmap(NULL, PAGES * PAGE_BYTES, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED || setrlimit(RLIMIT_MEMLOCK, &limit) < 0 ||
	    setgid(NOBODY) < 0 || setuid(NOBODY) < 0)
		ktap_bail("to become another user: %s", strerror(errno));
	check_mlock();
	check_maps();
	check_zero();
}
