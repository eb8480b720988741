#include "cli/bisect_question.h"

#include <string.h>

#include "daemon/config_tree.h"
#include "db/tree.h"
#include "kernels/store.h"
#include "lib/file.h"

static int take_row(struct bisect_cmd *c, struct err *err)
{
	long long id;
	int found;

	if (!str_to_ll(c->args->id, 1, INT64_MAX, &id))
		return err_set(err, ERR_INPUT, "--id: \"%s\" is no number", c->args->id);
	found = bisection_find(c->cx.db, id, &c->row, err);
	if (found == 0)
		err_set(err, ERR_INPUT,
			"there is no bisection %lld; \"sluice bisect\" lists those there "
			"are",
			id);
	if (found <= 0)
		return -1;
	c->id = id;
	c->test = c->row.test;
	c->topology = c->row.topology;
	c->good = c->row.good;
	c->bad = c->row.bad;
	c->tree = c->row.tree;
	c->config = str_dup(c->row.config);
	return 0;
}

int bisect_question_take(struct bisect_cmd *c, struct err *err)
{
	const struct bisect_args *a = c->args;
	const char *config = a->config ? a->config : c->cx.config->config;

	if (a->id)
		return take_row(c, err);
	c->test = a->test;
	c->topology = a->topology;
	c->good = a->good;
	c->bad = a->bad;
	c->tree = a->tree ? a->tree : c->cx.config->tree;
	/* Of several the first, as for a test that fails on any. */
	c->config = str_ndup(config, strcspn(config, ", \t"));
	return 0;
}

int bisect_question_revisions(struct bisect_cmd *c, const char *git,
			      struct revisions *ret, struct err *err)
{
	struct tree t = { 0 };
	int rc = tree_find(c->cx.db, c->tree, &t, err);
	const char *source = rc > 0 && t.kind == TREE_GIT ? t.source : NULL;

	if (rc == 0)
		rc = config_tree_missing(c->cx.config->trees, c->cx.config->ntrees,
					 c->tree, err);
	if (rc > 0 &&
	    (tree_revision_resolve(git, t.name, source, c->good, ret->good, err) < 0 ||
	     tree_revision_resolve(git, t.name, source, c->bad, ret->bad, err) < 0 ||
	     (c->mark &&
	      tree_revision_resolve(git, t.name, source, c->mark, ret->mark, err) < 0)))
		rc = -1;
	tree_done(&t);
	return rc < 0 ? -1 : 0;
}

int bisect_question_read(struct bisect_cmd *c, struct bisect_case *ret,
			 struct revisions *rev, struct err *err)
{
	AUTO_FREE char *git = path_join(c->cx.dir, "git", NULL);
	int64_t id = c->row.id, created;
	int found = 1;

	if (bisect_question_revisions(c, git, rev, err) < 0)
		return -1;
	if (!id) {
		const struct bisection what = { .tree = (char *)c->tree,
						.good = rev->good,
						.bad = rev->bad,
						.config = c->config,
						.topology = (char *)c->topology,
						.test = (char *)c->test };

		found = bisection_same(c->cx.db, &what, &id, &created, err);
		if (found > 0)
			found = bisection_find(c->cx.db, id, &c->row, err);
	}
	if (found == 0)
		err_set(err, ERR_INPUT, "nothing was run yet to find that out");
	if (found <= 0)
		return -1;
	c->id = c->row.id;
	ret->what = c->row;
	return bisect_case_read(ret, git, err);
}
