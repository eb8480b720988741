#include "daemon/posting_index.h"

#include <string.h>

#include "kernels/posting.h"
#include "lib/str.h"

enum {
	ID_MAX = 900,
	REFS_FIRST = 10, /* of the message-ids that a mail refers to, these from its */
	REFS_LAST = 40,  /* beginning and these from its end are looked at */
	LOOSE_WINDOW = 2 * 3600, /* s between two mails of a series without threading */
};

static const char *text_of(struct json_object *arr, size_t i)
{
	const char *s = json_object_get_string(json_object_array_get_idx(arr, i));

	return s ? s : "";
}

static struct json_object *array_or_new(struct json_object *line, const char *key)
{
	struct json_object *arr = json_arr(line, key);

	return json_object_is_type(arr, json_type_array) ? json_object_get(arr) :
							   json_object_new_array();
}

/* What patches sent without threading share: all of them must be answers to none. */
static char *loose_text(struct json_object *line, const struct mail *m)
{
	AUTO(str_done) struct str prefix = STR_INIT;

	if (m->parent || json_len(json_arr(line, "references")) || !m->tags.numbered ||
	    m->tags.n < 2 || !tags_in_series(&m->tags))
		return NULL;
	tags_prefix(m->subject, &prefix);
	return str_printf("%s v%d%s /%d %s", m->sender, m->tags.version,
			  m->tags.minor ? ".x" : "", m->tags.n, str_get(&prefix));
}

static char *text_or_null(struct json_object *line, const char *key)
{
	const char *s = json_str(line, key, NULL);

	return s && *s ? str_dup(s) : NULL;
}

bool index_read_line(struct json_object *line, const char *source, int64_t now,
		     struct mail_row *ret_mail)
{
	const char *id = json_str(line, "message_id", "");
	struct mail *known;
	struct mail_row m = { .posting = DB_NO_INT, .seen = now };

	if (!*id || strlen(id) > ID_MAX)
		return false;
	m.message_id = str_dup(id);
	m.parent = text_or_null(line, "parent");
	m.subject = str_dup(json_str(line, "subject", ""));
	m.author = str_dup(json_str(line, "from", ""));
	m.sender = str_dup(json_str(line, "sender", ""));
	m.date = json_int(line, "date", 0);
	m.has_diff = json_flag(line, "has_diff", false);
	m.paths = m.has_diff ? array_or_new(line, "paths") : NULL;
	m.lists = array_or_new(line, "lists");
	m.sources = json_object_new_array();
	json_add_str(m.sources, source);
	m.change_id = text_or_null(line, "change_id");
	m.base_commit = text_or_null(line, "base_commit");
	m.archive_url = text_or_null(line, "archive_url");
	m.override = json_object_get(json_obj(line, "override"));
	known = mail_known(m.message_id, m.parent, m.subject, m.sender, m.date,
			   m.has_diff);
	m.loose = loose_text(line, known);
	m.what = str_dup(mail_what_str(mail_what_alone(known)));
	mail_free(known);
	*ret_mail = m;
	return true;
}

bool index_is_piece(const struct mail_row *m)
{
	return m->posting >= 0 || !strcmp(m->what, "pull") ||
	       !strcmp(m->what, "no-patch") || !strcmp(m->what, "patch") ||
	       !strcmp(m->what, "cover");
}

/* ---- threads ---- */

struct place {
	struct db *db;
	int64_t thread; /* 0: none yet */
	int64_t size;   /* its mails */
	bool joined;
};

/* The thread becomes part of the mail's one, unless that would be too large. */
static int take_thread(struct place *p, int64_t thread, struct err *err)
{
	int64_t n = 0;

	if (thread == p->thread)
		return 0;
	if (mail_count_thread(p->db, thread, &n, err) < 0)
		return -1;
	if (p->size + n >= POSTING_THREAD_MAX)
		return 0;
	p->size += n;
	if (!p->thread) {
		p->thread = thread;
		return 0;
	}
	p->joined = true;
	/* The older number stays. */
	if (thread < p->thread) {
		int64_t other = p->thread;

		p->thread = thread;
		thread = other;
	}
	return mail_join(p->db, p->thread, thread, err);
}

static int take_link(struct place *p, const char *message_id, bool *ret_known,
		     struct err *err)
{
	int64_t thread;
	int r = *message_id ? mail_link_find(p->db, message_id, &thread, err) : 0;

	if (ret_known)
		*ret_known = r > 0;
	return r > 0 ? take_thread(p, thread, err) : r;
}

typedef int ref_fn(struct place *p, const char *message_id, struct err *err);

static int find_ref(struct place *p, const char *message_id, struct err *err)
{
	return take_link(p, message_id, NULL, err);
}

static int keep_ref(struct place *p, const char *message_id, struct err *err)
{
	return *message_id ? mail_link_put(p->db, message_id, p->thread, err) : 0;
}

/* Each message-id that m answers or refers to. */
static int each_ref(struct place *p, const struct mail_row *m, struct json_object *refs,
		    ref_fn *fn, struct err *err)
{
	size_t n = json_object_is_type(refs, json_type_array) ? json_len(refs) : 0;

	if (m->parent && fn(p, m->parent, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const char *id = text_of(refs, i);

		if ((i >= REFS_FIRST && i + REFS_LAST < n) || strlen(id) > ID_MAX)
			continue;
		if (fn(p, id, err) < 0)
			return -1;
	}
	return 0;
}

static int take_loose(struct place *p, const struct mail_row *m, struct err *err)
{
	int64_t thread, was;
	int r;

	if (!m->loose || !m->date)
		return 0;
	while ((r = mail_find_loose(p->db, m->loose, m->date - LOOSE_WINDOW,
				    m->date + LOOSE_WINDOW, p->thread, &thread, err)) >
	       0) {
		was = p->size;
		if (take_thread(p, thread, err) < 0)
			return -1;
		if (p->size == was) /* too large: it would be found again */
			return 0;
	}
	return r;
}

static bool add_missing(struct json_object *to, struct json_object *from)
{
	bool added = false;

	for (size_t i = 0; i < json_len(from); i++) {
		size_t k = 0;

		while (k < json_len(to) && strcmp(text_of(to, k), text_of(from, i)) != 0)
			k++;
		if (k < json_len(to))
			continue;
		json_add_str(to, text_of(from, i));
		added = true;
	}
	return added;
}

/* Lists add to subjects and texts, but seldom; who posts a mail anew changes something. */
static bool is_same_mail(const struct mail_row *a, const struct mail_row *b)
{
	return a->date == b->date && a->has_diff == b->has_diff &&
	       !strcmp(a->sender, b->sender) && !strcmp(a->subject, b->subject) &&
	       (!a->paths || !b->paths ? a->paths == b->paths :
					 json_object_equal(a->paths, b->paths));
}

/* The same mail by another list or another source: that may change who wants it. */
static int merge_known(struct db *db, struct mail_row *m, struct mail_row *known,
		       bool *ret_dirty, struct err *err)
{
	bool more = add_missing(known->sources, m->sources);

	more |= add_missing(known->lists, m->lists);
	*ret_dirty = more && known->posting >= 0;
	mail_row_done(m);
	*m = *known;
	return more ? mail_set_sources(db, m, err) : 0;
}

int index_add(struct db *db, struct mail_row *m, struct json_object *refs,
	      bool *ret_dirty, bool *ret_same, struct err *err)
{
	struct place p = { .db = db };
	struct mail_row known;
	bool expected;
	int r = mail_find(db, m->message_id, &known, err);

	if (r < 0)
		return -1;
	*ret_same = r == 0 || is_same_mail(m, &known);
	if (r > 0)
		return merge_known(db, m, &known, ret_dirty, err);
	if (take_link(&p, m->message_id, &expected, err) < 0 ||
	    each_ref(&p, m, refs, find_ref, err) < 0 || take_loose(&p, m, err) < 0)
		return -1;
	m->thread = p.thread;
	if (mail_put(db, m, err) < 0)
		return -1;
	p.thread = m->thread;
	if (keep_ref(&p, m->message_id, err) < 0 ||
	    each_ref(&p, m, refs, keep_ref, err) < 0)
		return -1;
	*ret_dirty = expected || p.joined || index_is_piece(m);
	return 1;
}
