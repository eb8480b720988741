/*
 * The cases of the suite: one file each, one row each in main.c's table. A case
 * runs in a process of its own with NUMA balancing off, page files opened, and
 * prints its checks by common/ktap.h; what it leaves behind dies with it.
 */
#ifndef SLUICE_MLOCK_CASES_H
#define SLUICE_MLOCK_CASES_H

void case_compaction(void);
void case_numa_balancing(void);
void case_move_pages(void);
void case_kinds_move(void);
void case_kinds_compact(void);
void case_thp(void);
void case_lockers(void);
void case_vma(void);
void case_ksm(void);
void case_hugetlb(void);
void case_exit(void);

#endif
