#include <linux/mm.h>

TOY_SAYS(swap, "swap=ok");

void lru_add(struct page *page)
{
	page->refcount++;
}
