/*
 * mlock(2) and munlock(2) are done when they return: they empty the batches of the
 * CPU they run on before they look at the pages and afterwards (mm/mlock.c,
 * mlock_vma_pages_range; mm/gup.c, populate_vma_page_range). So where the caller stays
 * on its CPU, and the pages were last touched there, flags are right at once.
 */
#ifndef SLUICE_MLOCK_ATRETURN_H
#define SLUICE_MLOCK_ATRETURN_H

/* Results of atreturn_check. */
#define ATRETURN_CHECKS 2

/* On the CPU we run on, which the caller chose; nobody drains anything. */
void atreturn_check(void);

#endif
