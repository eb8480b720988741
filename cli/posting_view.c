#include "cli/posting_view.h"

#include <time.h>

#include "cli/progress.h"
#include "lib/text.h"

#define INDENT 3
#define STATE_WIDTH 12
#define WHEN_WIDTH 16
#define WHO_WIDTH 26

void posting_view_done(struct posting_view *v)
{
	posting_row_list_free(v->waiting, v->nwaiting);
	posting_row_list_free(v->incomplete, v->nincomplete);
	*v = (struct posting_view){ .waiting = NULL };
}

int posting_view_load(struct db *db, int64_t max, struct posting_view *ret,
		      struct err *err)
{
	static const enum posting_state waiting = POSTING_WAITING,
					incomplete = POSTING_INCOMPLETE;
	AUTO_TX struct tx tx = TX_INIT;
	struct posting_view v = { .waiting = NULL };

	if (db_begin(db, &tx, err) < 0 ||
	    posting_list(db, &waiting, max, 0, &v.waiting, &v.nwaiting, &v.waiting_all,
			 err) < 0 ||
	    posting_list(db, &incomplete, max, 0, &v.incomplete, &v.nincomplete,
			 &v.incomplete_all, err) < 0 ||
	    db_commit(&tx, err) < 0) {
		posting_view_done(&v);
		return -1;
	}
	*ret = v;
	return 0;
}

/* ---- text ---- */

static char *when_text(const struct posting_row *p)
{
	int64_t now = (int64_t)time(NULL);
	bool waits = p->state == POSTING_WAITING;
	int64_t s = waits ? p->deadline - now : now - p->changed;
	AUTO_FREE char *time_text = progress_time((double)(s > 0 ? s : 0));

	return str_printf(waits ? "%s more" : "%s ago", time_text);
}

static char *what_text(const struct posting_row *p)
{
	AUTO_FREE char *lacks =
		*p->missing ?
			str_printf("lacks %s of %lld", p->missing, (long long)p->total) :
			str_dup(p->reason ? p->reason : "may get more patches");
	AUTO_FREE char *all = str_printf("%s: %s", lacks, p->subject);

	return text_clean_line(all, 0);
}

static void print_one(const struct posting_row *p, struct term *t)
{
	AUTO_FREE char *when = when_text(p);
	AUTO_FREE char *who = text_clean_line(p->sender, 0);
	AUTO_FREE char *cut = term_cut(who, WHO_WIDTH - 2);
	AUTO_FREE char *what = what_text(p);
	int used = INDENT + STATE_WIDTH + WHEN_WIDTH + WHO_WIDTH;
	AUTO_FREE char *rest = t->tty ? term_cut(what, t->width - used) : str_dup(what);

	fprintf(t->out, "%*s", INDENT, "");
	term_put(t, p->state == POSTING_WAITING ? TERM_PLAIN : TERM_OURS,
		 posting_state_str(p->state), STATE_WIDTH);
	term_put(t, TERM_DIM, when, WHEN_WIDTH);
	term_put(t, TERM_PLAIN, cut, WHO_WIDTH);
	term_put(t, TERM_PLAIN, rest, 0);
	fputc('\n', t->out);
}

static void print_list(const struct posting_row *list, size_t n, int64_t all,
		       struct term *t)
{
	for (size_t i = 0; i < n; i++)
		print_one(&list[i], t);
	if (all > (int64_t)n)
		fprintf(t->out, "%*sand %lld more\n", INDENT, "",
			(long long)(all - (int64_t)n));
}

void posting_view_print(const struct posting_view *v, struct term *t)
{
	print_list(v->waiting, v->nwaiting, v->waiting_all, t);
	print_list(v->incomplete, v->nincomplete, v->incomplete_all, t);
}

void posting_view_print_counts(const struct posting_view *v, struct term *t)
{
	fprintf(t->out, "%lld series wait for parts, %lld are incomplete\n",
		(long long)v->waiting_all, (long long)v->incomplete_all);
}

/* ---- JSON ---- */

static void add_json(struct json_object *a, const struct posting_row *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct posting_row *p = &list[i];
		struct json_object *o = json_object_new_object();

		json_set_str(o, "message_id", p->message_id);
		json_set_str(o, "subject", p->subject);
		json_set_str(o, "sender", p->sender);
		json_set_str(o, "source", p->source);
		json_set_int(o, "version", p->version);
		json_set_int(o, "total", p->total);
		json_set_int(o, "have", p->have);
		json_set_str(o, "missing", p->missing);
		json_set_str(o, "state", posting_state_str(p->state));
		json_set_str(o, "reason", p->reason);
		json_set_int(o, "posted", p->posted);
		if (p->deadline >= 0)
			json_set_int(o, "deadline", p->deadline);
		json_object_array_add(a, o);
	}
}

struct json_object *posting_view_json(const struct posting_view *v)
{
	struct json_object *o = json_object_new_object();
	struct json_object *list = json_object_new_array();

	json_set_int(o, "waiting", v->waiting_all);
	json_set_int(o, "incomplete", v->incomplete_all);
	add_json(list, v->waiting, v->nwaiting);
	add_json(list, v->incomplete, v->nincomplete);
	json_set(o, "list", list);
	return o;
}
