#ifndef _LINUX_MM_H
#define _LINUX_MM_H

#include <linux/toy.h>

#define PG_MLOCKED 1
#define PG_BATCHED 2

struct page {
	int flags;
	int refcount;
	int nid;
};

void mlock_page(struct page *page);
void munlock_page(struct page *page);
void mlock_drain_local(void);
int try_to_migrate(struct page *page);
void lru_add(struct page *page);

#ifdef CONFIG_MIGRATION
int migrate_page(struct page *page, int nid);
#else
static inline int migrate_page(struct page *page, int nid)
{
	page->nid = nid;
	return 0;
}
#endif

#endif
