#include "daemon/bisect_ask.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/config_tree.h"
#include "kernels/store.h"
#include "kernels/tree_import.h"
#include "lib/str.h"

static bool plan_has_test(const struct plan *p, const char *test)
{
	for (int deep = 0; deep < 2; deep++) {
		const struct plan_cell cell = { .deep = deep };
		struct json_object *tests = plan_tests(p, &cell);

		for (size_t i = 0; i < json_len(tests); i++)
			if (strcmp(json_str(json_object_array_get_idx(tests, i), "test",
					    ""),
				   test) == 0)
				return true;
	}
	return false;
}

/* The caller frees. */
static int suite_of(const char *test, char **ret_suite, struct err *err)
{
	const char *slash = strchr(test, '/');

	if (!slash)
		return err_set(
			err, ERR_INPUT,
			"\"%s\" names no test: it is SUITE/NAME, as \"sluice show\" "
			"has it",
			test);
	*ret_suite = str_ndup(test, (size_t)(slash - test));
	return 0;
}

/* In a plan of one config and one topology. */
static int check_test(const struct plan *p, const char *test, struct err *err)
{
	if (plan_has_test(p, test))
		return 0;
	return err_set(err, ERR_INPUT, "there is no test %s on %s with config %s", test,
		       p->topologies[0]->name, p->configs[0]->name);
}

int bisect_check(const struct config *config, char *const *configs,
		 char *const *topologies, const char *test, struct err *err)
{
	AUTO_FREE char *suite = NULL;
	char *suites[] = { NULL, NULL };
	struct plan *plan = NULL;
	int rc;

	if (suite_of(test, &suite, err) < 0)
		return -1;
	suites[0] = suite;
	rc = plan_load_names(config, configs, topologies, suites, &plan, err);
	if (rc == 0)
		rc = check_test(plan, test, err);
	plan_free(plan);
	return rc;
}

static int ask_plan(const struct bisect_opts *o, struct bisect_question *q,
		    struct err *err)
{
	const char *name = o->kconfig ? o->kconfig : o->config->config;
	char *configs[] = { NULL, NULL };
	char *topologies[] = { (char *)o->topology, NULL };
	char *suites[] = { NULL, NULL };

	if (suite_of(o->test, &q->suite, err) < 0)
		return -1;
	/* Of several the first, as for a test that fails on any. */
	configs[0] = q->kconfig = str_ndup(name, strcspn(name, ", \t"));
	suites[0] = q->suite;
	if (state_open(o->state_dir, o->config, &q->state, err) < 0 ||
	    plan_load(o->config, q->state, configs, topologies, suites, &q->plan, err) <
		    0)
		return -1;
	return check_test(q->plan, o->test, err);
}

static int resolve(const struct bisect_question *q, const char *rev, char ret[41],
		   struct err *err)
{
	return tree_revision_resolve(q->state->git, q->tree.name,
				     q->tree.kind == TREE_GIT ? q->tree.source : NULL,
				     rev, ret, err);
}

static int ask_commits(const struct bisect_opts *o, struct db *db,
		       struct bisect_question *q, struct err *err)
{
	int rc;

	q->tree_name = str_dup(o->tree ? o->tree : o->config->tree);
	rc = tree_find(db, q->tree_name, &q->tree, err);
	if (rc == 0)
		return config_tree_missing(o->config->trees, o->config->ntrees,
					   q->tree_name, err);
	if (rc < 0 ||
	    (q->tree.kind == TREE_GIT &&
	     tree_refresh(q->state->git, q->tree.name, q->tree.source, err) < 0) ||
	    resolve(q, o->good, q->good, err) < 0 || resolve(q, o->bad, q->bad, err) < 0)
		return -1;
	return 0;
}

int bisect_ask(const struct bisect_opts *o, struct db *db, struct bisect_question *q,
	       struct err *err)
{
	*q = (struct bisect_question){ .state = NULL };
	if (ask_plan(o, q, err) < 0 || ask_commits(o, db, q, err) < 0)
		return -1;
	q->what = (struct bisection){
		.tree = q->tree_name,
		.good = q->good,
		.bad = q->bad,
		.config = q->kconfig,
		.arch = q->plan->configs[0]->arch,
		.topology = (char *)o->topology,
		.accel = (char *)accel_str(q->plan->accel),
		.test = (char *)o->test,
	};
	return 0;
}

void bisect_question_done(struct bisect_question *q)
{
	tree_done(&q->tree);
	plan_free(q->plan);
	state_free(q->state);
	free(q->tree_name);
	free(q->kconfig);
	free(q->suite);
}
