#include <linux/mm.h>

TOY_SAYS(boot, "boot=ok");

static struct page first_page = { .refcount = 1 };

void start_kernel(void)
{
	mlock_page(&first_page);
	if (migrate_page(&first_page, 1))
		panic("cannot migrate");
	for (;;)
		;
}
