#include "daemon/posting_said.h"

#include <glib.h>
#include <string.h>

#include "lib/text.h"

enum { AUTHOR_MAX = 500 };

static bool same_json(struct json_object *a, struct json_object *b)
{
	return a == b || (a && b && json_object_equal(a, b));
}

/* Of files there are many. */
static void add_paths(struct json_object *to, GHashTable *seen, struct json_object *from)
{
	for (size_t i = 0; i < json_len(from); i++) {
		struct json_object *text = json_object_array_get_idx(from, i);
		const char *path = json_object_get_string(text);

		if (path && g_hash_table_add(seen, (gpointer)path))
			json_object_array_add(to, json_object_get(text));
	}
}

static void add_texts(struct json_object *to, struct json_object *from)
{
	for (size_t i = 0; i < json_len(from); i++) {
		struct json_object *text = json_object_array_get_idx(from, i);
		size_t k = 0;

		while (k < json_len(to) &&
		       !json_object_equal(json_object_array_get_idx(to, k), text))
			k++;
		if (k == json_len(to))
			json_object_array_add(to, json_object_get(text));
	}
}

void posting_said_done(struct said *a)
{
	json_object_put(a->lists);
	json_object_put(a->sources);
	json_object_put(a->paths);
}

void posting_take_said(struct found *f, const struct mail_row *mails, size_t n,
		       struct said *said)
{
	struct posting_row *row = &f->row;
	const char *change = NULL, *base = NULL;
	struct json_object *override = NULL;
	GHashTable *seen = g_hash_table_new(g_str_hash, g_str_equal);

	for (size_t i = 0; i < n; i++) {
		const struct mail_row *m = &mails[i];

		change = change ? change : m->change_id;
		base = base ? base : m->base_commit;
		add_texts(said->lists, m->lists);
		add_texts(said->sources, m->sources);
		add_paths(said->paths, seen, m->paths);
		if (strcmp(m->message_id, row->message_id) != 0)
			continue;
		override = m->override;
		posting_set_text(&row->archive_url, m->archive_url);
		free(row->author);
		row->author = text_clean_line(m->author, AUTHOR_MAX);
	}
	g_hash_table_unref(seen);
	posting_set_text(&row->change_id, change);
	posting_set_text(&row->base_commit, base);
	json_object_put(row->lists);
	row->lists = json_object_get(said->lists);
	if (!same_json(row->override, override)) {
		json_object_put(row->override);
		row->override = json_object_get(override);
		f->changed = true;
	}
}

/* ---- sources ---- */

static bool is_named(struct json_object *names, const char *name)
{
	for (size_t i = 0; i < json_len(names); i++) {
		const char *s =
			json_object_get_string(json_object_array_get_idx(names, i));

		if (s && !strcmp(s, name))
			return true;
	}
	return false;
}

static char *refused_by(const struct found *f, const struct postings_source *src,
			const struct said *said, bool open)
{
	char *why;

	if (f->row.posted && f->row.posted < src->not_before)
		return str_dup("posted before its source was listened to");
	why = filter_headers(&src->filter, said->lists, f->row.subject);
	return why || open ? why : filter_paths(&src->filter, said->paths);
}

char *posting_choose_source(const struct settling *s, struct found *f,
			    const struct said *said, bool open)
{
	char *refused = NULL;

	for (size_t i = 0; i < s->o->sources_n; i++) {
		const struct postings_source *src = &s->o->sources[i];
		char *why;

		if (!is_named(said->sources, src->name))
			continue;
		why = refused_by(f, src, said, open);
		if (!why || !refused)
			posting_set_text(&f->row.source, src->name);
		if (!why) {
			free(refused);
			return NULL;
		}
		if (refused)
			free(why);
		else
			refused = why;
	}
	return refused ? refused : str_dup("its source is not configured any more");
}

int64_t posting_wait(const struct settling *s, const char *source)
{
	for (size_t i = 0; i < s->o->sources_n; i++)
		if (!strcmp(s->o->sources[i].name, source))
			return s->o->sources[i].complete_after > 0 ?
				       s->o->sources[i].complete_after :
				       1;
	return 1;
}
