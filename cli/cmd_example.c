#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
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
	{ "output", 'o', "FILE", "write the mbox there; - is standard output",
	  offsetof(struct example_args, output) },
	CMD_OPTS_COMMON,
	{ 0 },
};

static int run_example(int argc, char **argv);

const struct cmd cmd_example = {
	.name = "example",
	.synopsis = "-o FILE [NAME]",
	.help = "Write an example series, as mails against the tree at hand",
	.detail =
		"NAME is mlock (five patches: one breaks the migration of mlocked pages, a later\n"
		"one repairs it), flaky (four: one breaks it on one boot in five), clean (two\n"
		"that break nothing), detectors (nine, each with a misbehaviour of its own) or\n"
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

/* - is standard output, and nothing but the mails is there then. */
static int write_mbox(const char *store, const char *commit, const char *edits,
		      const char *output, struct err *err)
{
	AUTO(str_done) struct str text = STR_INIT;

	if (strcmp(output, "-") != 0) {
		if (example_write(store, commit, edits, output, err) < 0)
			return -1;
		puts(output);
		return 0;
	}
	if (example_text(store, commit, edits, &text, err) < 0)
		return -1;
	if (fwrite(str_get(&text), 1, text.len, stdout) != text.len || fflush(stdout))
		return err_sys(err, "standard output");
	return 0;
}

/* "mlock, flaky, clean"; the caller frees. */
static char *example_names(const char *dir)
{
	struct str s = STR_INIT;
	struct dirent **list = NULL;
	int n = scandir(dir, &list, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		if (*list[i]->d_name != '.')
			str_addf(&s, "%s%s", s.len ? ", " : "", list[i]->d_name);
		free(list[i]);
	}
	free(list);
	return str_take(&s);
}

/* The folder of its edits, the caller frees; NULL after saying which there are. */
static char *find_example(const char *name)
{
	AUTO_FREE char *dir = path_join(paths_data(), "kernels/examples", NULL);
	AUTO_FREE char *edits = path_join(dir, name, NULL);
	AUTO_FREE char *clean = NULL, *names = NULL;

	if (*name && *name != '.' && !strchr(name, '/') && path_exists(edits))
		return TAKE_PTR(edits);
	clean = text_clean_line(name, 40);
	names = example_names(dir);
	cmd_usage(&cmd_example, "there is no example \"%s\", but %s", clean, names);
	return NULL;
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
	edits = find_example(argc ? argv[0] : "mlock");
	if (!edits)
		return EXIT_USAGE;
	rc = context_read(&cx, &args.common);
	if (rc != EXIT_OK)
		return rc;
	store = path_join(cx.dir, "git", NULL);
	if (tree_head(&cx, args.tree ? args.tree : cx.config->tree, store, commit, &err) <
		    0 ||
	    write_mbox(store, commit, edits, args.output, &err) < 0) {
		log_error("%s", err.msg);
		return err.code == ERR_INPUT || err.code == ERR_MISSING ? EXIT_USAGE :
									  EXIT_INFRA;
	}
	return EXIT_OK;
}
