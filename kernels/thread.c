#include "kernels/thread.h"

#include <glib.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "kernels/mbox.h"
#include "kernels/thread_group.h"
#include "kernels/thread_versions.h"
#include "lib/cleanup.h"
#include "lib/text.h"

enum { NOTES_MAX = 2000 };

struct thread {
	GPtrArray *mails;
	GHashTable *by_id; /* keys belong to the mails */
	size_t mail_bytes;
};

struct thread *thread_new(size_t mail_bytes)
{
	struct thread *t = mem_alloc0(sizeof(*t));

	t->mails = g_ptr_array_new();
	t->by_id = g_hash_table_new(g_str_hash, g_str_equal);
	t->mail_bytes = mail_bytes;
	return t;
}

void thread_free(struct thread *t)
{
	if (!t)
		return;
	for (guint i = 0; i < t->mails->len; i++)
		mail_free(t->mails->pdata[i]);
	g_ptr_array_unref(t->mails);
	g_hash_table_unref(t->by_id);
	free(t);
}

bool thread_add(struct thread *t, struct mail *m)
{
	if (*m->message_id && g_hash_table_contains(t->by_id, m->message_id)) {
		mail_free(m);
		return false;
	}
	if (*m->message_id)
		g_hash_table_insert(t->by_id, m->message_id, m);
	g_ptr_array_add(t->mails, m);
	return true;
}

static int add_mail(const char *raw, size_t len, void *arg, struct err *err)
{
	struct thread *t = arg;
	struct mail *m;

	if (t->mail_bytes && len > t->mail_bytes)
		return err_set(err, ERR_LIMIT, "a mail of %zu bytes, the limit is %zu",
			       len, t->mail_bytes);
	if (mail_parse(raw, len, &m, NULL) == 0)
		thread_add(t, m);
	return 0;
}

int thread_add_mbox(struct thread *t, const char *data, size_t len, struct err *err)
{
	return mbox_each(data, len, add_mail, t, err);
}

int thread_add_maildir(struct thread *t, const char *path, size_t max, struct err *err)
{
	return maildir_each(path, max, add_mail, t, err);
}

size_t thread_count(const struct thread *t)
{
	return t->mails->len;
}

const struct mail *thread_mail(const struct thread *t, size_t i)
{
	return i < t->mails->len ? t->mails->pdata[i] : NULL;
}

const struct mail *thread_by_id(const struct thread *t, const char *msgid)
{
	return msgid ? g_hash_table_lookup(t->by_id, msgid) : NULL;
}

/* ---- choosing ---- */

static void note(struct mail_series *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void note(struct mail_series *s, const char *fmt, ...)
{
	AUTO_FREE char *text = NULL;
	AUTO_FREE char *clean = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	clean = text_clean_line(text, 300);
	if (s->notes.len < NOTES_MAX)
		str_addf(&s->notes, "%s\n", clean);
}

/* What to say of mails without a series; about is the mail asked for, or NULL. */
static void explain_none(const struct thread *t, const struct mail *about,
			 struct mail_series *s)
{
	const struct mail *untagged = NULL, *reply = NULL, *pull = NULL, *cover = NULL;
	AUTO_FREE char *subject = NULL;

	for (size_t i = 0; i < t->mails->len; i++) {
		const struct mail *m = t->mails->pdata[i];

		if (about && m != about)
			continue;
		if (m->tags.pull && !m->tags.reply)
			pull = pull ? pull : m;
		else if (m->has_diff && m->tags.reply)
			reply = reply ? reply : m;
		else if (m->has_diff && !tags_in_series(&m->tags))
			untagged = untagged ? untagged : m;
		else if (tags_in_series(&m->tags))
			cover = cover ? cover : m;
	}
	if (!about)
		about = pull ? pull : untagged ? untagged : cover ? cover : reply;
	if (about)
		subject = text_clean_line(about->subject, 120);
	if (!t->mails->len)
		snprintf(s->reason, sizeof(s->reason), "there is no mail in it");
	else if (pull)
		snprintf(s->reason, sizeof(s->reason),
			 "a pull request, not a patch series: \"%s\"", subject);
	else if (untagged)
		snprintf(s->reason, sizeof(s->reason),
			 "a diff without a [PATCH] tag in the subject: \"%s\"", subject);
	else if (cover)
		snprintf(s->reason, sizeof(s->reason),
			 "a cover letter without its patches: \"%s\"", subject);
	else if (reply)
		snprintf(s->reason, sizeof(s->reason),
			 "only replies that hold a diff, no patch mail: \"%s\"", subject);
	else
		snprintf(s->reason, sizeof(s->reason), "no patch in it (%u mail%s)",
			 t->mails->len, t->mails->len == 1 ? "" : "s");
}

void series_missing(const struct mail_series *s, struct str *out)
{
	for (int k = 1, last; k <= s->total; k = last + 1) {
		last = k;
		if (s->patches[k - 1])
			continue;
		while (last < s->total && !s->patches[last])
			last++;
		str_addf(out, last > k ? "%s%d-%d" : "%s%d", out->len ? ", " : "", k,
			 last);
	}
}

static bool explain_holes(const struct groups *all, const struct group *g,
			  struct mail_series *s)
{
	AUTO(str_done) struct str list = { .limit = 200 };
	const char *also = "";
	int missing = 0;

	for (int k = 0; k < s->total; k++) {
		const struct mail *m = s->patches[k];

		missing += !m;
		if (m && !m->has_diff) {
			snprintf(s->reason, sizeof(s->reason),
				 "patch %d of %d holds no diff", k + 1, s->total);
			return false;
		}
	}
	if (!missing)
		return true;
	if (*s->reason) /* misnumbered, which says more */
		return false;
	series_missing(s, &list);
	if (groups_older_complete(all, g))
		also = "; an older version is complete";
	snprintf(s->reason, sizeof(s->reason), "patch%s %s of %d %s missing%s",
		 missing > 1 ? "es" : "", str_get(&list), s->total,
		 missing > 1 ? "are" : "is", also);
	return false;
}

/* Patches that are missing from a partly re-posted version: the old ones hold. */
static void refill(const struct groups *all, const struct group *g, struct mail_series *s)
{
	const struct group *old = groups_rerolled(all, g);

	if (!old)
		return;
	for (guint i = 0; i < old->members->len; i++) {
		const struct mail *m = old->members->pdata[i];

		if (m->tags.k >= 1 && m->tags.k <= s->total && m != old->cover &&
		    !s->patches[m->tags.k - 1])
			s->patches[m->tags.k - 1] = m;
	}
	if (!s->cover)
		s->cover = old->cover;
	s->refilled = old->version;
	note(s, "v%d posts only some patches anew; the others are those of v%d",
	     g->version, old->version);
}

bool group_fill(const struct groups *all, const struct group *g, struct mail_series *s)
{
	s->version = g->version;
	s->total = g->total;
	s->cover = g->cover;
	s->patches = mem_alloc0(sizeof(*s->patches) * (size_t)g->total);
	for (guint i = 0; i < g->members->len; i++) {
		const struct mail *m = g->members->pdata[i];

		if (m == g->cover)
			continue;
		if (m->tags.k > g->total) {
			snprintf(s->reason, sizeof(s->reason),
				 "patch %d of %d: numbered beyond the announced count",
				 m->tags.k, g->total);
			continue;
		}
		s->patches[m->tags.k - 1] = m;
		if (m->tags.version != g->version)
			note(s, "patch %d has no v%d in its tag; taken from its thread",
			     m->tags.k, g->version);
	}
	if (g->mixed)
		note(s, "not all patches were sent by the same address");
	if (!group_complete(g))
		refill(all, g, s);
	if (!explain_holes(all, g, s))
		return false;
	return !*s->reason;
}

static void note_asked(const struct groups *all, const struct group *g,
		       const struct mail *asked, struct mail_series *s)
{
	const struct group *home = groups_of(all, asked);

	if (!home)
		note(s, "%s is no patch; taking the series it is about",
		     asked->message_id);
	else if (home->version < g->version)
		note(s, "v%d was asked for by message-id; v%d is newer and taken",
		     home->version, g->version);
}

static void note_others(const struct groups *all, const struct group *g,
			struct mail_series *s)
{
	for (guint i = 0; i < all->list->len; i++) {
		const struct group *other = all->list->pdata[i];

		if (!group_same_series(all, other, g) || other->version > g->version)
			note(s, "also in the thread, not used: %s",
			     ((const struct mail *)other->members->pdata[0])->subject);
	}
}

static bool no_version(const struct groups *all, const struct group *base, int version,
		       struct mail_series *s)
{
	AUTO(str_done) struct str have = { .limit = 150 };

	for (guint i = 0; i < all->list->len; i++) {
		const struct group *g = all->list->pdata[i];

		if (group_same_series(all, g, base))
			str_addf(&have, "%sv%d", have.len ? ", " : "", g->version);
	}
	snprintf(s->reason, sizeof(s->reason),
		 "there is no version %d of it here, only %s", version, str_get(&have));
	return false;
}

bool thread_find(const struct thread *t, const char *msgid, int version,
		 struct mail_series *ret_series)
{
	struct groups all = groups_make(t);
	const struct mail *asked = thread_by_id(t, msgid);
	const struct group *base, *g;
	struct mail_series s = { .notes = STR_INIT };
	bool found = false;

	base = groups_base(&all, asked);
	g = base ? groups_pick(&all, base, version) : NULL;
	if (msgid && !asked) {
		snprintf(s.reason, sizeof(s.reason), "no mail of id %.200s in it", msgid);
	} else if (!base) {
		explain_none(t, asked, &s);
	} else if (!g) {
		no_version(&all, base, version, &s);
	} else {
		if (asked && !version)
			note_asked(&all, g, asked, &s);
		found = group_fill(&all, g, &s);
		note_others(&all, g, &s);
	}
	groups_done(&all);
	*ret_series = s;
	return found;
}

void mail_series_done(struct mail_series *s)
{
	free(s->patches);
	str_done(&s->notes);
	*s = (struct mail_series){ .notes = STR_INIT };
}
