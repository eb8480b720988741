/* What is dirty or being written back, as the kernel counts it of each node. */
#ifndef SLUICE_MLOCK_DIRT_H
#define SLUICE_MLOCK_DIRT_H

#define DIRT_NODES 64

/* In pages. The kernel shows 0 for what fell below it. */
struct dirt {
	long long dirty[DIRT_NODES];   /* nr_dirty */
	long long pending[DIRT_NODES]; /* nr_zone_write_pending of all its zones */
};

/* Folds the counters first, and reads them. Ends the case where it cannot. */
void dirt_read(struct dirt *ret);

#endif
