/*
 * Reclaim of a cgroup that holds mlocked pages, anonymous and of tmpfs, with
 * swap to put them into: none of them goes, while pages that are not locked do
 * (the control: only then is anything said). Unlocked, they go like the others;
 * locked again, they come back from swap, locked, and stay.
 *
 * What this shows: locked pages left on a list that reclaim looks at and taken
 * from there, or a page's lock forgotten when it is unmapped; pages that stay
 * unevictable after munlock, which is memory lost until exit; pages read from
 * swap into a locked range that do not stay; madvise that takes locked pages;
 * wrong figures in /proc about what is locked and what is in swap. Whether those
 * from swap are Mlocked at once is case_from_swap.c's matter: where they are not,
 * reclaim that meets one gives it its flags and leaves it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/ktap.h"
#include "common/page.h"
#include "common/smaps.h"
#include "common/swap.h"
#include "common/sysfile.h"
#include "common/tally.h"
#include "mlock-migrate/cases.h"
#include "mlock-migrate/oracle.h"
#include "mlock-migrate/pressure.h"

#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1
#endif
#ifndef MADV_COLD
#define MADV_COLD 20
#define MADV_PAGEOUT 21
#endif

#define SWAP_DEVICE "/dev/ram0"
#define SWAP_PAGES 2048
#define ANON 256
#define TMPFS 64

struct sets {
	struct pageset anon, tmpfs; /* locked */
	struct pageset anon_plain, tmpfs_plain;
};

static void tmpfs_make(struct pageset *set, bool lock)
{
	char *map = mmap(NULL, TMPFS * PAGE_BYTES, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED)
		ktap_bail("mmap of tmpfs pages: %s", strerror(errno));
	pageset_adopt(set, map, TMPFS * PAGE_BYTES, 1);
	madvise(map, set->map_bytes, MADV_NOHUGEPAGE);
	pageset_fill(set);
	if (lock && mlock(map, set->map_bytes) < 0)
		ktap_bail("mlock of tmpfs pages: %s", strerror(errno));
}

static void check_madvise(const struct sets *s)
{
	static const struct {
		const char *name;
		int advice;
	} advices[] = { { "MADV_PAGEOUT", MADV_PAGEOUT },
			{ "MADV_COLD", MADV_COLD },
			{ "MADV_FREE", MADV_FREE },
			{ "MADV_DONTNEED", MADV_DONTNEED } };
	const struct pageset *sets[] = { &s->anon, &s->tmpfs };
	struct tally t = { .name = "madvise-refused" };
	size_t i, k;

	for (i = 0; i < 2; i++) {
		for (k = 0; k < sizeof(advices) / sizeof(advices[0]); k++) {
			int ret = madvise(sets[i]->map, sets[i]->map_bytes,
					  advices[k].advice);
			int err = ret < 0 ? errno : 0;
			size_t n = pageset_absent(sets[i]);

			tally_add(
				&t, err == EINVAL && n == 0,
				"expected %s of a locked range to answer EINVAL and take no page, saw %s and %zu taken",
				advices[k].name, strerror(err), n);
		}
	}
	tally_check(&t);
}

static long long smaps_of(const struct pageset *set, size_t field)
{
	struct smaps smaps;
	long long kib;

	smaps_read(&smaps);
	kib = smaps_sum(&smaps, set->map, set->map + set->map_bytes, field);
	smaps_done(&smaps);
	return kib;
}

static void check_stay(const struct sets *s, const char *name)
{
	size_t anon = pageset_absent(&s->anon), tmpfs = pageset_absent(&s->tmpfs);
	long long swap = smaps_of(&s->anon, offsetof(struct smaps_vma, swap));

	ktap_check(
		anon == 0 && tmpfs == 0 && swap == 0, name,
		"expected reclaim to leave all mlocked pages, saw %zu anonymous and %zu of tmpfs gone, %lld KiB of them in swap",
		anon, tmpfs, swap);
}

static void check_proc(const struct sets *s)
{
	long long locked = smaps_of(&s->anon, offsetof(struct smaps_vma, locked));
	long long vmlck = sysfile_field("/proc/self/status", "VmLck:", -1);

	ktap_check(locked == ANON * 4 && vmlck == (ANON + TMPFS) * 4, "locked-in-proc",
		   "expected %d KiB Locked in smaps and %d KiB VmLck, saw %lld and %lld",
		   ANON * 4, (ANON + TMPFS) * 4, locked, vmlck);
}

/* Unlocked by now: they go, and come back as they were. */
static void check_goes(const struct pageset *set, const char *name)
{
	bool went = pressure_on(set, pageset_absent);
	size_t gone = pageset_absent(set), damaged = pageset_damaged(set);

	ktap_check(
		went && damaged == 0, name,
		"expected reclaim to take pages after munlock as it takes others, and to bring them back unchanged, saw %zu of %zu taken and %zu changed",
		gone, set->n, damaged);
}

static void check_from_swap(const struct pageset *set, const struct vmstat *mid,
			    bool pressed)
{
	struct vmstat now;
	size_t absent, damaged, mlocked;

	oracle_begin(&now);
	absent = pageset_absent(set);
	damaged = pageset_damaged(set);
	mlocked = pageset_with(set, PAGE_MLOCKED);
	if (absent == 0 && damaged == 0 && !pressed)
		ktap_skip("from-swap-stay",
			  "reclaim took too few pages that are not locked");
	else
		ktap_check(
			absent == 0 && damaged == 0, "from-swap-stay",
			"expected all %zu pages that a locked range read from swap to stay, unchanged, saw %zu gone and %zu changed",
			set->n, absent, damaged);
	ktap_check(now.nr_mlock - mid->nr_mlock == (long long)mlocked,
		   "from-swap-nr_mlock",
		   "expected nr_mlock to grow by the %zu pages with Mlocked, saw %lld",
		   mlocked, now.nr_mlock - mid->nr_mlock);
}

static void skip_from_swap(void)
{
	const char *why = "reclaim took none of the pages before they were locked again";

	ktap_skip("from-swap-stay", "%s", why);
	ktap_skip("from-swap-nr_mlock", "%s", why);
}

/* Faults, not mlock(2): that marks the pages accessed, and reclaim would wait. */
static void locked_from_swap(struct sets *s, const struct vmstat *mid)
{
	struct vmstat drained;
	bool pressed;
	size_t out;

	pressure_on(&s->anon, pageset_absent);
	out = pageset_absent(&s->anon);
	ktap_data("locked_from_swap", (long long)out);
	if (syscall(SYS_mlock2, s->anon.map, s->anon.map_bytes, MLOCK_ONFAULT) < 0)
		ktap_bail("mlock2 of pages in swap: %s", strerror(errno));
	pageset_touch(&s->anon);
	oracle_begin(&drained);
	if (out) {
		pageset_touch(&s->anon_plain);
		pressed = pressure_on(&s->anon_plain, pageset_absent);
		check_from_swap(&s->anon, mid, pressed);
	} else {
		skip_from_swap();
	}
	oracle_unlocked(&s->anon, mid);
}

static void run(struct sets *s, const struct vmstat *base, const struct vmstat *mid)
{
	check_madvise(s);
	check_stay(s, "stay");
	check_proc(s);
	oracle_locked(&s->anon, mid);
	oracle_unlocked(&s->anon, mid);
	check_goes(&s->anon, "anon-goes-after-munlock");
	locked_from_swap(s, mid);
	oracle_locked(&s->tmpfs, base);
	oracle_unlocked(&s->tmpfs, base);
	check_goes(&s->tmpfs, "tmpfs-goes-after-munlock");
}

static void set_up(void)
{
	int ret;

	pressure_begin("mlock-reclaim");
	ret = swap_on(SWAP_DEVICE, SWAP_PAGES);
	if (ret < 0)
		ktap_skip_all("no swap on " SWAP_DEVICE " here: %s", strerror(-ret));
}

void case_reclaim(void)
{
	struct vmstat base, mid;
	struct sets s;

	set_up();
	oracle_begin(&base);
	tmpfs_make(&s.tmpfs_plain, false);
	pageset_init(&s.anon_plain, ANON, -1, PAGESET_PLAIN);
	tmpfs_make(&s.tmpfs, true);
	oracle_begin(&mid);
	pageset_init(&s.anon, ANON, -1, PAGESET_LOCK_ON_FAULT);
	if (!pressure_on(&s.anon_plain, pageset_absent) ||
	    !pressure_on(&s.tmpfs_plain, pageset_absent))
		ktap_skip_all(
			"reclaim took only %zu of %d anonymous and %zu of %d tmpfs pages that are not locked",
			pageset_absent(&s.anon_plain), ANON,
			pageset_absent(&s.tmpfs_plain), TMPFS);
	ktap_begin(7 + 2 * ORACLE_LOCKED_CHECKS + 3 * ORACLE_UNLOCKED_CHECKS +
		   ORACLE_END_CHECKS);
	ktap_data("control_gone", (long long)pageset_absent(&s.anon_plain));
	run(&s, &base, &mid);
	pageset_done(&s.anon);
	pageset_done(&s.tmpfs);
	pageset_done(&s.anon_plain);
	pageset_done(&s.tmpfs_plain);
	pressure_end();
	oracle_end(&base);
}
