#include "daemon/posting_found.h"

#include <string.h>

#include "daemon/posting_versions.h"
#include "lib/text.h"

enum { SUBJECT_MAX = 500 };

/* ---- which row is which posting's ---- */

int posting_cancel(const struct settling *s, const struct posting_row *row,
		   const char *why, bool *ret_cancelled, struct err *err)
{
	*ret_cancelled = false;
	if (row->state != POSTING_QUEUED || row->job < 0 || !s->o->on_cancel)
		return 0;
	return s->o->on_cancel(row->job, why, s->o->arg, ret_cancelled, err);
}

/* A row whose mails turned out to belong to other postings. */
static int drop_row(const struct settling *s, struct posting_row *row, struct err *err)
{
	static const char why[] = "its mails belong to another posting";
	bool cancelled;

	if (row->job < 0)
		return posting_delete(s->db, row->id, err);
	if (posting_cancel(s, row, why, &cancelled, err) < 0)
		return -1;
	return posting_set_state(s->db, row->id, POSTING_SUPERSEDED, why, s->now, err);
}

/* How many mails are in a posting now, and were in a row. */
struct vote {
	size_t posting;
	int64_t row;
	size_t mails;
};

static int by_posting_and_row(const void *va, const void *vb)
{
	const struct vote *a = va, *b = vb;

	if (a->posting != b->posting)
		return a->posting < b->posting ? -1 : 1;
	return a->row < b->row ? -1 : a->row > b->row;
}

static int most_first(const void *va, const void *vb)
{
	const struct vote *a = va, *b = vb;

	if (a->mails != b->mails)
		return a->mails > b->mails ? -1 : 1;
	return by_posting_and_row(a, b);
}

static int by_id(const void *key, const void *row)
{
	int64_t a = *(const int64_t *)key, b = ((const struct posting_row *)row)->id;

	return a < b ? -1 : a > b;
}

/* All pairs that have mails in common, those with most of them first. */
static struct vote *count_votes(const struct settling *s, size_t *ret_n)
{
	struct vote *votes = mem_alloc0((s->n + 1) * sizeof(*votes));
	size_t count = 0, n = 0;

	for (size_t i = 0; i < s->n; i++)
		if (s->all.mails[i].posting != POSTING_NONE && s->lines[i].posting >= 0)
			votes[count++] = (struct vote){ s->all.mails[i].posting,
							s->lines[i].posting, 1 };
	qsort(votes, count, sizeof(*votes), by_posting_and_row);
	for (size_t i = 0; i < count; i++) {
		if (n && !by_posting_and_row(&votes[n - 1], &votes[i]))
			votes[n - 1].mails++;
		else
			votes[n++] = votes[i];
	}
	qsort(votes, n, sizeof(*votes), most_first);
	*ret_n = n;
	return votes;
}

/* A row stays with the posting that has most of its mails; rows are sorted by id. */
static void take_rows(struct settling *s, struct posting_row *rows, bool *taken, size_t n)
{
	size_t count;
	struct vote *votes = count_votes(s, &count);

	for (size_t i = 0; i < count; i++) {
		struct found *f = &s->found[votes[i].posting];
		struct posting_row *row =
			bsearch(&votes[i].row, rows, n, sizeof(*rows), by_id);

		if (!f->fresh || !row || taken[row - rows])
			continue;
		taken[row - rows] = true;
		f->row = *row;
		f->fresh = false;
	}
	free(votes);
}

static int match_rows(struct settling *s, struct err *err)
{
	struct posting_row *rows;
	bool *taken;
	size_t n;
	int r = 0;

	if (posting_list_thread(s->db, s->thread, &rows, &n, err) < 0)
		return -1;
	taken = mem_alloc0(n + 1);
	for (size_t k = 0; k < s->all.n; k++) {
		s->found[k].p = &s->all.list[k];
		s->found[k].fresh = true;
	}
	if (n)
		take_rows(s, rows, taken, n);
	for (size_t i = 0; i < n; i++) {
		if (taken[i]) /* the posting has it now */
			continue;
		if (r == 0)
			r = drop_row(s, &rows[i], err);
		/* A deleted one is nobody's earlier version any more. */
		for (size_t k = 0; k < s->all.n && rows[i].job < 0; k++)
			if (s->found[k].row.earlier == rows[i].id)
				s->found[k].row.earlier = DB_NO_INT;
		posting_row_done(&rows[i]);
	}
	free(taken);
	free(rows);
	return r;
}

/* ---- what the row says ---- */

void posting_set_text(char **field, const char *text)
{
	char *copy = str_dup(text);

	free(*field);
	*field = copy;
}

/* RFC and RESEND may be there in one version and not in the next. */
static char *prefix_of(const char *subject)
{
	AUTO(str_done) struct str all = STR_INIT;
	struct str out = STR_INIT;
	char **words;

	tags_prefix(subject, &all);
	words = strv_split(str_get(&all), " ");
	for (size_t i = 0; words[i]; i++) {
		AUTO_FREE char *tag = str_printf("[%s]", words[i]);
		struct tags tags;

		tags_read(tag, &tags);
		if (!tags.rfc && !tags.resend)
			str_addf(&out, "%s%s", out.len ? " " : "", words[i]);
	}
	strv_free(words);
	return str_take(&out);
}

static void fill_row(const struct settling *s, struct found *f)
{
	const struct posting *p = f->p;
	struct posting_row *row = &f->row;

	if (f->fresh)
		*row = (struct posting_row){
			.seen = s->now,
			.deadline = DB_NO_INT,
			.earlier = DB_NO_INT,
			.job = DB_NO_INT,
			.author = str_dup(""),
			.source = str_dup(""),
			.lists = json_object_new_array(),
		};
	row->thread = s->thread;
	row->rfc = p->rfc;
	row->resend = p->resend;
	row->version = p->s.version;
	row->total = p->s.total;
	row->have = p->have;
	row->refilled = p->s.refilled;
	row->posted = p->date;
	posting_set_text(&row->message_id, p->m->message_id);
	posting_set_text(&row->kind, posting_kind_str(p->kind));
	posting_set_text(&row->missing, p->missing);
	free(row->subject);
	free(row->prefix);
	free(row->title);
	row->subject = text_clean_line(p->m->subject, SUBJECT_MAX);
	row->prefix = prefix_of(p->m->subject);
	row->title = versions_title(row->subject);
	posting_set_text(&row->sender, p->m->sender);
}

/* Mails point to their posting; and what moved is noted. */
static int place_mails(struct settling *s, struct err *err)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct posting_mail *m = &s->all.mails[i];
		const struct mail_line *line = &s->lines[i];
		struct found *f = m->posting == POSTING_NONE ? NULL :
							       &s->found[m->posting];
		int64_t posting = f ? f->row.id : DB_NO_INT;
		const char *what = mail_what_str(m->what);

		if (line->posting == posting && line->number == m->number &&
		    !strcmp(line->what, what))
			continue;
		for (size_t k = 0; k < s->all.n; k++) {
			struct found *g = &s->found[k];

			if (g != f && g->row.id != line->posting)
				continue;
			g->moved = true;
			g->changed |= m->what == MAIL_PATCH ||
				      !strcmp(line->what, "patch");
		}
		if (mail_set_place(s->db, line->id, what, posting, m->number, err) < 0)
			return -1;
	}
	return 0;
}

int posting_found_store(struct settling *s, struct err *err)
{
	if (match_rows(s, err) < 0)
		return -1;
	for (size_t k = 0; k < s->all.n; k++) {
		struct found *f = &s->found[k];

		fill_row(s, f);
		f->moved = f->fresh;
		/* For its id; what is in it is written when it is decided. */
		if (f->fresh && posting_put(s->db, &f->row, err) < 0)
			return -1;
	}
	return place_mails(s, err);
}
