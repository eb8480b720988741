#include "web/document.h"

#include <string.h>

#include "lib/str.h"
#include "lib/text.h"
#include "web/cell.h"
#include "web/clean.h"

static void set_opt_num(struct json_object *o, const char *key, double v)
{
	if (v < 0)
		json_set(o, key, NULL);
	else
		json_set_num(o, key, v);
}

/* Absent lists are empty ones: readers need no second case. */
static void set_list(struct json_object *o, const char *key, struct json_object *list)
{
	json_set(o, key, list ? json_clean(list) : json_object_new_array());
}

static void set_sha(struct json_object *o, const char *key, const char *sha)
{
	AUTO_FREE char *text = sha ? str_printf("sha256:%s", sha) : NULL;

	json_set_str(o, key, text);
}

static struct json_object *series_json(const struct series *s)
{
	struct json_object *o = json_object_new_object();

	json_set_int(o, "id", s->id);
	json_set_clean(o, "message_id", s->message_id);
	json_set_clean(o, "subject", s->subject);
	json_set_clean(o, "author", s->author);
	json_set_int(o, "version", s->version);
	json_set_int(o, "patches", s->patches);
	json_set_int(o, "date", s->date);
	json_set_clean(o, "source", s->source);
	json_set_str(o, "state", series_state_str(s->state));
	json_set_clean(o, "reason", s->reason);
	json_set_int(o, "created", s->created);
	json_set_int(o, "updated", s->updated);
	return o;
}

static struct json_object *base_json(const struct series *s)
{
	struct json_object *o = json_object_new_object();

	json_set_clean(o, "tree", s->tree);
	json_set_str(o, "commit", s->base_commit);
	json_set_str(o, "tree_id", s->base_tree);
	json_set_str(o, "how", s->base_how);
	set_list(o, "tried", s->base_tried);
	return o;
}

static struct json_object *build_json(const struct series_view *v,
				      const struct step_build *sb)
{
	const struct build *b = view_build(v, sb->build_id);
	struct json_object *o = json_object_new_object();

	json_set_opt_int(o, "build", sb->build_id);
	json_set_clean(o, "config", sb->config);
	json_set_clean(o, "arch", sb->arch);
	json_set_str(o, "status", build_status_str(sb->status));
	json_set_clean(o, "reason", b && b->reason ? b->reason : sb->reason);
	set_opt_num(o, "seconds", b ? b->seconds : DB_NO_REAL);
	set_opt_num(o, "cpu_seconds", b ? b->cpu_seconds : DB_NO_REAL);
	json_set_bool(o, "reused", sb->reused);
	set_sha(o, "image", b ? b->image : NULL);
	json_set(o, "error", b ? json_clean(b->error) : NULL);
	set_list(o, "new_warnings", sb->new_warnings);
	set_list(o, "not_built", sb->not_built);
	return o;
}

/* known: step_boot.known. */
static struct json_object *test_json(const struct result *r, struct json_object *known)
{
	struct json_object *o = json_object_new_object();

	json_set_clean(o, "test", r->test);
	json_set_str(o, "result", test_result_str(r->result));
	json_set_clean(o, "reason", r->reason);
	json_set_clean(o, "known",
		       result_is_bad(r->result) ? boot_known_reason(known, r->test) :
						  NULL);
	set_opt_num(o, "seconds", r->seconds);
	set_list(o, "subtests", r->subtests);
	json_set(o, "data", r->data ? json_clean(r->data) : json_object_new_object());
	set_list(o, "splats", r->splats);
	json_set_opt_int(o, "console_from", r->console_from);
	json_set_opt_int(o, "console_to", r->console_to);
	return o;
}

static struct json_object *tests_json(const struct result *r, size_t n,
				      struct json_object *known)
{
	struct json_object *a = json_object_new_array();

	for (size_t i = 0; i < n; i++)
		json_object_array_add(a, test_json(&r[i], known));
	return a;
}

static void boot_fields(struct json_object *o, const struct boot *b)
{
	json_set_str(o, "status", boot_status_str(b->status));
	json_set_clean(o, "phase", b->phase);
	json_set_clean(o, "reason", b->reason);
	json_set_num(o, "seconds", b->seconds);
	set_opt_num(o, "boot_seconds", b->boot_seconds);
	json_set_str(o, "accel", b->accel);
	json_set_bool(o, "alone", b->alone);
	set_list(o, "splats", b->splats);
	set_list(o, "console_tail", b->console_tail);
}

static struct json_object *boot_json(const struct series_view *v,
				     const struct step_boot *sb)
{
	const struct boot *b = view_boot(v, sb->boot_id);
	struct json_object *o = json_object_new_object();
	const struct result *r;
	size_t n = 0;

	json_set_opt_int(o, "run", sb->boot_id);
	json_set_clean(o, "config", sb->config);
	json_set_clean(o, "arch", sb->arch);
	json_set_clean(o, "topology", sb->topology);
	json_set_int(o, "n", sb->n);
	json_set_str(o, "role", boot_role_str(sb->role));
	json_set_bool(o, "reused", sb->reused);
	if (b) {
		boot_fields(o, b);
	} else {
		json_set_str(o, "status", boot_status_str(BOOT_SKIPPED));
		json_set_clean(o, "reason", sb->reason);
		json_set(o, "seconds", NULL);
	}
	r = view_results(v, sb->boot_id, &n);
	json_set(o, "tests", tests_json(r, n, sb->known));
	return o;
}

static struct json_object *step_json(const struct series_view *v, const struct step *s)
{
	struct json_object *o = json_object_new_object();
	struct json_object *builds = json_object_new_array();
	struct json_object *boots = json_object_new_array();

	json_set_int(o, "step", s->step);
	json_set_clean(o, "subject", s->subject);
	json_set_clean(o, "author", s->author);
	json_set_clean(o, "message_id", s->message_id);
	json_set_str(o, "apply", step_apply_str(s->apply));
	json_set_clean(o, "reason", s->reason);
	json_set_clean(o, "file", s->file);
	json_set_clean(o, "hunk", s->hunk);
	json_set_str(o, "commit", s->commit_id);
	json_set_str(o, "tree", s->tree);
	set_list(o, "files", s->files);
	for (size_t i = 0; i < v->nstep_builds; i++)
		if (v->step_builds[i].step == s->step)
			json_object_array_add(builds, build_json(v, &v->step_builds[i]));
	for (size_t i = 0; i < v->nstep_boots; i++)
		if (v->step_boots[i].step == s->step)
			json_object_array_add(boots, boot_json(v, &v->step_boots[i]));
	json_set(o, "builds", builds);
	json_set(o, "boots", boots);
	return o;
}

/* Of a test that fails on the base already: what a bisection found. */
static struct json_object *since_json(const struct bisection *b)
{
	struct json_object *o;

	if (!b)
		return NULL;
	o = json_object_new_object();
	json_set_int(o, "bisection", b->id);
	json_set_str(o, "base", b->bad);
	json_set(o, "commits", json_clean(json_arr(b->outcome, "commits")));
	return o;
}

static struct json_object *verdict_json(const struct series_view *v,
					const struct verdict *d)
{
	struct json_object *o = json_object_new_object();

	json_set_str(o, "kind", verdict_kind_str(d->kind));
	json_set_clean(o, "config", d->config);
	json_set_clean(o, "topology", d->topology);
	json_set_clean(o, "test", d->test);
	json_set_str(o, "verdict", verdict_word_str(d->verdict));
	json_set_opt_int(o, "from", d->from_step);
	json_set_opt_int(o, "until", d->until_step);
	json_set(o, "candidates", json_clean(d->candidates));
	json_set(o, "repairs", json_clean(d->repairs));
	json_set_opt_int(o, "runs", d->runs);
	json_set_opt_int(o, "failures", d->failures);
	set_opt_num(o, "probability", d->probability);
	json_set(o, "odds", json_clean(d->odds));
	json_set_clean(o, "reason", d->reason);
	json_set(o, "evidence", json_clean(d->evidence));
	json_set_opt_int(o, "run", d->boot_id);
	json_set(o, "since", since_json(view_bisection(v, d)));
	return o;
}

struct json_object *document_of_view(const struct series_view *v)
{
	struct json_object *o = json_object_new_object();
	struct json_object *steps = json_object_new_array();
	struct json_object *verdicts = json_object_new_array();

	json_set_str(o, "schema", "sluice/1");
	json_set(o, "series", series_json(&v->series));
	json_set(o, "base", base_json(&v->series));
	for (size_t i = 0; i < v->nsteps; i++)
		json_object_array_add(steps, step_json(v, &v->steps[i]));
	json_set(o, "steps", steps);
	for (size_t i = 0; i < v->nverdicts; i++)
		json_object_array_add(verdicts, verdict_json(v, &v->verdicts[i]));
	json_set(o, "verdicts", verdicts);
	set_list(o, "trailers", v->series.trailers);
	json_set_clean(o, "cover", v->series.cover);
	return o;
}

int document_series(struct db *db, int64_t id, struct json_object **ret, struct err *err)
{
	AUTO(series_view_done) struct series_view v = { .nsteps = 0 };
	int r = series_view_load(db, id, &v, err);

	if (r == 1)
		*ret = document_of_view(&v);
	return r;
}

static void run_fields(struct json_object *o, const struct boot *b)
{
	json_set_str(o, "schema", "sluice/1");
	json_set_int(o, "run", b->id);
	json_set_clean(o, "config", b->config);
	json_set_clean(o, "arch", b->arch);
	json_set_clean(o, "topology", b->topology);
	boot_fields(o, b);
	json_set_clean(o, "topology_text", b->topology_text);
	set_sha(o, "image", b->image);
	set_sha(o, "initramfs", b->initramfs);
	set_sha(o, "console", b->console);
	json_set_clean(o, "cmdline", b->cmdline);
	json_set_clean(o, "qemu_version", b->qemu_version);
	set_list(o, "argv", b->argv);
	set_list(o, "plan", b->plan);
	json_set_int(o, "started", b->started);
	json_set_int(o, "finished", b->finished);
}

static struct json_object *used_json(const struct used_by *u, size_t n)
{
	struct json_object *a = json_object_new_array();

	for (size_t i = 0; i < n; i++) {
		struct json_object *o = json_object_new_object();

		json_set_int(o, "series", u[i].series_id);
		json_set_int(o, "step", u[i].step);
		json_set_bool(o, "reused", u[i].reused);
		json_object_array_add(a, o);
	}
	return a;
}

int document_run(struct db *db, int64_t run, struct json_object **ret, struct err *err)
{
	AUTO(boot_done) struct boot b = { .id = 0 };
	struct result *results = NULL;
	struct used_by *used = NULL;
	AUTO_JSON struct json_object *known = NULL;
	size_t nresults = 0, nused = 0;
	int r = boot_find(db, run, &b, err);

	if (r == 1 && (boot_known(db, run, &known, err) < 0 ||
		       result_list(db, run, &results, &nresults, err) < 0 ||
		       boot_used_by(db, run, &used, &nused, err) < 0))
		r = -1;
	if (r == 1) {
		*ret = json_object_new_object();
		run_fields(*ret, &b);
		json_set(*ret, "tests", tests_json(results, nresults, known));
		json_set(*ret, "used_by", used_json(used, nused));
	}
	result_list_free(results, nresults);
	used_by_list_free(used, nused);
	return r;
}

static struct json_object *line_json(const struct series_line *l)
{
	struct json_object *o = series_json(&l->s);
	struct json_object *sums = json_object_new_object();

	json_set_clean(o, "tree", l->s.tree);
	for (int i = 0; i < VERDICT_WORDS; i++)
		json_set_int(sums, verdict_word_str((enum verdict_word)i),
			     l->verdicts[i]);
	json_set(o, "verdicts", sums);
	json_set_int(o, "warnings", l->warnings);
	return o;
}

int document_series_list(struct db *db, int64_t page, struct json_object **ret,
			 struct err *err)
{
	struct json_object *a = json_object_new_array();
	struct series_line *l;
	int64_t total;
	size_t n;

	if (series_list(db, DOCUMENT_PAGE, (page - 1) * DOCUMENT_PAGE, &l, &n, &total,
			err) < 0) {
		json_object_put(a);
		return -1;
	}
	for (size_t i = 0; i < n; i++)
		json_object_array_add(a, line_json(&l[i]));
	series_line_list_free(l, n);
	*ret = json_object_new_object();
	json_set_str(*ret, "schema", "sluice/1");
	json_set_int(*ret, "page", page);
	json_set_int(*ret, "per_page", DOCUMENT_PAGE);
	json_set_int(*ret, "total", total);
	json_set(*ret, "series", a);
	return 1;
}
