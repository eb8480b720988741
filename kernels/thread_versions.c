#include "kernels/thread_versions.h"

#include <string.h>
#include <strings.h>

#include "lib/cleanup.h"

enum {
	DEPTH_MAX = 1000, /* of a thread; also what ends a ring of answers */
	TITLES_MAX = 200, /* patches of a group whose titles are compared */
};

/* The subject that names the series: the cover's, else the first patch's. */
static const char *title_of(const struct group *g)
{
	const struct mail *first = NULL;

	if (g->cover)
		return g->cover->tags.title;
	for (guint i = 0; i < g->members->len; i++) {
		const struct mail *m = g->members->pdata[i];

		if (m->tags.k == 1)
			first = m;
	}
	return first ? first->tags.title : "";
}

/* Looked up once for all mails on the way: threads can be deep. */
static const struct mail *root_of(const struct groups *all, const struct mail *m)
{
	const struct mail *root = m, *up;
	size_t left = thread_count(all->thread); /* a ring of answers has no end */

	while (left-- && !g_hash_table_contains(all->roots, root) &&
	       (up = groups_parent(all, root)) && up != root)
		root = up;
	if (g_hash_table_contains(all->roots, root))
		root = g_hash_table_lookup(all->roots, root);
	for (up = m; up && !g_hash_table_contains(all->roots, up);
	     up = groups_parent(all, up))
		g_hash_table_insert(all->roots, (gpointer)up, (gpointer)root);
	return root;
}

/* Has a patch of the one the title of a patch of the other? */
static bool share_title(const struct group *a, const struct group *b)
{
	for (guint i = 0; i < a->members->len && i < TITLES_MAX; i++) {
		const struct mail *x = a->members->pdata[i];

		for (guint k = 0; k < b->members->len && k < TITLES_MAX; k++) {
			const struct mail *y = b->members->pdata[k];

			if (x != a->cover && y != b->cover && *x->tags.title &&
			    !strcasecmp(x->tags.title, y->tags.title))
				return true;
		}
	}
	return false;
}

/* "mm/slub" of "mm/slub: mend it" */
static bool same_area(const char *a, const char *b)
{
	size_t n = strcspn(a, ":");

	return a[n] && b[strcspn(b, ":")] && n == strcspn(b, ":") &&
	       !strncasecmp(a, b, n);
}

/*
 * Under another name: about the same, for the same tree. An author's kernel series and
 * the patches for user space that answer it have nothing in common but the thread.
 */
static bool is_renamed(const struct group *a, const struct group *b)
{
	AUTO(str_done) struct str x = STR_INIT;
	AUTO(str_done) struct str y = STR_INIT;

	if (share_title(a, b))
		return true;
	tags_rest(group_first(a)->subject, &x);
	tags_rest(group_first(b)->subject, &y);
	return !strcasecmp(str_get(&x), str_get(&y)) &&
	       same_area(title_of(a), title_of(b));
}

bool group_same_series(const struct groups *all, const struct group *a,
		       const struct group *b)
{
	const struct mail *x = group_first(a), *y = group_first(b);
	const char *title = title_of(a);

	if (a == b)
		return true;
	if (a->minor || b->minor || strcmp(a->trees, b->trees) != 0)
		return false;
	if (*title && !strcasecmp(title, title_of(b)))
		return true;
	if (a->version == b->version)
		return false;
	/* A lone patch can grow into a series; one in a later version is another. */
	if ((a->total == 1 && b->total > 1 && a->version > b->version) ||
	    (b->total == 1 && a->total > 1 && b->version > a->version))
		return false;
	return *x->sender && !strcmp(x->sender, y->sender) &&
	       root_of(all, x) == root_of(all, y) && is_renamed(a, b);
}

static long long date_of(const struct group *g)
{
	return ((const struct mail *)g->members->pdata[0])->date;
}

/* The newer of two groups of one series; a complete one of the same version. */
static bool is_newer(const struct group *g, const struct group *than)
{
	if (g->version != than->version)
		return g->version > than->version;
	if (group_complete(g) != group_complete(than))
		return group_complete(g);
	return date_of(g) > date_of(than);
}

const struct group *groups_pick(const struct groups *all, const struct group *base,
				int version)
{
	const struct group *best = NULL;

	/* Another of that version, by whomever, may not stand for it. */
	if (version == base->version && group_complete(base))
		return base;
	for (guint i = 0; i < all->list->len; i++) {
		const struct group *g = all->list->pdata[i];

		if (version && g->version != version)
			continue;
		if (!group_same_series(all, g, base))
			continue;
		if (!best || is_newer(g, best))
			best = g;
	}
	return best;
}

const struct group *groups_older_complete(const struct groups *all, const struct group *g)
{
	const struct group *best = NULL;

	for (guint i = 0; i < all->list->len; i++) {
		const struct group *old = all->list->pdata[i];

		if (old->version < g->version && group_complete(old) &&
		    group_same_series(all, old, g) && (!best || is_newer(old, best)))
			best = old;
	}
	return best;
}

/* Does m answer, over however many mails, the patch of its number in old? */
static bool answers_old_form(const struct groups *all, const struct mail *m,
			     const struct group *old)
{
	const struct mail *up = groups_parent(all, m);

	for (int i = 0; up && i < DEPTH_MAX; i++, up = groups_parent(all, up))
		if (groups_of(all, up) == old && up->tags.k == m->tags.k)
			return true;
	return false;
}

const struct group *groups_rerolled(const struct groups *all, const struct group *g)
{
	const struct group *old = g->cover ? NULL : groups_older_complete(all, g);

	if (!old || old->total != g->total || old->version != g->version - 1)
		return NULL;
	for (guint i = 0; i < g->members->len; i++)
		if (!answers_old_form(all, g->members->pdata[i], old))
			return NULL;
	return old;
}
