#include <linux/mm.h>

TOY_SAYS(rmap, "rmap=drain");

int try_to_migrate(struct page *page)
{
	if (page->flags & PG_MLOCKED)
		mlock_drain_local();
	return page->refcount == 1;
}
