#include "daemon/posting_settle.h"

#include <string.h>

#include "daemon/posting_found.h"
#include "daemon/posting_index.h"
#include "daemon/posting_said.h"
#include "daemon/posting_state.h"
#include "daemon/posting_versions.h"

enum { REASON_MAX = 400 };

static size_t family_of(const struct settling *s, const struct found *f, int64_t *ids)
{
	size_t n = 0;

	for (size_t k = 0; k < s->all.n; k++)
		if (s->found[k].p->family == f->p->family &&
		    s->found[k].p->kind != POSTING_PULL)
			ids[n++] = s->found[k].row.id;
	return n;
}

/* Has it come as a whole at any time? */
static bool has_come(const struct posting_row *row)
{
	return row->state == POSTING_COMPLETE || row->state == POSTING_QUEUED ||
	       row->state == POSTING_DONE;
}

/* What is said of one that newer makes needless. */
static char *newer_text(const struct posting_row *newer, const struct posting_row *old)
{
	if (newer->version == old->version)
		return str_dup("it was posted again");
	return str_printf("v%lld is newer", (long long)newer->version);
}

static char *newer_in(const struct posting_row *p, const struct posting_row *list,
		      size_t n)
{
	for (size_t i = n; i-- > 0;)
		if (has_come(&list[i]) && versions_replace(&list[i], p))
			return newer_text(&list[i], p);
	return NULL;
}

/* Those of this thread are decided with what is in memory. */
static void note_state(const struct settling *s, int64_t id, enum posting_state state,
		       const char *reason)
{
	for (size_t k = 0; k < s->all.n; k++)
		if (s->found[k].row.id == id) {
			s->found[k].row.state = state;
			posting_set_text(&s->found[k].row.reason, reason);
		}
}

/* What is not yet run of the older versions is not run any more. */
static int supersede(const struct settling *s, const struct posting_row *p,
		     struct posting_row *list, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		struct posting_row *old = &list[i];
		AUTO_FREE char *why = newer_text(p, old);
		enum posting_state next = POSTING_SUPERSEDED;
		bool cancelled;

		if (old->state == POSTING_DONE || !versions_replace(p, old) ||
		    (old->reason && !strcmp(old->reason, why)))
			continue;
		if (posting_cancel(s, old, why, &cancelled, err) < 0)
			return -1;
		if (old->state == POSTING_QUEUED && !cancelled)
			next = POSTING_QUEUED; /* it runs; the reason notes that we asked */
		if (posting_set_state(s->db, old->id, next, why, s->now, err) < 0)
			return -1;
		if (next == POSTING_SUPERSEDED && mail_raw_drop(s->db, old->id, err) < 0)
			return -1;
		note_state(s, old->id, next, why);
	}
	return 0;
}

static int queue(const struct settling *s, struct found *f, struct err *err)
{
	struct posting_row *row = &f->row;
	bool cancelled;

	if (row->state == POSTING_QUEUED) {
		if (posting_cancel(s, row, "more of it has come", &cancelled, err) < 0)
			return -1;
		if (!cancelled) { /* it is running */
			posting_set_text(&row->reason, POSTING_AGAIN);
			return 0;
		}
	}
	row->state = POSTING_COMPLETE;
	posting_set_text(&row->reason, NULL);
	if (!s->o->on_queue)
		return 0;
	if (s->o->on_queue(row, s->o->arg, &row->job, err) < 0)
		return err_prefix(err, "queue %.200s", row->message_id);
	row->state = POSTING_QUEUED;
	return 0;
}

static int enter_state(const struct settling *s, struct found *f, enum posting_state next,
		       const char *reason, struct err *err)
{
	struct posting_row *row = &f->row;

	if (next == POSTING_COMPLETE) {
		if (queue(s, f, err) < 0)
			return -1;
	} else if (next != POSTING_QUEUED) {
		row->state = next;
		posting_set_text(&row->reason, *reason ? reason : NULL);
	}
	if (row->state != POSTING_WAITING)
		row->deadline = DB_NO_INT;
	if ((next == POSTING_IGNORED || next == POSTING_SUPERSEDED) &&
	    mail_raw_drop(s->db, row->id, err) < 0)
		return -1;
	return 0;
}

/* The other versions, where they matter: the states that they can change. */
static int find_versions(const struct settling *s, const struct found *f,
			 struct posting_row **ret_list, size_t *ret_n, struct err *err)
{
	int64_t *family = mem_alloc0((s->all.n + 1) * sizeof(*family));
	int r = versions_list(s->db, &f->row, family, family_of(s, f, family), ret_list,
			      ret_n, err);

	free(family);
	return r;
}

static int decide(const struct settling *s, struct found *f, struct posting_facts *facts,
		  struct err *err)
{
	AUTO(str_done) struct str reason = { .limit = REASON_MAX };
	AUTO_FREE char *newer = NULL;
	struct posting_row *row = &f->row, *list = NULL;
	enum posting_state next = posting_next_state(facts, &reason);
	size_t n = 0;
	int r = 0;

	if (f->fresh ? next != POSTING_IGNORED :
		       next == POSTING_COMPLETE || next == POSTING_INCOMPLETE ||
			       (facts->was == POSTING_SUPERSEDED &&
				next != POSTING_IGNORED)) {
		if (find_versions(s, f, &list, &n, err) < 0)
			return -1;
		facts->newer = newer = newer_in(row, list, n);
		str_clear(&reason);
		next = posting_next_state(facts, &reason);
		r = versions_link(s->db, row, list, n, err);
	}
	if (r == 0)
		r = enter_state(s, f, next, str_get(&reason), err);
	if (r == 0 && next == POSTING_COMPLETE)
		r = supersede(s, row, list, n, err);
	posting_row_list_free(list, n);
	return r;
}

/* Everything about one posting, but for its mails' places. */
static int settle_one(const struct settling *s, struct found *f, struct err *err)
{
	struct posting_row *row = &f->row;
	struct posting_facts facts = { .p = f->p,
				       .was = f->fresh ? POSTING_WAITING : row->state };
	struct said said = { json_object_new_array(), json_object_new_array(),
			     json_object_new_array() };
	AUTO_FREE char *refused = NULL;
	struct mail_row *mails;
	bool open;
	size_t n;
	int r;

	facts.over = !f->moved && row->state != POSTING_IGNORED &&
		     (row->state != POSTING_WAITING || s->now >= row->deadline);
	open = posting_is_open(f->p, facts.over);
	r = mail_list_posting(s->db, row->id, !open, &mails, &n, err);
	if (r == 0) {
		posting_take_said(f, mails, n, &said);
		mail_row_list_free(mails, n);
		facts.changed = f->changed;
		refused = posting_choose_source(s, f, &said, open);
		facts.refused = refused;
		if (f->moved || row->deadline < 0)
			row->deadline = s->now + posting_wait(s, row->source);
		r = decide(s, f, &facts, err);
	}
	posting_said_done(&said);
	if (r < 0)
		return -1;
	if (f->moved || row->state != facts.was)
		row->changed = s->now;
	return posting_put(s->db, row, err);
}

/* Can nothing have changed for it? */
static bool is_settled(const struct found *f)
{
	return !f->moved && f->row.state != POSTING_WAITING &&
	       f->row.state != POSTING_IGNORED;
}

/* Newer versions first: then older ones are superseded before they are queued. */
static int newer_first(const void *va, const void *vb)
{
	const struct found *a = *(struct found *const *)va;
	const struct found *b = *(struct found *const *)vb;

	return versions_newer(&a->row, &b->row) ? -1 : versions_newer(&b->row, &a->row);
}

/* The next version of order[k]'s family, and the newest that has come and replaces it. */
static void find_next(struct found *const *order, size_t k,
		      const struct posting_row **ret_next,
		      const struct posting_row **ret_newest)
{
	*ret_next = *ret_newest = NULL;
	for (size_t i = 0; i < k; i++) {
		if (order[i]->p->family != order[k]->p->family ||
		    order[i]->row.state == POSTING_IGNORED)
			continue;
		*ret_next = &order[i]->row;
		if (!*ret_newest && has_come(*ret_next) &&
		    versions_replace(*ret_next, &order[k]->row))
			*ret_newest = *ret_next;
	}
}

/* Was it not superseded yet, or by another one than the newest of them? */
static bool is_news(const struct posting_row *old, const struct posting_row *newest)
{
	AUTO_FREE char *why = newest ? newer_text(newest, old) : NULL;

	return why && old->state != POSTING_DONE &&
	       strcmp(why, old->reason ? old->reason : "") != 0;
}

/*
 * A mail that came late has connected what was recognised by itself: where order[k]
 * is not linked yet from the next version of its family, it is now, and superseded by
 * the newest. order: the newer ones first.
 */
static int settle_family(const struct settling *s, struct found *const *order, size_t k,
			 struct err *err)
{
	struct posting_row *old = &order[k]->row, *list;
	const struct posting_row *next, *newest;
	size_t n;
	int r;

	find_next(order, k, &next, &newest);
	if (old->state == POSTING_IGNORED || !next ||
	    (next->earlier == old->id && !is_news(old, newest)))
		return 0;
	if (find_versions(s, order[k], &list, &n, err) < 0)
		return -1;
	for (size_t i = n; i-- > 0 && newest;)
		if (has_come(&list[i]) && versions_replace(&list[i], newest))
			newest = &list[i];
	r = versions_link(s->db, old, list, n, err);
	if (r == 0 && newest)
		r = supersede(s, newest, old, 1, err);
	posting_row_list_free(list, n);
	return r;
}

static int settle_all(struct settling *s, struct err *err)
{
	struct found **order = mem_alloc0((s->all.n + 1) * sizeof(*order));
	int r = 0;

	for (size_t k = 0; k < s->all.n; k++)
		order[k] = &s->found[k];
	qsort(order, s->all.n, sizeof(*order), newer_first);
	for (size_t k = 0; k < s->all.n && r == 0; k++)
		if (!is_settled(order[k]))
			r = settle_one(s, order[k], err);
	for (size_t k = 0; k < s->all.n && r == 0; k++)
		r = settle_family(s, order, k, err);
	free(order);
	return r;
}

int posting_settle(const struct postings_opts *o, int64_t thread, int64_t now,
		   struct err *err)
{
	struct settling s = { .o = o, .db = o->db, .thread = thread, .now = now };
	int r;

	if (mail_list_thread(s.db, thread, POSTING_THREAD_MAX, &s.lines, &s.n, err) < 0)
		return -1;
	s.t = thread_new(0);
	for (size_t i = 0; i < s.n; i++) {
		const struct mail_line *m = &s.lines[i];

		thread_add(s.t, mail_known(m->message_id, m->parent, m->subject,
					   m->sender, m->date, m->has_diff));
	}
	s.all = posting_recognise(s.t);
	s.found = mem_alloc0((s.all.n + 1) * sizeof(*s.found));
	r = posting_found_store(&s, err) < 0 ? -1 : settle_all(&s, err);
	for (size_t k = 0; k < s.all.n; k++)
		posting_row_done(&s.found[k].row);
	free(s.found);
	recognised_done(&s.all);
	thread_free(s.t);
	mail_line_list_free(s.lines, s.n);
	return r;
}
