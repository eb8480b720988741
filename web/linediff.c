#include "web/linediff.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/str.h"

struct line {
	const char *text;
	size_t len;
	uint32_t hash;
};

struct lines {
	struct line *v;
	size_t n;
};

static void lines_done(struct lines *l)
{
	free(l->v);
}

/* FNV-1a */
static uint32_t hash(const char *text, size_t len)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)text[i]) * 16777619u;
	return h;
}

static struct lines split(const char *text)
{
	struct lines l = { .n = 1 };
	size_t n = 0;

	for (const char *p = text; *p; p++)
		l.n += *p == '\n';
	l.v = mem_alloc0(l.n * sizeof(*l.v));
	while (*text) {
		size_t len = strcspn(text, "\n");

		l.v[n++] = (struct line){ text, len, hash(text, len) };
		text += len + (text[len] == '\n');
	}
	l.n = n;
	return l;
}

static bool same(const struct line *a, const struct line *b)
{
	return a->hash == b->hash && a->len == b->len &&
	       memcmp(a->text, b->text, a->len) == 0;
}

/* ---- what is left between the lines that both begin and end with ---- */

struct search {
	const struct line *a, *b;
	int na, nb;
	/* Of each number of edits d, how far each diagonal k = x - y came: d + 1
	 * values, for k = -d, -d + 2, ..., d. */
	int *trace[LINEDIFF_EDITS + 1];
	int d;
};

static void search_done(struct search *s)
{
	for (int i = 0; i <= LINEDIFF_EDITS; i++)
		free(s->trace[i]);
}

/* x on diagonal k after d edits; -1 where it cannot be. */
static int reach(const struct search *s, int d, int k)
{
	return k < -d || k > d ? -1 : s->trace[d][(k + d) / 2];
}

/* Where the last edit to diagonal k came from; it is a '+' (down) or a '-' (right). */
static bool is_down(const struct search *s, int d, int k)
{
	return k == -d || (k != d && reach(s, d - 1, k - 1) < reach(s, d - 1, k + 1));
}

/* All diagonals with d edits; true at the end. */
static bool search_round(struct search *s, int d, size_t *budget)
{
	s->trace[d] = mem_alloc0(((size_t)d + 1) * sizeof(int));
	for (int k = -d; k <= d && *budget > 0; k += 2) {
		int x = 0, y;

		if (d > 0)
			x = is_down(s, d, k) ? reach(s, d - 1, k + 1) :
					       reach(s, d - 1, k - 1) + 1;
		y = x - k;
		while (x < s->na && y >= 0 && y<s->nb && * budget> 0 &&
		       same(&s->a[x], &s->b[y])) {
			x++;
			y++;
			--*budget;
		}
		s->trace[d][(k + d) / 2] = x;
		*budget -= *budget > 0;
		if (x >= s->na && y >= s->nb)
			return true;
	}
	return false;
}

static bool search_run(struct search *s, size_t *budget)
{
	for (s->d = 0; s->d <= LINEDIFF_EDITS && *budget > 0; s->d++)
		if (search_round(s, s->d, budget))
			return true;
	return false;
}

static void put(struct line_edit *e, char op, const struct line *l)
{
	*e = (struct line_edit){ op, l->text, l->len };
}

/* Back from the end; e has room for as many edits as there are lines, and is filled
 * from its end. Returns where it begins. */
static size_t search_back(const struct search *s, struct line_edit *e, size_t at)
{
	int x = s->na, y = s->nb;

	for (int d = s->d; d >= 0; d--) {
		int k = x - y;
		bool down = d > 0 && is_down(s, d, k);
		int px = d == 0 ? 0 : reach(s, d - 1, down ? k + 1 : k - 1);
		int start = d == 0 ? 0 : px + !down; /* x before the common lines */

		for (; x > start; x--, y--)
			put(&e[--at], ' ', &s->b[y - 1]);
		if (d == 0)
			break;
		if (down)
			put(&e[--at], '+', &s->b[--y]);
		else
			put(&e[--at], '-', &s->a[--x]);
	}
	return at;
}

bool line_diff(const char *a, const char *b, size_t *budget, struct line_edit **ret,
	       size_t *ret_n)
{
	AUTO(lines_done) struct lines la = split(a), lb = split(b);
	AUTO(search_done) struct search s = { .d = 0 };
	AUTO_FREE struct line_edit *e = NULL;
	size_t pre = 0, post = 0, all = la.n + lb.n, at;

	if (la.n > LINEDIFF_LINES || lb.n > LINEDIFF_LINES)
		return false;
	while (pre < la.n && pre < lb.n && same(&la.v[pre], &lb.v[pre]))
		pre++;
	while (post < la.n - pre && post < lb.n - pre &&
	       same(&la.v[la.n - 1 - post], &lb.v[lb.n - 1 - post]))
		post++;
	s.a = la.v + pre;
	s.b = lb.v + pre;
	s.na = (int)(la.n - pre - post);
	s.nb = (int)(lb.n - pre - post);
	if (!search_run(&s, budget))
		return false;
	e = mem_alloc0((all + 1) * sizeof(*e));
	at = all;
	for (size_t i = 0; i < post; i++)
		put(&e[--at], ' ', &lb.v[lb.n - 1 - i]);
	at = search_back(&s, e, at);
	for (size_t i = pre; i > 0; i--)
		put(&e[--at], ' ', &lb.v[i - 1]);
	memmove(e, e + at, (all - at) * sizeof(*e));
	*ret_n = all - at;
	*ret = TAKE_PTR(e);
	return true;
}

static int by_hash(const void *a, const void *b)
{
	uint32_t x = ((const struct line *)a)->hash, y = ((const struct line *)b)->hash;

	return (x > y) - (x < y);
}

void line_common(const char *a, const char *b, size_t *ret_common, size_t *ret_of)
{
	AUTO(lines_done) struct lines la = split(a), lb = split(b);
	size_t common = 0;

	qsort(la.v, la.n, sizeof(*la.v), by_hash);
	qsort(lb.v, lb.n, sizeof(*lb.v), by_hash);
	for (size_t i = 0, k = 0; i < la.n && k < lb.n;) {
		int c = by_hash(&la.v[i], &lb.v[k]);

		common += c == 0;
		i += c <= 0;
		k += c >= 0;
	}
	*ret_common = common;
	*ret_of = la.n > lb.n ? la.n : lb.n;
}
