#include "daemon/posting_versions.h"

#include <ctype.h>
#include <glib.h>
#include <string.h>

#include "db/mail.h"
#include "kernels/tags.h"
#include "lib/str.h"

enum {
	LIKE_MAX = 20,
	TITLES_MAX = 200,        /* patches of a series that are compared */
	SLACK = 86400,           /* s that a newer version may be dated before an older */
	YEARS = 2 * 366 * 86400, /* s between two versions at most, but by change-id */
};

/* The other versions of p's series, as they are found. */
struct kin {
	struct db *db;
	const struct posting_row *p;
	struct posting_row *list;
	size_t n;
	char **titles; /* of p's patches, sorted; NULL: not asked for yet */
	size_t titles_n;
};

char *versions_title(const char *subject)
{
	struct str out = STR_INIT;
	struct tags tags;

	tags_read(subject, &tags);
	for (const char *s = tags.title; *s; s++) {
		if (!isspace((unsigned char)*s))
			str_addc(&out, (char)tolower((unsigned char)*s));
		else if (out.len && out.data[out.len - 1] != ' ')
			str_addc(&out, ' ');
	}
	while (out.len && out.data[out.len - 1] == ' ')
		out.data[--out.len] = '\0';
	if (!strcmp(str_get(&out), "*** subject here ***"))
		str_clear(&out);
	return str_take(&out);
}

bool versions_newer(const struct posting_row *a, const struct posting_row *b)
{
	if (a->version != b->version)
		return a->version > b->version;
	if (a->posted != b->posted)
		return a->posted > b->posted;
	return a->id > b->id;
}

static bool same_sender(const struct posting_row *a, const struct posting_row *b)
{
	return *a->sender && !strcmp(a->sender, b->sender);
}

bool versions_replace(const struct posting_row *newer, const struct posting_row *old)
{
	return versions_newer(newer, old) && same_sender(newer, old);
}

/* For the same kernel, as far as they say for which? */
static bool same_trees(const struct posting_row *a, const struct posting_row *b)
{
	AUTO(str_done) struct str x = STR_INIT;
	AUTO(str_done) struct str y = STR_INIT;

	tags_trees(a->subject, &x);
	tags_trees(b->subject, &y);
	return !strcmp(str_get(&x), str_get(&y));
}

/* A version 2 that was there long before version 1 is one of something else. */
static bool times_fit(const struct posting_row *a, const struct posting_row *b)
{
	int64_t later = versions_newer(a, b) ? a->posted - b->posted :
					       b->posted - a->posted;

	return later >= -SLACK && later <= YEARS;
}

/* Sorted titles of a posting's patches. */
static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int patch_titles(struct db *db, int64_t posting, char ***ret_titles, size_t *ret_n,
			struct err *err)
{
	char **titles;
	size_t n;

	if (mail_list_subjects(db, posting, TITLES_MAX, &titles, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		char *subject = titles[i];

		titles[i] = versions_title(subject);
		free(subject);
	}
	qsort(titles, n, sizeof(*titles), by_text);
	*ret_titles = titles;
	*ret_n = n;
	return 0;
}

static size_t count_common(char **a, size_t na, char **b, size_t nb)
{
	size_t common = 0;

	for (size_t i = 0, k = 0; i < na && k < nb;) {
		int c = strcmp(a[i], b[k]);

		common += c == 0 && *a[i];
		i += c <= 0;
		k += c >= 0;
	}
	return common;
}

/* At least two patches, and half of those of the shorter series, go by one name. */
static int share_patches(struct kin *k, const struct posting_row *other, struct err *err)
{
	char **titles = NULL;
	size_t n = 0, common;

	if ((!k->titles &&
	     patch_titles(k->db, k->p->id, &k->titles, &k->titles_n, err) < 0) ||
	    patch_titles(k->db, other->id, &titles, &n, err) < 0)
		return -1;
	common = count_common(k->titles, k->titles_n, titles, n);
	strv_free(titles);
	return common >= 2 && 2 * common >= (k->titles_n < n ? k->titles_n : n);
}

/* Adds the files that the posting's patches touch. */
static int add_paths(struct db *db, int64_t posting, GHashTable *paths, struct err *err)
{
	struct mail_row *mails;
	size_t n;

	if (mail_list_posting(db, posting, true, &mails, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < json_len(mails[i].paths); k++)
			g_hash_table_add(
				paths,
				str_dup(json_object_get_string(
					json_object_array_get_idx(mails[i].paths, k))));
	mail_row_list_free(mails, n);
	return 0;
}

/*
 * One of the same version and title: is it the same, posted again? It says so, or
 * touches a file that the other does; "fix typos" can be many patches of one author.
 */
static int is_again(struct db *db, const struct posting_row *a,
		    const struct posting_row *b, struct err *err)
{
	GHashTable *x, *y;
	GHashTableIter it;
	gpointer path;
	int r = 1;

	if (strcmp(a->prefix, b->prefix) != 0)
		return 0;
	if (versions_newer(a, b) ? a->resend : b->resend)
		return 1;
	x = g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL);
	y = g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL);
	if (add_paths(db, a->id, x, err) < 0 || add_paths(db, b->id, y, err) < 0)
		r = -1;
	else if (g_hash_table_size(x) && g_hash_table_size(y))
		r = 0;
	g_hash_table_iter_init(&it, x);
	while (r == 0 && g_hash_table_iter_next(&it, &path, NULL))
		r = g_hash_table_contains(y, path);
	g_hash_table_unref(x);
	g_hash_table_unref(y);
	return r;
}

/* 1, 0, -1 */
static int is_version(struct kin *k, const struct posting_row *other, struct err *err)
{
	const struct posting_row *p = k->p;

	if (other->state == POSTING_IGNORED || !strcmp(other->kind, "pull") ||
	    !same_trees(p, other))
		return 0;
	if (p->change_id && other->change_id && !strcmp(p->change_id, other->change_id))
		return 1;
	if (!same_sender(p, other) || !times_fit(p, other))
		return 0;
	if (*p->title && !strcmp(p->title, other->title))
		return p->version != other->version ? 1 : is_again(k->db, p, other, err);
	if (p->version == other->version || p->total < 2 || other->total < 2)
		return 0;
	return share_patches(k, other, err);
}

static bool is_in(const int64_t *ids, size_t n, int64_t id)
{
	for (size_t i = 0; i < n; i++)
		if (ids[i] == id)
			return true;
	return false;
}

/* Takes it over, in order, or frees it when it is there. */
static void add_kin(struct kin *k, struct posting_row *row)
{
	size_t at = k->n;

	for (size_t i = 0; i < k->n; i++)
		if (k->list[i].id == row->id) {
			posting_row_done(row);
			return;
		}
	k->list = mem_realloc(k->list, k->n + 1, sizeof(*k->list));
	while (at > 0 && versions_newer(&k->list[at - 1], row)) {
		k->list[at] = k->list[at - 1];
		at--;
	}
	k->list[at] = *row;
	k->n++;
	*row = (struct posting_row){ .id = 0 };
}

static int add_family(struct kin *k, const int64_t *family, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		struct posting_row row;
		int r = family[i] == k->p->id ? 0 :
						posting_find(k->db, family[i], &row, err);

		if (r < 0)
			return -1;
		if (r == 0)
			continue;
		if (row.state == POSTING_IGNORED)
			posting_row_done(&row);
		else
			add_kin(k, &row);
	}
	return 0;
}

static int add_like(struct kin *k, const int64_t *family, size_t family_n,
		    struct err *err)
{
	struct posting_row *like;
	size_t n;
	int r = 0;

	if (posting_list_like(k->db, k->p, LIKE_MAX, &like, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n && r >= 0; i++) {
		if (is_in(family, family_n, like[i].id))
			continue;
		r = is_version(k, &like[i], err);
		if (r > 0)
			add_kin(k, &like[i]);
	}
	posting_row_list_free(like, n);
	return r < 0 ? -1 : 0;
}

int versions_list(struct db *db, const struct posting_row *p, const int64_t *family,
		  size_t family_n, struct posting_row **ret_list, size_t *ret_n,
		  struct err *err)
{
	struct kin k = { .db = db, .p = p };
	int r = add_family(&k, family, family_n, err);

	if (r == 0)
		r = add_like(&k, family, family_n, err);
	strv_free(k.titles);
	if (r < 0) {
		posting_row_list_free(k.list, k.n);
		return -1;
	}
	*ret_list = k.list;
	*ret_n = k.n;
	return 0;
}

int versions_link(struct db *db, struct posting_row *p, const struct posting_row *list,
		  size_t n, struct err *err)
{
	int64_t earlier = DB_NO_INT;
	size_t i = 0;

	for (; i < n && versions_newer(p, &list[i]); i++)
		earlier = list[i].id;
	if (p->earlier != earlier) {
		p->earlier = earlier;
		if (posting_set_earlier(db, p->id, earlier, err) < 0)
			return -1;
	}
	/* The next one was linked to what is before p, or to nothing. */
	for (size_t k = 0; k <= i && i < n; k++)
		if (list[i].earlier == (k < i ? list[k].id : DB_NO_INT))
			return posting_set_earlier(db, list[i].id, p->id, err);
	return 0;
}
