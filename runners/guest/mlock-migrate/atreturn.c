#include "mlock-migrate/atreturn.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/ktap.h"
#include "common/page.h"
#include "common/tally.h"
#include "mlock-migrate/pageset.h"

#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1
#endif

/* Less than a batch of 6.1 or 6.12 holds; more than either, with a rest in both. */
#define FEW 7
#define MANY 40
#define TRIES 3

static const struct way {
	const char *what;
	int map_flags;
	unsigned lock_flags;
	bool present; /* touched before they are locked; else mlock brings them in */
} ways[] = {
	{ "new pages", MAP_PRIVATE, 0, false },
	{ "pages that are there", MAP_PRIVATE, 0, true },
	{ "pages that are there, by MLOCK_ONFAULT", MAP_PRIVATE, MLOCK_ONFAULT, true },
	{ "new shared pages", MAP_SHARED, 0, false },
	{ "shared pages that are there", MAP_SHARED, 0, true },
};

/* Of the last try. */
struct seen {
	size_t lacking, left;
};

static void map(struct pageset *set, const struct way *way, size_t npages)
{
	size_t bytes = npages * PAGE_BYTES;
	char *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			way->map_flags | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		ktap_bail("mmap of %zu bytes: %s", bytes, strerror(errno));
	madvise(at, bytes, MADV_NOHUGEPAGE);
	pageset_adopt(set, at, bytes, 1);
	if (way->present)
		pageset_fill(set);
}

static void try_once(const struct way *way, size_t npages, struct seen *ret)
{
	struct pageset set;

	map(&set, way, npages);
	if (syscall(SYS_mlock2, set.map, set.map_bytes, way->lock_flags) < 0)
		ktap_bail("mlock2 of %zu bytes: %s", set.map_bytes, strerror(errno));
	ret->lacking = pageset_without(&set, PAGE_MLOCKED | PAGE_UNEVICTABLE);
	if (munlock(set.map, set.map_bytes) < 0)
		ktap_bail("munlock of %zu bytes: %s", set.map_bytes, strerror(errno));
	ret->left = pageset_with(&set, PAGE_MLOCKED | PAGE_UNEVICTABLE);
	pageset_done(&set);
}

/*
 * Again where a page was isolated by somebody for a moment: it cannot change lists then
 * (mm/mlock.c, __mlock_folio and __munlock_folio). New pages each time.
 */
static void look(const struct way *way, size_t npages, struct tally *locks,
		 struct tally *unlocks)
{
	struct seen seen = { 0 };
	int tries = 0;

	do {
		try_once(way, npages, &seen);
	} while ((seen.lacking || seen.left) && ++tries < TRIES);
	tally_add(
		locks, seen.lacking == 0,
		"expected all %zu %s Mlocked and Unevictable when mlock returns, saw %zu that are not, %d times",
		npages, way->what, seen.lacking, tries);
	tally_add(
		unlocks, seen.left == 0,
		"expected none of %zu %s Mlocked or Unevictable when munlock returns, saw %zu that are, %d times",
		npages, way->what, seen.left, tries);
}

void atreturn_check(void)
{
	struct tally locks = { .name = "mlock-returns" };
	struct tally unlocks = { .name = "munlock-returns" };
	size_t i;

	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		look(&ways[i], FEW, &locks, &unlocks);
		look(&ways[i], MANY, &locks, &unlocks);
	}
	tally_check(&locks);
	tally_check(&unlocks);
}
