#include "daemon/queue_order.h"

#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/str.h"

static const char *const words[] = {
	[QUEUE_RUNS] = "no",
	[QUEUE_PAUSED_BACKGROUND] = "background",
	[QUEUE_PAUSED_ALL] = "all",
};

const char *queue_paused_str(enum queue_paused p)
{
	return words[p];
}

enum queue_paused queue_paused_parse(const char *word)
{
	for (size_t i = 0; word && i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i], word) == 0)
			return (enum queue_paused)i;
	return QUEUE_RUNS;
}

/* Which of a class goes first whatever its sender had: lower is earlier. */
enum group { GROUP_BEGUN, GROUP_AWAITED, GROUP_TURNS, GROUP_SPARE, GROUP_TREELESS };

struct ranked {
	struct queue_line line;
	enum group group;
	size_t rank; /* how many of the same sender come before */
	size_t turn; /* the place of its sender among all */
	/* Of the first of a sender that never had a turn: its place among such of its
	 * list, and the first of those. */
	size_t in_list;
	int64_t list_posted, list_id;
};

static enum group group_of(const struct queue_line *l)
{
	/* Hours of work that wait well: also once begun they go when nothing else does. */
	if (l->kind == QUEUE_BISECT && l->class == QUEUE_BACKGROUND)
		return GROUP_SPARE;
	if (l->epoch > 0)
		return GROUP_BEGUN;
	if (l->treeless)
		return GROUP_TREELESS;
	return l->awaited ? GROUP_AWAITED : GROUP_TURNS;
}

#define CMP(a, b)                                  \
	do {                                       \
		if ((a) != (b))                    \
			return (a) < (b) ? -1 : 1; \
	} while (0)

/* Of the same class, group and name; by = the sender's or the list's. */
static int compare(const struct ranked *x, const struct ranked *y, const char *x_name,
		   const char *y_name)
{
	CMP(x->line.class, y->line.class);
	CMP(x->group, y->group);
	return strcmp(x_name, y_name);
}

static int same_sender(const struct ranked *x, const struct ranked *y)
{
	return compare(x, y, x->line.sender, y->line.sender);
}

static int same_list(const struct ranked *x, const struct ranked *y)
{
	return compare(x, y, x->line.list, y->line.list);
}

static int older_posting(const struct ranked *x, const struct ranked *y)
{
	CMP(x->line.posted, y->line.posted);
	CMP(x->line.id, y->line.id);
	return 0;
}

/* Each sender's jobs together, on whatever lists, in its own order. */
static int by_sender(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	int c = same_sender(x, y);

	if (c)
		return c;
	CMP(y->line.version, x->line.version);
	return older_posting(x, y);
}

static int by_list(const void *a, const void *b)
{
	const struct ranked *x = *(struct ranked *const *)a;
	const struct ranked *y = *(struct ranked *const *)b;
	int c = same_list(x, y);

	return c ? c : older_posting(x, y);
}

/* The first jobs of senders, as the senders take turns. */
static int by_last_turn(const void *a, const void *b)
{
	const struct ranked *x = *(struct ranked *const *)a;
	const struct ranked *y = *(struct ranked *const *)b;

	CMP(x->line.served, y->line.served);
	CMP(x->in_list, y->in_list);
	if (x->line.served == 0) {
		CMP(x->line.list_served, y->line.list_served);
		CMP(x->list_posted, y->list_posted);
		CMP(x->list_id, y->list_id);
	}
	return older_posting(x, y);
}

static int by_turn(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	CMP(x->line.class, y->line.class);
	CMP(x->group, y->group);
	if (x->group >= GROUP_TURNS) {
		CMP(x->rank, y->rank);
		CMP(x->turn, y->turn);
	}
	return older_posting(x, y);
}

/* Senders that never had a turn are all alike: among them the lists take turns. */
static void place_in_lists(struct ranked **heads, size_t n)
{
	const struct ranked *last = NULL;

	qsort(heads, n, sizeof(*heads), by_list);
	for (size_t i = 0; i < n; i++) {
		struct ranked *h = heads[i];
		bool same = last && same_list(last, h) == 0;

		if (h->line.served)
			continue;
		h->in_list = same ? last->in_list + 1 : 0;
		h->list_posted = same ? last->list_posted : h->line.posted;
		h->list_id = same ? last->list_id : h->line.id;
		last = h;
	}
}

/* r is sorted by sender. */
static void give_turns(struct ranked *r, size_t n)
{
	AUTO_FREE struct ranked **heads = mem_alloc0((n + 1) * sizeof(struct ranked *));
	size_t nheads = 0;

	for (size_t i = 0; i < n; i++)
		if (r[i].rank == 0)
			heads[nheads++] = &r[i];
	place_in_lists(heads, nheads);
	qsort(heads, nheads, sizeof(*heads), by_last_turn);
	for (size_t i = 0; i < nheads; i++)
		heads[i]->turn = i;
	for (size_t i = 1; i < n; i++)
		if (r[i].rank > 0)
			r[i].turn = r[i - 1].turn;
}

void queue_order(struct queue_line *lines, size_t n)
{
	AUTO_FREE struct ranked *r = mem_alloc0((n + 1) * sizeof(*r));

	for (size_t i = 0; i < n; i++)
		r[i] = (struct ranked){ .line = lines[i], .group = group_of(&lines[i]) };
	qsort(r, n, sizeof(*r), by_sender);
	for (size_t i = 1; i < n; i++)
		r[i].rank = same_sender(&r[i - 1], &r[i]) == 0 ? r[i - 1].rank + 1 : 0;
	give_turns(r, n);
	qsort(r, n, sizeof(*r), by_turn);
	for (size_t i = 0; i < n; i++)
		lines[i] = r[i].line;
}

const struct queue_line *queue_next(struct queue_line *heads, size_t n,
				    enum queue_paused paused, int64_t now,
				    int64_t *ret_later)
{
	*ret_later = 0;
	queue_order(heads, n);
	for (size_t i = 0; i < n; i++) {
		const struct queue_line *l = &heads[i];

		if (paused == QUEUE_PAUSED_ALL ||
		    (paused == QUEUE_PAUSED_BACKGROUND && l->class == QUEUE_BACKGROUND))
			continue;
		if (l->treeless) /* who makes the tree asks again */
			continue;
		if (l->not_before <= now)
			return l;
		if (!*ret_later || l->not_before < *ret_later)
			*ret_later = l->not_before;
	}
	return NULL;
}
