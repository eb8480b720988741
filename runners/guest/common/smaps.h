/*
 * What /proc says about a process's own memory: its mappings with what
 * /proc/self/smaps counts in each, and VmLck of /proc/self/status. Sizes in KiB.
 * Reading allocates, so it may itself add to the heap's mapping.
 */
#ifndef SLUICE_GUEST_SMAPS_H
#define SLUICE_GUEST_SMAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct smaps_vma {
	uintptr_t start, end;
	long long rss, pss, swap, locked;
	long long pmd_mapped; /* huge pages that are mapped as such */
	bool vm_locked;       /* VmFlags has "lo" */
};

struct smaps {
	size_t n;
	struct smaps_vma *vma;
};

/* All mappings, by address. Running out of memory ends the case. */
void smaps_read(struct smaps *ret);
void smaps_done(struct smaps *s);
/* Sizes of the mappings that have "lo": what VmLck counts. */
long long smaps_locked_kib(const struct smaps *s);
/*
 * The sum of a field over the mappings that lie between the two addresses, whole
 * or in part: smaps_sum(&s, from, to, offsetof(struct smaps_vma, rss)).
 */
long long smaps_sum(const struct smaps *s, const void *from, const void *to,
		    size_t field);
/* VmLck of the calling process, or -1. */
long long smaps_vmlck_kib(void);

#endif
