#include <string.h>

#include "cli/cmd.h"
#include "cli/context.h"
#include "db/tree.h"
#include "kernels/example.h"
#include "kernels/store.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/paths.h"
#include "lib/text.h"

struct example_args {
	struct cmd_common common;
	const char *tree, *output;
};

static const struct cmd_opt opts[] = {
	{ "tree", 't', "NAME", "the base tree that the patches are made for",
	  offsetof(struct example_args, tree) },
	{ "output", 'o', "FILE", "write the mbox there",
	  offsetof(struct example_args, output) },
	CMD_OPTS_COMMON,
	{ 0 },
};

static int run_example(int argc, char **argv);

const struct cmd cmd_example = {
	.name = "example",
	.synopsis = "[NAME]",
	.help = "Write an example series, as mails against the tree at hand",
	.detail =
		"NAME is mlock (five patches: one breaks the migration of mlocked pages, a later\n"
		"one repairs it), flaky (four: one breaks it on one boot in five), clean (two that\n"
		"break nothing), detectors (nine, each with a misbehaviour of its own) or\n"
		"detectors-debug (four that only a kernel with the config mlock-debug tells). The\n"
		"default is mlock.\n",
	.opts = opts,
	.run = run_example,
};

/* The commit that a test of the tree starts from. */
static int tree_head(struct context *cx, const char *name, const char *store,
		     char ret[41], struct err *err)
{
	struct tree tree = { 0 };
	int found = tree_find(cx->db, name, &tree, err);
	int rc = found <= 0 ? -1 : revision_resolve(store, tree.default_ref, ret, err);

	if (found == 0)
		err_set(err, ERR_MISSING,
			"there is no tree \"%s\"; \"sluice tree list\" shows them", name);
	tree_done(&tree);
	return rc;
}

static int run_example(int argc, char **argv)
{
	struct example_args args = { 0 };
	AUTO_CONTEXT struct context cx = CONTEXT_INIT;
	AUTO_FREE char *edits = NULL, *store = NULL;
	struct err err = { 0 };
	char commit[41];
	int rc;

	if (!cmd_parse(&cmd_example, &argc, &argv, &args, &rc))
		return rc;
	if (argc > 1 || !args.output)
		return cmd_usage(&cmd_example, "%s",
				 argc > 1 ? "one NAME at a time" : "-o FILE is needed");
	if (argc == 1 && strchr(argv[0], '/'))
		return cmd_usage(&cmd_example, "NAME is no path");
	edits = path_join(paths_data(), "kernels/examples", argc ? argv[0] : "mlock",
			  NULL);
	if (!path_exists(edits))
		return cmd_usage(&cmd_example, "there is no such example");
	rc = context_read(&cx, &args.common);
	if (rc != EXIT_OK)
		return rc;
	store = path_join(cx.dir, "git", NULL);
	if (tree_head(&cx, args.tree ? args.tree : cx.config->tree, store, commit, &err) <
		    0 ||
	    example_write(store, commit, edits, args.output, &err) < 0) {
		log_error("%s", err.msg);
		return err.code == ERR_INPUT || err.code == ERR_MISSING ? EXIT_USAGE :
									  EXIT_INFRA;
	}
	printf("%s\n", args.output);
	return EXIT_OK;
}
