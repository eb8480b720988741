/*
 * Memory in huge pages of 2 MiB, mapped by PMDs at first, as sets of base pages.
 * What a flag says of a huge page stands at its head (common/page.h).
 */
#ifndef SLUICE_MLOCK_THP_H
#define SLUICE_MLOCK_THP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mlock-migrate/pageset.h"

#define THP_PAGES ((size_t)512)
#define THP_BYTES (THP_PAGES * 4096)

/*
 * Maps memory at a multiple of a huge page's size: anonymous, or shared from fd
 * when that is not -1. Nothing is touched.
 */
void thp_map(struct pageset *set, size_t bytes, int fd);
/* A file on a tmpfs that gives huge pages, or -1 where none does. */
int thp_file(size_t bytes);
/* KiB that are mapped as huge pages by PMDs. */
long long thp_pmd_kib(const struct pageset *set);
/* Present base pages of a mapping whose page, the huge one where it is, has a flag. */
size_t thp_with(const struct pageset *set, uint64_t flags);
/* Present base pages that lie in a huge page, however it is mapped. */
size_t thp_compound(const struct pageset *set);
/* Takes the base pages between two addresses out of the set. */
void thp_forget(struct pageset *set, const char *from, const char *to);
/* Has the kernel the debug file to split huge pages with? Mounts debugfs. */
bool thp_can_split(void);
/* Asks it to split the huge pages below: 0, or -errno. */
int thp_split(const struct pageset *set);
/*
 * The same, into huge pages of 1 << order base pages; a kernel that knows no orders
 * splits into base pages. Order 1 there is not for anonymous memory, none for tmpfs
 * (mm/huge_memory.c, split_huge_page_to_list_to_order, which warns of both).
 */
int thp_split_to(const struct pageset *set, unsigned order);
/* Base pages of the set that lie in a page of just so many base pages. */
size_t thp_of_size(const struct pageset *set, size_t pages);

#endif
