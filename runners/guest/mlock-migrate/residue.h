/*
 * Pages that wait in the mlock batch of one CPU: fewer than a batch holds (15
 * on 6.1, 31 on 6.12), left there by page faults into a locked mapping. Faults
 * are the way: mlock(2), munlock(2), munmap(2) and exit empty the batch of the
 * CPU they run on. Everything here ends the case when the machine refuses.
 */
#ifndef SLUICE_MLOCK_RESIDUE_H
#define SLUICE_MLOCK_RESIDUE_H

#include <stdbool.h>

#include "mlock-migrate/pageset.h"

#define RESIDUE_PAGES 7

/* The two CPUs of a case, as far apart as the machine has them; equal on one CPU. */
int residue_cpu(void);
int residue_other_cpu(void);

/*
 * Runs on cpu from here on, with an empty batch: what comes into it is known.
 */
void residue_start(int cpu);
/*
 * A set of n anonymous pages on node (-1: anywhere), locked and touched on cpu,
 * none drained. The caller goes to another CPU with cpu_run_on.
 */
void residue_leave(struct pageset *set, size_t n, int node, int cpu);
/*
 * Gives the last RESIDUE_PAGES pages of a locked set back and touches them anew on
 * the last CPU, then runs on the first: how many wait in a batch. It is empty when
 * they come into it, since zapping a page drains the CPU it runs on.
 */
size_t residue_refault(struct pageset *set);
/* How many wait: Mlocked from the fault on, on no list before the drain. */
size_t residue_waiting(const struct pageset *set);
/*
 * Lets the kernel drain all CPUs that say they need it (lru_add_drain_all), as
 * it does before a compaction, which follows and may move pages. Unlike
 * cpu_drain_all it does not run on the other CPUs; on our own it does.
 */
void residue_kernel_drain(void);
/*
 * As a check of the test's output: a page that is locked by a fault waits in a batch,
 * on the last CPU, after something switched the batches off (lru_cache_disable in
 * mm/swap.c) and, that is what is asked, on again. Left off they cost time only. The
 * caller's CPUs are as before.
 */
#define RESIDUE_BATCHES_CHECKS 1
void residue_check_batches(const char *name);

#endif
