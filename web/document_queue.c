#include "web/document_queue.h"

#include "web/clean.h"

/* ---- jobs ---- */

static struct json_object *job_json(const struct queue_job *j)
{
	struct json_object *o = json_object_new_object();

	json_set_int(o, "job", j->id);
	json_set_str(o, "kind", queue_kind_str(j->kind));
	json_set_str(o, "class", queue_class_str(j->class));
	json_set_str(o, "state", queue_state_str(j->state));
	json_set_clean(o, "list", j->list);
	json_set_clean(o, "sender", j->sender);
	json_set_clean(o, "subject", j->subject);
	json_set_clean(o, "tree", j->tree);
	json_set_int(o, "version", j->version);
	json_set_int(o, "posted", j->posted);
	json_set_int(o, "crashes", j->crashes);
	json_set_int(o, "interrupted", j->interrupted);
	json_set_int(o, "retries", j->retries);
	json_set_clean(o, "reason", j->reason);
	json_set_opt_int(o, "posting", j->posting_id);
	json_set_opt_int(o, "series", j->series_id);
	json_set_opt_int(o, "bisection",
			 j->bisection_id > 0 ? j->bisection_id : DB_NO_INT);
	json_set_opt_int(o, "exit", j->exit);
	json_set_opt_int(o, "started", j->started);
	json_set_opt_int(o, "finished", j->finished);
	return o;
}

/* Times, not seconds to go: what has not changed is the same text. */
static void set_when(struct json_object *o, const char *key, int64_t now, double s)
{
	json_set_opt_int(o, key, s < 0 ? DB_NO_INT : (now + (int64_t)s) / 60 * 60);
}

static struct json_object *jobs_json(const struct queue_job *list, size_t n)
{
	struct json_object *a = json_object_new_array();

	for (size_t i = 0; i < n; i++)
		json_object_array_add(a, job_json(&list[i]));
	return a;
}

static struct json_object *running_json(const struct jobs_view *v)
{
	struct json_object *a = json_object_new_array();

	for (size_t i = 0; i < v->nrunning; i++) {
		const struct job_running *r = &v->running[i];
		struct json_object *o = job_json(&r->job);

		json_set_bool(o, "lost", r->lost);
		json_set_int(o, "steps", (long long)r->view.nsteps);
		json_set_int(o, "built", (long long)r->nbuilt);
		json_set_int(o, "boots", (long long)r->nboots);
		set_when(o, "ends", v->now, r->rest_s);
		json_object_array_add(a, o);
	}
	return a;
}

static struct json_object *queued_json(const struct jobs_view *v)
{
	struct json_object *a = json_object_new_array();

	for (size_t i = 0; i < v->nqueued; i++) {
		struct json_object *o = job_json(&v->queued[i]);

		set_when(o, "starts", v->now, v->starts_s[i]);
		json_object_array_add(a, o);
	}
	return a;
}

struct json_object *document_queue(const struct jobs_view *v)
{
	struct json_object *o = json_object_new_object();
	struct json_object *counts = json_object_new_object();

	json_set_str(o, "schema", "sluice/jobs/1");
	json_set_str(o, "paused", v->paused ? v->paused : "no");
	for (int i = 0; i <= QUEUE_APART; i++)
		json_set_int(counts, queue_state_str((enum queue_state)i), v->counts[i]);
	json_set(o, "counts", counts);
	json_set(o, "running", running_json(v));
	json_set(o, "queued", queued_json(v));
	json_set_bool(o, "ordered", v->ordered);
	json_set(o, "apart", jobs_json(v->apart, v->napart));
	json_set(o, "over", jobs_json(v->over, v->nover));
	set_when(o, "done", v->now, v->done_s);
	return o;
}

/* ---- sources ---- */

static struct json_object *sources_json(const struct sources_view *v)
{
	struct json_object *a = json_object_new_array();

	for (size_t i = 0; i < v->nsources; i++) {
		const struct source_state *s = &v->sources[i];
		struct json_object *one = json_object_new_object();

		json_set_clean(one, "name", s->name);
		json_set_clean(one, "kind", s->kind);
		json_set_clean(one, "location", s->location);
		json_set_opt_int(one, "polled", s->polled);
		json_set_opt_int(one, "succeeded", s->succeeded);
		json_set_int(one, "next", s->next);
		json_set_int(one, "mails", s->mails);
		json_set_int(one, "failures", s->failures);
		json_set_clean(one, "error", s->error);
		json_object_array_add(a, one);
	}
	return a;
}

static struct json_object *trees_json(const struct sources_view *v)
{
	struct json_object *a = json_object_new_array();

	for (size_t i = 0; i < v->ntrees; i++) {
		const struct tree_line *l = &v->trees[i];
		struct json_object *one = json_object_new_object();

		json_set_clean(one, "name", l->f.name);
		json_set_clean(one, "location", l->f.location);
		json_set_str(one, "head", l->f.head);
		json_set_opt_int(one, "tried", l->f.tried);
		json_set_opt_int(one, "succeeded", l->f.succeeded);
		json_set_int(one, "next", l->f.next);
		json_set_int(one, "failures", l->f.failures);
		json_set_clean(one, "error", l->f.error);
		json_set_opt_int(one, "job", l->job.id > 0 ? l->job.id : DB_NO_INT);
		json_set_str(one, "job_state",
			     l->job.id > 0 ? queue_state_str(l->job.state) : NULL);
		json_set_opt_int(one, "series",
				 l->series.s.id > 0 ? l->series.s.id : DB_NO_INT);
		json_object_array_add(a, one);
	}
	return a;
}

struct json_object *document_sources(const struct sources_view *v)
{
	struct json_object *o = json_object_new_object();

	json_set_str(o, "schema", "sluice/sources/1");
	json_set(o, "sources", sources_json(v));
	json_set(o, "trees", trees_json(v));
	return o;
}

/* ---- postings ---- */

static struct json_object *line_json(const struct posting_line *l)
{
	const struct posting_row *p = &l->p;
	struct json_object *o = json_object_new_object();

	json_set_int(o, "posting", p->id);
	json_set_clean(o, "message_id", p->message_id);
	json_set_clean(o, "kind", p->kind);
	json_set_bool(o, "rfc", p->rfc);
	json_set_bool(o, "resend", p->resend);
	json_set_clean(o, "subject", p->subject);
	json_set_clean(o, "author", p->author);
	json_set_clean(o, "sender", p->sender);
	json_set_clean(o, "source", p->source);
	json_set(o, "lists", json_clean(p->lists));
	json_set_int(o, "version", p->version);
	json_set_int(o, "total", p->total);
	json_set_int(o, "have", p->have);
	json_set_clean(o, "missing", p->missing);
	json_set_str(o, "state", posting_state_str(p->state));
	json_set_clean(o, "reason", p->reason);
	json_set_int(o, "posted", p->posted);
	json_set_int(o, "changed", p->changed);
	json_set_opt_int(o, "deadline", p->deadline);
	json_set_opt_int(o, "earlier", p->earlier);
	json_set_opt_int(o, "job", p->job);
	json_set_str(o, "job_state",
		     l->job.id > 0 ? queue_state_str(l->job.state) : NULL);
	json_set_opt_int(o, "series", l->series.s.id > 0 ? l->series.s.id : DB_NO_INT);
	return o;
}

static struct json_object *lines_json(const struct posting_line *list, size_t n)
{
	struct json_object *a = json_object_new_array();

	for (size_t i = 0; i < n; i++)
		json_object_array_add(a, line_json(&list[i]));
	return a;
}

struct json_object *document_postings(const struct postings_view *v, int64_t page)
{
	struct json_object *o = json_object_new_object();
	struct json_object *counts = json_object_new_object();

	json_set_str(o, "schema", "sluice/postings/1");
	json_set_int(o, "page", page);
	json_set_int(o, "per_page", POSTINGS_PAGE);
	json_set_int(o, "total", v->total);
	for (int i = 0; i <= POSTING_IGNORED; i++)
		json_set_int(counts, posting_state_str((enum posting_state)i),
			     v->counts[i]);
	json_set(o, "counts", counts);
	json_set(o, "postings", lines_json(v->list, v->n));
	return o;
}

static struct json_object *mail_json(const struct mail_row *m)
{
	struct json_object *o = json_object_new_object();

	json_set_clean(o, "message_id", m->message_id);
	json_set_int(o, "number", m->number);
	json_set_clean(o, "subject", m->subject);
	json_set_clean(o, "author", m->author);
	json_set_clean(o, "what", m->what);
	json_set_opt_int(o, "date", m->date > 0 ? m->date : DB_NO_INT);
	return o;
}

struct json_object *document_posting(const struct posting_full *v)
{
	struct json_object *o = json_object_new_object();
	struct json_object *mails = json_object_new_array();

	for (size_t i = 0; i < v->nmails; i++)
		json_object_array_add(mails, mail_json(&v->mails[i]));
	json_set_str(o, "schema", "sluice/posting/1");
	json_set(o, "posting", line_json(&v->line));
	json_set(o, "mails", mails);
	json_set(o, "versions", lines_json(v->versions, v->nversions));
	return o;
}

static void set_number(struct json_object *o, const char *key, const struct patch_text *t)
{
	json_set_opt_int(o, key, t ? t->n : DB_NO_INT);
}

struct json_object *document_changes(const struct changes_view *v)
{
	struct json_object *o = json_object_new_object();
	struct json_object *a = json_object_new_array();

	for (size_t i = 0; i < v->npairs; i++) {
		const struct patch_pair *p = &v->pairs[i];
		struct json_object *one = json_object_new_object();

		set_number(one, "old", p->old);
		set_number(one, "new", p->new);
		json_set_clean(one, "subject", (p->new ? p->new : p->old)->subject);
		json_set_str(one, "change", patch_change_str(p->change));
		json_set_bool(one, "moved", p->moved);
		json_object_array_add(a, one);
	}
	json_set_str(o, "schema", "sluice/changes/1");
	json_set(o, "old", line_json(v->old));
	json_set(o, "new", line_json(v->new));
	json_set(o, "patches", a);
	return o;
}
