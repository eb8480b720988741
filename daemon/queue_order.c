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
enum group { GROUP_BEGUN, GROUP_AWAITED, GROUP_TURNS };

struct ranked {
	struct queue_line line;
	enum group group;
	size_t rank; /* how many of the same sender come before */
};

static enum group group_of(const struct queue_line *l)
{
	if (l->epoch > 0)
		return GROUP_BEGUN;
	return l->awaited ? GROUP_AWAITED : GROUP_TURNS;
}

#define CMP(a, b)                                  \
	do {                                       \
		if ((a) != (b))                    \
			return (a) < (b) ? -1 : 1; \
	} while (0)

static int same_sender(const struct ranked *x, const struct ranked *y)
{
	int c;

	CMP(x->line.class, y->line.class);
	CMP(x->group, y->group);
	c = strcmp(x->line.list, y->line.list);
	return c ? c : strcmp(x->line.sender, y->line.sender);
}

/* Each sender's jobs together, in its own order. */
static int by_sender(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	int c = same_sender(x, y);

	if (c)
		return c;
	CMP(y->line.version, x->line.version);
	CMP(x->line.posted, y->line.posted);
	CMP(x->line.id, y->line.id);
	return 0;
}

static int by_turn(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	CMP(x->line.class, y->line.class);
	CMP(x->group, y->group);
	if (x->group == GROUP_TURNS) {
		CMP(x->rank, y->rank);
		CMP(x->line.served, y->line.served);
	}
	CMP(x->line.posted, y->line.posted);
	CMP(x->line.id, y->line.id);
	return 0;
}

void queue_order(struct queue_line *lines, size_t n)
{
	AUTO_FREE struct ranked *r = mem_alloc0((n + 1) * sizeof(*r));

	for (size_t i = 0; i < n; i++)
		r[i] = (struct ranked){ .line = lines[i], .group = group_of(&lines[i]) };
	qsort(r, n, sizeof(*r), by_sender);
	for (size_t i = 1; i < n; i++)
		r[i].rank = same_sender(&r[i - 1], &r[i]) == 0 ? r[i - 1].rank + 1 : 0;
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
		if (l->not_before <= now)
			return l;
		if (!*ret_later || l->not_before < *ret_later)
			*ret_later = l->not_before;
	}
	return NULL;
}
