/*
 * /proc/vmstat. The counters of the zones and nodes lag behind on each CPU by
 * some pages; vmstat_read folds them first, so that nr_* are exact on a quiet
 * machine. Events (pg*) are summed over the CPUs by the kernel.
 */
#ifndef SLUICE_GUEST_VMSTAT_H
#define SLUICE_GUEST_VMSTAT_H

#include <stdbool.h>

struct vmstat {
	long long nr_mlock;
	long long nr_unevictable;
	long long pgmigrate_success;
	long long pgmigrate_fail;
	/* unevictable_pgs_*: each page that nr_mlock counts came and goes as one. */
	long long pgs_mlocked;
	long long pgs_munlocked;
	long long pgs_cleared;
	long long stranded;
	long long thp_split; /* thp_migration_split */
	long long numa_hint_faults;
	long long numa_pages_migrated;
	long long compact_migrate_scanned;
};

/*
 * Whether the kernel counts events (unevictable_pgs_*, pgmigrate_*), by which locked
 * pages are accounted for; false without CONFIG_VM_EVENT_COUNTERS.
 */
bool vmstat_has_events(void);
/* Counters that this kernel does not have are 0. */
void vmstat_read(struct vmstat *ret);
/* Processes that the kernel killed for want of memory; folds nothing. */
long long vmstat_oom_kills(void);

#endif
