#include "kernels/thread_group.h"

#include <string.h>
#include <strings.h>

#include "lib/cleanup.h"

enum { DEPTH_MAX = 1000 }; /* of a thread; also what ends a ring of answers */

const struct mail *groups_parent(const struct groups *all, const struct mail *m)
{
	return thread_by_id(all->thread, m->parent);
}

/* Numbers alone, without PATCH and a diff, are many things. */
static bool is_piece(const struct mail *m)
{
	return tags_in_series(&m->tags) &&
	       (m->has_diff || m->tags.patch || m->tags.k == 0);
}

static bool is_cover(const struct mail *m)
{
	return m->tags.numbered ? m->tags.k == 0 : !m->has_diff;
}

static bool same_text(const char *a, const char *b)
{
	return a && b && *a && !strcmp(a, b);
}

static bool slot_free(const struct group *g, const struct mail *m)
{
	if (is_cover(m))
		return !g->cover;
	for (guint i = 0; i < g->members->len; i++) {
		const struct mail *x = g->members->pdata[i];

		if (x != g->cover && x->tags.k == m->tags.k)
			return false;
	}
	return true;
}

static bool totals_fit(const struct group *g, const struct mail *m)
{
	if (!m->tags.numbered) /* a lone patch never joins; a cover does */
		return is_cover(m);
	return !g->total || g->total == m->tags.n;
}

static bool versions_fit(const struct group *g, const struct mail *m)
{
	if (g->minor != m->tags.minor)
		return false;
	if (g->version == m->tags.version || !m->tags.versioned)
		return true;
	return !g->versioned && !g->total; /* an unnumbered cover without a version */
}

/* One that nothing numbers: only what answers it tells what it is the cover of. */
static bool is_bare_cover(const struct mail *m)
{
	return is_cover(m) && !m->tags.numbered;
}

/* Do they belong together by who answers whom? */
static bool are_linked(const struct mail *x, const struct mail *m)
{
	if (!is_bare_cover(m) && same_text(m->parent, x->message_id))
		return true;
	if (!is_bare_cover(x) && same_text(x->parent, m->message_id))
		return true;
	return !is_bare_cover(m) && !is_bare_cover(x) && same_text(m->parent, x->parent);
}

static bool is_linked(const struct group *g, const struct mail *m)
{
	for (guint i = 0; i < g->members->len; i++)
		if (are_linked(g->members->pdata[i], m))
			return true;
	return false;
}

/* Patches sent without threading, or as answers to a mail that is not here. */
static bool is_loose_match(const struct groups *all, const struct group *g,
			   const struct mail *m)
{
	return g->total > 1 && g->total == m->tags.n && g->version == m->tags.version &&
	       !groups_parent(all, group_first(g)) && !groups_parent(all, m);
}

/*
 * Anybody can answer anybody's mail, so a series is of one sender. (fill_holes has
 * the exception.) The cheap questions first: threads of thousands of patches come.
 */
static struct group *find_group(const struct groups *all, const struct mail *m)
{
	AUTO(str_done) struct str trees = STR_INIT;

	if (!m->tags.numbered && !is_cover(m))
		return NULL;
	tags_trees(m->subject, &trees);
	for (int loose = 0; loose < 2; loose++) {
		for (guint i = 0; i < all->list->len; i++) {
			struct group *g = all->list->pdata[i];

			if (totals_fit(g, m) && versions_fit(g, m) && slot_free(g, m) &&
			    !strcmp(group_first(g)->sender, m->sender) &&
			    !strcmp(g->trees, str_get(&trees)) &&
			    (loose ? is_loose_match(all, g, m) : is_linked(g, m)))
				return g;
		}
	}
	return NULL;
}

static void join(struct groups *all, struct group *g, const struct mail *m)
{
	if (!g) {
		struct str trees = STR_INIT;

		g = g_new0(struct group, 1);
		tags_trees(m->subject, &trees);
		g->trees = str_take(&trees);
		g->members = g_ptr_array_new();
		g->version = m->tags.version;
		g->versioned = m->tags.versioned;
		g->minor = m->tags.minor;
		g_ptr_array_add(all->list, g);
	}
	g_ptr_array_add(g->members, (gpointer)m);
	g_hash_table_insert(all->home, (gpointer)m, g);
	if (m->tags.numbered || !is_cover(m))
		g->total = m->tags.n;
	if (m->tags.versioned && !g->versioned) {
		g->version = m->tags.version;
		g->versioned = true;
	}
	if (is_cover(m))
		g->cover = m;
}

static gint by_date(gconstpointer va, gconstpointer vb)
{
	const struct mail *a = *(const struct mail *const *)va;
	const struct mail *b = *(const struct mail *const *)vb;

	if (a->date != b->date)
		return a->date < b->date ? -1 : 1;
	if (a->tags.k != b->tags.k)
		return a->tags.k - b->tags.k;
	return strcmp(a->message_id, b->message_id);
}

static void group_free(struct group *g)
{
	g_ptr_array_unref(g->members);
	free(g->trees);
	g_free(g);
}

/* ---- series that more than one sends ---- */

/* Can all of g, as they are, be patches that host lacks? */
static bool fills_holes(const struct group *host, const struct group *g)
{
	if (g->cover || g->minor || g->total < 2 || host == g)
		return false;
	for (guint i = 0; i < g->members->len; i++) {
		const struct mail *m = g->members->pdata[i];

		if (!m->has_diff || m->tags.k > g->total || !totals_fit(host, m) ||
		    !versions_fit(host, m) || !slot_free(host, m))
			return false;
	}
	return !strcmp(host->trees, g->trees);
}

/* The group that a mail of g answers, if that is where g belongs; or NULL. */
static struct group *find_host(const struct groups *all, const struct group *g)
{
	for (guint i = 0; i < g->members->len; i++) {
		const struct mail *up = groups_parent(all, g->members->pdata[i]);
		struct group *host = up ? g_hash_table_lookup(all->home, up) : NULL;

		if (host && fills_holes(host, g))
			return host;
	}
	return NULL;
}

/*
 * Some series come of several senders: each patch of its author, or the cover letter
 * from another address. Such patches answer the series, and have the numbers that its
 * own sender left open.
 */
static void fill_holes(struct groups *all)
{
	for (guint i = 0; i < all->list->len;) {
		struct group *g = all->list->pdata[i], *host = find_host(all, g);

		if (!host) {
			i++;
			continue;
		}
		for (guint k = 0; k < g->members->len; k++)
			join(all, host, g->members->pdata[k]);
		host->mixed = true;
		g_ptr_array_remove_index(all->list, i);
		group_free(g);
	}
}

/* A cover letter alone is no series. */
static void part_covers(struct groups *all)
{
	for (guint i = 0; i < all->list->len;) {
		struct group *g = all->list->pdata[i];

		if (g->members->len > (g->cover ? 1U : 0U)) {
			i++;
			continue;
		}
		g_hash_table_remove(all->home, g->cover);
		g_ptr_array_remove_index(all->list, i);
		g_ptr_array_add(all->covers, g);
	}
}

struct groups groups_make(const struct thread *t)
{
	struct groups all = {
		.thread = t,
		.list = g_ptr_array_new(),
		.covers = g_ptr_array_new_with_free_func((GDestroyNotify)group_free),
		.home = g_hash_table_new(NULL, NULL),
		.roots = g_hash_table_new(NULL, NULL),
	};
	GPtrArray *pieces = g_ptr_array_new();

	for (size_t i = 0; i < thread_count(t); i++)
		if (is_piece(thread_mail(t, i)))
			g_ptr_array_add(pieces, (gpointer)thread_mail(t, i));
	g_ptr_array_sort(pieces, by_date);
	for (guint i = 0; i < pieces->len; i++)
		join(&all, find_group(&all, pieces->pdata[i]), pieces->pdata[i]);
	g_ptr_array_unref(pieces);
	fill_holes(&all);
	part_covers(&all);
	return all;
}

void groups_done(struct groups *all)
{
	for (guint i = 0; i < all->list->len; i++)
		group_free(all->list->pdata[i]);
	g_ptr_array_unref(all->list);
	g_ptr_array_unref(all->covers);
	g_hash_table_unref(all->home);
	g_hash_table_unref(all->roots);
}

bool group_complete(const struct group *g)
{
	int patches = (int)g->members->len - (g->cover ? 1 : 0);

	for (guint i = 0; i < g->members->len; i++) {
		const struct mail *m = g->members->pdata[i];

		if (m != g->cover && (m->tags.k > g->total || !m->has_diff))
			return false;
	}
	return patches == g->total; /* no number is there twice */
}

const struct group *groups_of(const struct groups *all, const struct mail *m)
{
	return g_hash_table_lookup(all->home, m);
}

const struct group *groups_base(const struct groups *all, const struct mail *m)
{
	const struct group *g;

	if (!m) {
		for (guint i = 0; i < all->list->len; i++) {
			g = all->list->pdata[i];
			if (!g->minor)
				return g;
		}
		return all->list->len ? all->list->pdata[0] : NULL;
	}
	for (int i = 0; m && i < DEPTH_MAX; i++, m = groups_parent(all, m)) {
		g = groups_of(all, m);
		if (g)
			return g;
		if (!m->tags.reply && m->tags.pull)
			return NULL;
	}
	return NULL;
}
