#include <linux/mm.h>

static struct page *batch[4];
static int batched;

TOY_SAYS(mlock, "mlock=ok");

void mlock_drain_local(void)
{
	while (batched > 0) {
		struct page *page = batch[--batched];

		page->flags &= ~PG_BATCHED;
		page->refcount--;
	}
}

void mlock_page(struct page *page)
{
	if (batched == sizeof(batch) / sizeof(batch[0]))
		mlock_drain_local();
	page->flags |= PG_MLOCKED | PG_BATCHED;
	page->refcount++;
	batch[batched++] = page;
}

void munlock_page(struct page *page)
{
	mlock_drain_local();
	page->flags &= ~PG_MLOCKED;
}
