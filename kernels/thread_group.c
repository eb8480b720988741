#include "kernels/thread_group.h"

#include <string.h>
#include <strings.h>

enum { DEPTH_MAX = 1000 }; /* of a thread; also what ends a ring of answers */

static const struct mail *parent_of(const struct groups *all, const struct mail *m)
{
	return thread_by_id(all->thread, m->parent);
}

static bool is_piece(const struct mail *m)
{
	return tags_in_series(&m->tags) &&
	       (m->has_diff || m->tags.numbered || m->tags.patch);
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

/* Does m answer a mail of the group, is it answered by one, or both the same? */
static bool is_linked(const struct group *g, const struct mail *m)
{
	for (guint i = 0; i < g->members->len; i++) {
		const struct mail *x = g->members->pdata[i];

		if (same_text(m->parent, x->message_id) ||
		    same_text(x->parent, m->message_id) ||
		    same_text(m->parent, x->parent))
			return true;
	}
	return false;
}

/* Patches sent without threading, or as answers to a mail that is not here. */
static bool is_loose_match(const struct groups *all, const struct group *g,
			   const struct mail *m)
{
	const struct mail *x = g->members->pdata[0];

	return g->total > 1 && g->total == m->tags.n && g->version == m->tags.version &&
	       same_text(x->sender, m->sender) && !parent_of(all, x) &&
	       !parent_of(all, m);
}

static struct group *find_group(const struct groups *all, const struct mail *m)
{
	for (int loose = 0; loose < 2; loose++) {
		for (guint i = 0; i < all->list->len; i++) {
			struct group *g = all->list->pdata[i];

			if (slot_free(g, m) && totals_fit(g, m) && versions_fit(g, m) &&
			    (loose ? is_loose_match(all, g, m) : is_linked(g, m)))
				return g;
		}
	}
	return NULL;
}

static void join(struct groups *all, struct group *g, const struct mail *m)
{
	if (!g) {
		g = g_new0(struct group, 1);
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
	g_free(g);
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
	};
	GPtrArray *pieces = g_ptr_array_new();

	for (size_t i = 0; i < thread_count(t); i++)
		if (is_piece(thread_mail(t, i)))
			g_ptr_array_add(pieces, (gpointer)thread_mail(t, i));
	g_ptr_array_sort(pieces, by_date);
	for (guint i = 0; i < pieces->len; i++)
		join(&all, find_group(&all, pieces->pdata[i]), pieces->pdata[i]);
	g_ptr_array_unref(pieces);
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

static const struct mail *root_of(const struct groups *all, const struct mail *m)
{
	const struct mail *up;

	for (int i = 0; i < DEPTH_MAX && (up = parent_of(all, m)) && up != m; i++)
		m = up;
	return m;
}

bool group_same_series(const struct groups *all, const struct group *a,
		       const struct group *b)
{
	const struct mail *x = a->members->pdata[0], *y = b->members->pdata[0];
	const char *title = title_of(a);

	if (a == b)
		return true;
	if (a->minor || b->minor)
		return false;
	if (*title && !strcasecmp(title, title_of(b)))
		return true;
	if (a->version == b->version)
		return false;
	/* A lone patch can grow into a series; one in a later version is another. */
	if ((a->total == 1 && b->total > 1 && a->version > b->version) ||
	    (b->total == 1 && a->total > 1 && b->version > a->version))
		return false;
	return same_text(x->sender, y->sender) && root_of(all, x) == root_of(all, y);
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
	for (int i = 0; m && i < DEPTH_MAX; i++, m = parent_of(all, m)) {
		g = groups_of(all, m);
		if (g)
			return g;
		if (!m->tags.reply && m->tags.pull)
			return NULL;
	}
	return NULL;
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

	for (guint i = 0; i < all->list->len; i++) {
		const struct group *g = all->list->pdata[i];

		if (!group_same_series(all, g, base))
			continue;
		if (version && g->version != version)
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
	const struct mail *up = parent_of(all, m);

	for (int i = 0; up && i < DEPTH_MAX; i++, up = parent_of(all, up))
		if (groups_of(all, up) == old && up->tags.k == m->tags.k)
			return true;
	return false;
}

const struct group *groups_rerolled(const struct groups *all, const struct group *g)
{
	const struct group *old = groups_older_complete(all, g);

	if (!old || old->total != g->total || old->version != g->version - 1 || g->cover)
		return NULL;
	for (guint i = 0; i < g->members->len; i++)
		if (!answers_old_form(all, g->members->pdata[i], old))
			return NULL;
	return old;
}
