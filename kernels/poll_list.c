#include "kernels/poll_list.h"

#include <glib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/sha256.h"
#include "lib/str.h"

/* Of a hash of the id; enough that two of some thousand do not meet. */
enum { MARK = 16, SEEN_MAX = 5000 };

/* ---- what was fetched ---- */

struct seen {
	GQueue *order; /* owns the marks, oldest first */
	GHashTable *marks;
};

static void add_mark(struct seen *s, const char *mark)
{
	char *copy;

	if (g_hash_table_contains(s->marks, mark))
		return;
	copy = str_dup(mark);
	g_queue_push_tail(s->order, copy);
	g_hash_table_add(s->marks, copy);
	while (g_queue_get_length(s->order) > SEEN_MAX) {
		char *old = g_queue_pop_head(s->order);

		g_hash_table_remove(s->marks, old);
		free(old);
	}
}

static void mark_of(const char *msgid, char ret[SHA256_HEX])
{
	sha256_of(msgid, strlen(msgid), ret);
	ret[MARK] = '\0';
}

struct seen *seen_new(struct json_object *arr)
{
	struct seen *s = mem_alloc0(sizeof(*s));

	s->order = g_queue_new();
	s->marks = g_hash_table_new(g_str_hash, g_str_equal);
	for (size_t i = 0; i < json_len(arr); i++) {
		const char *mark =
			json_object_get_string(json_object_array_get_idx(arr, i));

		if (mark && strlen(mark) == MARK)
			add_mark(s, mark);
	}
	return s;
}

void seen_free(struct seen *s)
{
	if (!s)
		return;
	g_hash_table_unref(s->marks);
	g_queue_free_full(s->order, free);
	free(s);
}

bool seen_has(const struct seen *s, const char *msgid)
{
	char mark[SHA256_HEX];

	mark_of(msgid, mark);
	return g_hash_table_contains(s->marks, mark);
}

void seen_add(struct seen *s, const char *msgid)
{
	char mark[SHA256_HEX];

	mark_of(msgid, mark);
	add_mark(s, mark);
}

struct json_object *seen_json(const struct seen *s)
{
	struct json_object *arr = json_object_new_array();

	for (GList *l = s->order->head; l; l = l->next)
		json_add_str(arr, l->data);
	return arr;
}

/* ---- what is listed ---- */

void poll_list_init(struct poll_list *l, struct seen *seen)
{
	*l = (struct poll_list){ .seen = seen };
	l->ids = g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL);
}

void poll_list_done(struct poll_list *l)
{
	poll_list_clear(l);
	free(l->v);
	if (l->ids)
		g_hash_table_unref(l->ids);
}

void poll_list_clear(struct poll_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].msgid);
	l->n = 0;
	l->listed = 0;
	if (l->ids)
		g_hash_table_remove_all(l->ids);
}

void poll_list_add(struct poll_list *l, const char *msgid, long long updated)
{
	if (g_hash_table_contains(l->ids, msgid))
		return;
	g_hash_table_add(l->ids, str_dup(msgid));
	l->listed++;
	if (seen_has(l->seen, msgid))
		return;
	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 64;
		l->v = mem_realloc(l->v, l->cap, sizeof(*l->v));
	}
	l->v[l->n++] = (struct poll_item){ str_dup(msgid), updated };
}

static int by_time(const void *pa, const void *pb)
{
	const struct poll_item *a = pa, *b = pb;

	if (a->updated != b->updated)
		return a->updated < b->updated ? -1 : 1;
	return strcmp(a->msgid, b->msgid);
}

void poll_list_sort(struct poll_list *l)
{
	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), by_time);
}
