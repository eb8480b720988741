#include "daemon/keep_choose.h"

#include <stdlib.h>

#include "lib/cleanup.h"
#include "lib/str.h"

const char *keep_kind_str(enum keep_kind kind)
{
	static const char *const names[] = {
		[KEEP_SERIES] = "commits of series",
		[KEEP_OUT] = "build folders",
		[KEEP_SRC] = "source folders",
		[KEEP_OTHER] = "files of no result",
		[KEEP_IMAGE] = "images",
		[KEEP_LOG] = "logs",
		[KEEP_QUIET] = "quiet boots",
		[KEEP_MAIL] = "mails",
	};

	return names[kind];
}

struct place {
	const struct keep_item *item;
	size_t at;
};

/* Kind by kind, each with the least used first; the order of items settles the rest. */
static int before(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->item->kind != y->item->kind)
		return x->item->kind < y->item->kind ? -1 : 1;
	if (x->item->used != y->item->used)
		return x->item->used < y->item->used ? -1 : 1;
	return x->at < y->at ? -1 : 1;
}

/* Whose rule it is. */
static enum keep_kind rule_of(enum keep_kind kind)
{
	return kind == KEEP_SRC ? KEEP_OUT : kind;
}

static bool may_go(const struct keep_item *it, const struct keep_want *w)
{
	return it->why == KEEP_STAYS && !it->pinned && it->used <= w->now - w->newest;
}

struct choice {
	struct keep_item *items;
	struct place *sorted;
	size_t n;
	const struct keep_want *want;
	size_t *order;
	size_t norder;
	int64_t bytes; /* that go so far */
};

static void drop(struct choice *c, size_t at, enum keep_why why)
{
	c->items[at].why = why;
	c->order[c->norder++] = at;
	c->bytes += c->items[at].bytes;
}

static void by_age(struct choice *c)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct keep_item *it = c->sorted[i].item;
		int64_t age = c->want->rules[rule_of(it->kind)].age;

		if (age > 0 && it->used < c->want->now - age && may_go(it, c->want))
			drop(c, c->sorted[i].at, KEEP_AGE);
	}
}

/* What is pinned counts, too: it is there. */
static void by_size(struct choice *c)
{
	int64_t have[KEEP_KINDS] = { 0 };

	for (size_t i = 0; i < c->n; i++)
		if (c->items[i].why == KEEP_STAYS)
			have[rule_of(c->items[i].kind)] += c->items[i].bytes;
	for (size_t i = 0; i < c->n; i++) {
		const struct keep_item *it = c->sorted[i].item;
		enum keep_kind rule = rule_of(it->kind);
		int64_t most = c->want->rules[rule].bytes;

		if (most <= 0 || have[rule] <= most || !may_go(it, c->want))
			continue;
		have[rule] -= it->bytes;
		drop(c, c->sorted[i].at, KEEP_SIZE);
	}
}

static void by_disk(struct choice *c)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct keep_item *it = c->sorted[i].item;

		if (c->bytes < c->want->lack[it->kind] && it->bytes > 0 &&
		    may_go(it, c->want))
			drop(c, c->sorted[i].at, KEEP_DISK);
	}
}

size_t keep_choose(struct keep_item *items, size_t n, const struct keep_want *want,
		   size_t **ret_order)
{
	AUTO_FREE struct place *sorted = mem_alloc0((n + 1) * sizeof(*sorted));
	struct choice c = { .items = items,
			    .sorted = sorted,
			    .n = n,
			    .want = want,
			    .order = mem_alloc0((n + 1) * sizeof(*c.order)) };

	for (size_t i = 0; i < n; i++) {
		items[i].why = KEEP_STAYS;
		sorted[i] = (struct place){ &items[i], i };
	}
	qsort(sorted, n, sizeof(*sorted), before);
	by_age(&c);
	by_size(&c);
	by_disk(&c);
	*ret_order = c.order;
	return c.norder;
}
