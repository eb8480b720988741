#include "daemon/quiet_plan.h"

#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/str.h"
#include "runners/boot_tests.h"

static int parse_one(const char *word, struct quiet_suite *ret, struct err *err)
{
	const char *star = strchr(word, '*');
	long long repeat = 1;

	if (star && !str_to_ll(star + 1, 1, BOOT_TESTS_MAX, &repeat))
		return err_set(err, ERR_INPUT,
			       "suite \"%s\": after the * stands how often, 1 to %d",
			       word, BOOT_TESTS_MAX);
	ret->name = str_ndup(word, star ? (size_t)(star - word) : strlen(word));
	ret->repeat = (unsigned int)repeat;
	return 0;
}

int quiet_suites_parse(const char *text, struct quiet_suites *ret, struct err *err)
{
	char **words = strv_split(text, ", \t");
	int rc = 0;

	*ret = (struct quiet_suites){ .v = mem_alloc0((strv_len(words) + 1) *
						      sizeof(*ret->v)) };
	for (size_t i = 0; rc == 0 && words[i]; i++) {
		rc = parse_one(words[i], &ret->v[ret->n], err);
		ret->n += rc == 0;
	}
	strv_free(words);
	if (rc < 0)
		quiet_suites_done(ret);
	return rc;
}

void quiet_suites_done(struct quiet_suites *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i].name);
	free(s->v);
	*s = (struct quiet_suites){ .v = NULL };
}

char **quiet_suites_names(const struct quiet_suites *s)
{
	char **names = mem_alloc0((s->n + 1) * sizeof(*names));

	for (size_t i = 0; i < s->n; i++)
		names[i] = str_dup(s->v[i].name);
	return names;
}

/* The boot role would refuse the job; here it can be said what to do. */
static int check_size(struct json_object *tests, const struct topology *t,
		      struct err *err)
{
	struct boot_tests *bt = NULL;

	if (boot_tests_new(tests, &bt, err) < 0)
		return err_prefix(
			err, "%s: too much for one boot, repeat the suites less often",
			t->name);
	boot_tests_free(bt);
	return 0;
}

static void add_round(struct json_object *all, const struct suite *s,
		      unsigned int slowdown)
{
	for (size_t i = 0; i < s->ntests; i++)
		json_object_array_add(all, suite_test_json(&s->tests[i], slowdown));
}

int quiet_tests(const struct plan *plan, const struct quiet_suites *want, size_t topology,
		struct json_object **ret, struct err *err)
{
	AUTO_JSON struct json_object *all = json_object_new_array();
	const struct topology *t = plan->topologies[topology];

	*ret = NULL;
	for (size_t i = 0; i < want->n; i++)
		if (plan->suites[i]->selftests)
			return err_set(err, ERR_INPUT,
				       "suite %s: its programs are built from a tree, "
				       "and here is only a kernel",
				       plan->suites[i]->name);
	for (size_t i = 0; i < want->n; i++)
		for (unsigned int k = 0; k < want->v[i].repeat; k++)
			if (suite_runs_on(plan->suites[i], t->name))
				add_round(all, plan->suites[i],
					  plan->configs[0]->slowdown);
	if (json_len(all) == 0)
		return 0;
	if (check_size(all, t, err) < 0)
		return -1;
	*ret = TAKE_PTR(all);
	return 0;
}

unsigned int quiet_share(unsigned int boots, size_t n, size_t i)
{
	return boots / (unsigned int)n + (i < boots % n);
}

long quiet_next(const unsigned int *made, size_t n, unsigned int boots)
{
	long best = -1;

	for (size_t i = 0; i < n; i++)
		if (made[i] < quiet_share(boots, n, i) &&
		    (best < 0 || made[i] < made[best]))
			best = (long)i;
	return best;
}
