#include "cli/repro_plan.h"

#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/str.h"

#define KEY "sluice.plan="

/* "30000:/tests/mlock-migrate:compaction"; see the guest's init. */
static int add_test(struct json_object *test, struct str *out, struct err *err)
{
	struct json_object *argv = json_arr(test, "argv");

	str_addf(out, "%lld", json_int(test, "deadline_ms", 60000));
	for (size_t i = 0; i < json_len(argv); i++) {
		const char *word =
			json_object_get_string(json_object_array_get_idx(argv, i));

		if (!word || strpbrk(word, ":, \"'\n"))
			return err_set(err, ERR_INPUT,
				       "a test's argument \"%s\" cannot stand on a "
				       "kernel command line",
				       word ? word : "");
		str_addf(out, ":%s", word);
	}
	return 0;
}

struct plans {
	struct repro_plan *v;
	size_t n;
};

/* A guest that has no test yet. */
static struct repro_plan *add_guest(struct plans *p)
{
	p->v = mem_realloc(p->v, p->n + 1, sizeof(*p->v));
	p->v[p->n] = (struct repro_plan){ .words = str_dup(KEY) };
	return &p->v[p->n++];
}

static int place(struct plans *p, struct json_object *test, size_t room, struct err *err)
{
	struct repro_plan *last = &p->v[p->n - 1];
	AUTO(str_done) struct str words = STR_INIT;
	char *with;

	if (add_test(test, &words, err) < 0)
		return -1;
	if (strlen(KEY) + words.len > room)
		return err_set(err, ERR_INPUT,
			       "test %s: too long for a kernel command line, which has "
			       "room for %zu bytes of it",
			       json_str(test, "test", "?"), room);
	if (last->n && strlen(last->words) + 1 + words.len > room)
		last = add_guest(p);
	with = str_printf("%s%s%s", last->words, last->n ? "," : "", str_get(&words));
	free(last->words);
	last->words = with;
	last->n++;
	return 0;
}

int repro_plans(struct json_object *plan, size_t room, struct repro_plan **ret_plans,
		size_t *ret_n, struct err *err)
{
	struct plans p = { .n = 0 };
	int rc = 0;

	add_guest(&p);
	for (size_t i = 0; rc == 0 && i < json_len(plan); i++)
		rc = place(&p, json_object_array_get_idx(plan, i), room, err);
	if (rc < 0) {
		repro_plans_free(p.v, p.n);
		return -1;
	}
	*ret_plans = p.v;
	*ret_n = p.n;
	return 0;
}

void repro_plans_free(struct repro_plan *plans, size_t n)
{
	for (size_t i = 0; plans && i < n; i++)
		free(plans[i].words);
	free(plans);
}
