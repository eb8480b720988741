/*
 * The kinds of memory that can be locked, and the ways to lock it. A kind is put
 * up in a process of its own (common/turn.h): some of them lock the whole process.
 *
 * How they differ is said by traits, each with the place in the kernel that makes
 * it so; without any, each page is Mlocked and Unevictable while it is locked,
 * neither before nor after, and can be moved.
 */
#ifndef SLUICE_MLOCK_KINDS_H
#define SLUICE_MLOCK_KINDS_H

#include <stdbool.h>
#include <stddef.h>

#include "mlock-migrate/pageset.h"

enum kind_trait {
	/* SHM_LOCK marks the mapping (mm/shmem.c, shmem_lock): never Mlocked. */
	KIND_NOT_MLOCKED = 1 << 0,
	/* ramfs marks its mappings (fs/ramfs/inode.c): Unevictable at any time. */
	KIND_ALWAYS_UNEVICTABLE = 1 << 1,
	/*
	 * Nothing writes a dirty page of ramfs back, so that it need not move
	 * (mm/migrate.c, fallback_migrate_folio).
	 */
	KIND_MAY_STAY = 1 << 2,
	/* Locked on touch, and only every second page is touched. */
	KIND_HALF = 1 << 3,
	/* mlockall(2): other mappings of the process are locked besides. */
	KIND_PROCESS = 1 << 4,
	/*
	 * Whoever writes it back write-protects it (mm/rmap.c, folio_mkclean), and may
	 * do so at any time: the next write takes a fault.
	 */
	KIND_WRITTEN_BACK = 1 << 5,
};

struct kind_run;

struct kind {
	const char *name;
	unsigned traits;
	/* Why it cannot be here, or NULL. */
	const char *(*lacks)(void);
	/* map bytes; lock them and touch what is to be there, in whatever order. */
	void (*put_up)(struct kind_run *run, size_t bytes);
	void (*unlock)(struct kind_run *run);
};

/* One kind put up: what is to be there stands in set. */
struct kind_run {
	const struct kind *kind;
	struct pageset set;
	int fd; /* of a file or a segment, or -1 */
};

extern const struct kind kinds[];
extern const size_t kinds_n;

/* Locked, touched, with the patterns written. What fails ends the case. */
void kind_put_up(struct kind_run *run, const struct kind *kind, size_t npages);
void kind_unlock(struct kind_run *run);
/* Unmaps and closes; what has a name lost it at once when it was put up. */
void kind_drop(struct kind_run *run);

#endif
