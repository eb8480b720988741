/*
 * The cases of the suite: one row each in main.c's table. A case
 * runs in a process of its own with NUMA balancing off, page files opened, and
 * prints its checks by common/ktap.h; what it leaves behind dies with it.
 */
#ifndef SLUICE_MLOCK_CASES_H
#define SLUICE_MLOCK_CASES_H

void case_compaction(void);
void case_numa_balancing(void);
void case_move_pages(void);
void case_anon_vma(void);
void case_move_frontier(void);
void case_residue(void);
void case_cpu_offline(void);
void case_pinned(void);
void case_race(void);
void case_race_munlock(void);
void case_race_mremap(void);
void case_race_munmap(void);
void case_race_fork(void);
void case_race_exit(void);
void case_race_dontneed(void);
void case_migrate_pages(void);
void case_mbind(void);
void case_cpuset(void);
void case_hot_remove(void);
void case_hot_pinned(void);
void case_soft_offline(void);
void case_memory_failure(void);
void case_reclaim(void);
void case_lock_reclaim(void);
void case_from_swap(void);
void case_page_cache(void);
void case_dirty(void);
void case_demotion(void);
void case_kinds_move(void);
void case_kinds_compact(void);
void case_thp(void);
void case_thp_reclaim(void);
void case_shm_huge(void);
void case_lockers(void);
void case_vma(void);
void case_ksm(void);
void case_hugetlb(void);
void case_exit(void);

#endif
