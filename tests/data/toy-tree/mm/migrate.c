#include <linux/mm.h>

TOY_SAYS(migrate, "migrate=ok");

int migrate_page(struct page *page, int nid)
{
	if (!try_to_migrate(page))
		return -11;
	page->nid = nid;
	return 0;
}
