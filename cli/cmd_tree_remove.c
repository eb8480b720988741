#include <stdio.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/context.h"
#include "daemon/config_tree.h"
#include "db/tree.h"
#include "kernels/store.h"
#include "lib/file.h"
#include "lib/log.h"

static const struct cmd_opt opts[] = { CMD_OPTS_COMMON, { 0 } };

static int run_remove(int argc, char **argv);

const struct cmd cmd_tree_remove = {
	.name = "tree remove",
	.synopsis = "NAME...",
	.help = "Forget base trees: no series is tested on them any more",
	.detail =
		"A borrowed repository is let go, and may be deleted then. Results that were\n"
		"obtained on the tree stay, and so do objects that were fetched.\n",
	.opts = opts,
	.run = run_remove,
};

static bool is_configured(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->ntrees; i++)
		if (strcmp(config->trees[i].name, name) == 0)
			return true;
	return false;
}

/* Whether another tree borrows the same repository. */
static int is_shared(struct context *cx, const struct tree *tree, bool *ret,
		     struct err *err)
{
	struct tree *list = NULL;
	size_t n = 0;

	if (tree_list(cx->db, &list, &n, err) < 0)
		return -1;
	*ret = false;
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].name, tree->name) != 0 &&
		    strcmp(list[i].source, tree->source) == 0)
			*ret = true;
	tree_list_free(list, n);
	return 0;
}

/* The row goes last: when something fails before, the same command does the rest. */
static int forget(struct context *cx, const struct tree *tree, struct err *err)
{
	AUTO_FREE char *store = path_join(cx->dir, "git", NULL);
	struct err why = { 0 };
	bool shared;

	if (store_forget(store, tree->name, &why) < 0 && why.code != ERR_MISSING) {
		*err = why;
		return -1;
	}
	if (is_shared(cx, tree, &shared, err) < 0)
		return -1;
	if (tree->kind == TREE_GIT && !shared &&
	    store_return(store, tree->source, err) < 0)
		return -1;
	return tree_delete(cx->db, tree->name, err);
}

static int remove_one(struct context *cx, const char *name)
{
	struct tree tree = { 0 };
	struct err err = { 0 };
	int found = tree_find(cx->db, name, &tree, &err);
	int rc = EXIT_OK;

	if (found == 0)
		err_set(&err, ERR_MISSING, "there is no tree \"%s\"", name);
	else if (found > 0 && is_configured(cx->config, name))
		err_set(&err, ERR_INPUT,
			"the configuration has a section [tree %s]: take it out first",
			name);
	if (found <= 0 || err.code != ERR_NONE || forget(cx, &tree, &err) < 0) {
		log_error("%s", err.msg);
		rc = err.code == ERR_INPUT || err.code == ERR_MISSING ? EXIT_USAGE :
									EXIT_INFRA;
	} else {
		printf("%s: removed; results stay\n", name);
	}
	tree_done(&tree);
	return rc;
}

static int run_remove(int argc, char **argv)
{
	struct cmd_common args = { 0 };
	AUTO_CONTEXT struct context cx = CONTEXT_INIT;
	int rc;

	if (!cmd_parse(&cmd_tree_remove, &argc, &argv, &args, &rc))
		return rc;
	if (argc == 0)
		return cmd_usage(&cmd_tree_remove, "which tree?");
	rc = context_write_trees(&cx, &args, "sluice tree remove");
	for (int i = 0; i < argc && rc == EXIT_OK; i++)
		rc = remove_one(&cx, argv[i]);
	return rc;
}
