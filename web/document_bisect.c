#include "web/document_bisect.h"

#include "lib/cleanup.h"
#include "lib/str.h"
#include "web/clean.h"

#define SHOWN 100

void bisect_view_done(struct bisect_view *v)
{
	bisection_list_free(v->list, v->n);
	bisection_steps_free(v->steps, v->nsteps);
	json_object_put(v->belief);
}

static int load_one(struct db *db, int64_t id, struct bisect_view *v, struct err *err)
{
	int r;

	v->list = mem_alloc0(sizeof(*v->list));
	r = bisection_find(db, id, v->list, err);
	v->n = r > 0;
	if (r <= 0)
		return r;
	if (bisection_steps(db, id, &v->steps, &v->nsteps, err) < 0)
		return -1;
	return bisection_belief(db, id, &v->belief, err);
}

int bisect_view_load(struct db *db, int64_t id, struct bisect_view *v, struct err *err)
{
	AUTO_TX struct tx tx = TX_INIT;
	int r;

	if (db_begin(db, &tx, err) < 0)
		return -1;
	if (id)
		r = load_one(db, id, v, err);
	else
		r = bisection_list(db, SHOWN, &v->list, &v->n, err) < 0 ? -1 : 1;
	if (r >= 0 && db_commit(&tx, err) < 0)
		r = -1;
	return r;
}

static struct json_object *one_json(const struct bisection *b)
{
	struct json_object *o = json_object_new_object();

	json_set_int(o, "bisection", b->id);
	json_set_str(o, "state", bisection_state(b));
	json_set_clean(o, "tree", b->tree);
	json_set_str(o, "good", b->good);
	json_set_str(o, "bad", b->bad);
	json_set_clean(o, "config", b->config);
	json_set_clean(o, "arch", b->arch);
	json_set_clean(o, "topology", b->topology);
	json_set_str(o, "accel", b->accel);
	json_set_clean(o, "test", b->test);
	json_set_bool(o, "automatic", b->wanted);
	json_set_int(o, "created", b->created);
	json_set_opt_int(o, "ended", b->ended);
	json_set_opt_int(o, "job", b->job);
	/* Of a job that ended well, or of one before it, it would only mislead. */
	json_set_clean(o, "reason", b->outcome ? NULL : b->job_reason);
	json_set(o, "outcome", json_clean(b->outcome));
	return o;
}

static struct json_object *steps_json(const struct bisect_view *v)
{
	struct json_object *a = json_object_new_array();

	for (size_t i = 0; i < v->nsteps; i++) {
		const struct bisection_step *s = &v->steps[i];
		struct json_object *o = json_object_new_object();

		json_set_str(o, "commit", s->commit_id);
		json_set_str(o, "why", s->why);
		json_set_num(o, "gain", s->gain);
		json_set_int(o, "runs", s->runs);
		json_set_int(o, "failures", s->failures);
		json_set_str(o, "likeliest", s->likeliest);
		json_set_num(o, "likeliest_p", s->likeliest_p);
		json_set_int(o, "decided", s->decided);
		json_object_array_add(a, o);
	}
	return a;
}

/* Of what was known at the last decision, the key; null where none was made. */
static void set_known(struct json_object *o, const struct bisect_view *v, const char *key)
{
	struct json_object *known = NULL;

	json_object_object_get_ex(v->belief, key, &known);
	json_set(o, key, json_clean(known));
}

static void set_known_list(struct json_object *o, const struct bisect_view *v,
			   const char *key)
{
	struct json_object *known = json_arr(v->belief, key);

	json_set(o, key, known ? json_clean(known) : json_object_new_array());
}

int document_bisection(struct db *db, int64_t id, struct json_object **ret,
		       struct err *err)
{
	AUTO(bisect_view_done) struct bisect_view v = { .n = 0 };
	int r = bisect_view_load(db, id, &v, err);
	struct json_object *o;

	if (r <= 0)
		return r;
	o = json_object_new_object();
	json_set_str(o, "schema", "sluice/bisection/1");
	json_set(o, "bisection", one_json(v.list));
	set_known(o, &v, "range");
	set_known(o, &v, "looked_at");
	set_known_list(o, &v, "commits");
	set_known_list(o, &v, "likely");
	set_known(o, &v, "p_good_is_bad");
	set_known(o, &v, "p_never_bad");
	json_set(o, "steps", steps_json(&v));
	*ret = o;
	return 1;
}

int document_bisections(struct db *db, struct json_object **ret, struct err *err)
{
	AUTO(bisect_view_done) struct bisect_view v = { .n = 0 };
	struct json_object *a;

	if (bisect_view_load(db, 0, &v, err) < 0)
		return -1;
	a = json_object_new_array();
	for (size_t i = 0; i < v.n; i++)
		json_object_array_add(a, one_json(&v.list[i]));
	*ret = json_object_new_object();
	json_set_str(*ret, "schema", "sluice/bisections/1");
	json_set(*ret, "bisections", a);
	return 1;
}
