#include "daemon/verdict_list.h"

#include "lib/str.h"

struct verdict *verdict_add(struct verdict_list *l, enum verdict_kind kind,
			    const char *config, const char *topology, const char *test)
{
	struct verdict *v;

	l->v = mem_realloc(l->v, l->n + 1, sizeof(*l->v));
	v = &l->v[l->n++];
	*v = (struct verdict)VERDICT_INIT;
	v->kind = kind;
	v->config = str_dup(config);
	v->topology = str_dup(topology);
	v->test = str_dup(test);
	return v;
}

struct json_object *verdict_steps(long long first, long long last)
{
	struct json_object *a = json_object_new_array();

	for (long long k = first; k <= last; k++)
		json_object_array_add(a, json_object_new_int64(k));
	return a;
}

void verdict_fill(struct verdict *v, const struct judgement *j, bool with_runs)
{
	v->verdict = j->word;
	v->from_step = j->from >= 0 ? j->from : DB_NO_INT;
	v->until_step = j->until >= 0 ? j->until : DB_NO_INT;
	if (j->candidate_first >= 0)
		v->candidates = verdict_steps(j->candidate_first, j->candidate_last);
	if (j->until_first >= 0)
		v->repairs = verdict_steps(j->until_first, j->until);
	if (with_runs) {
		v->runs = j->runs;
		v->failures = j->failures;
	}
	if (j->p >= 0)
		v->probability = j->p;
}
