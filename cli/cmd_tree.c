#include <string.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cli/client.h"
#include "cli/cmd.h"
#include "cli/context.h"
#include "cli/term.h"
#include "db/tree.h"
#include "kernels/store.h"
#include "kernels/tree_import.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/text.h"

struct tree_args {
	struct cmd_common common;
};

static const struct cmd_opt opts[] = { CMD_OPTS_COMMON, { 0 } };

static int run_tree(int argc, char **argv);
static int run_add(int argc, char **argv);
static int run_list(int argc, char **argv);
static int run_update(int argc, char **argv);

static const struct cmd cmd_add = {
	.name = "tree add",
	.synopsis = "NAME SOURCE",
	.help = "Make a base tree of a git repository, a URL or a linux-source tarball",
	.detail =
		"A local repository is borrowed, not copied, and only read: its branches are\n"
		"looked at again for every test. A URL is fetched. A tarball or a plain folder\n"
		"becomes one commit.\n\n"
		"A daemon may run meanwhile, and knows the tree as soon as this ends.\n",
	.opts = opts,
	.run = run_add,
};

static const struct cmd cmd_tree_list = {
	.name = "tree list",
	.synopsis = "",
	.help = "List the base trees",
	.opts = opts,
	.run = run_list,
};

static const struct cmd cmd_update = {
	.name = "tree update",
	.synopsis = "NAME...",
	.help = "Fetch what is new in a base tree, also while a daemon runs",
	.opts = opts,
	.run = run_update,
};

extern const struct cmd cmd_tree_remove;

static const struct cmd *const subs[] = { &cmd_add, &cmd_tree_list, &cmd_update,
					  &cmd_tree_remove, NULL };

const struct cmd cmd_tree = {
	.name = "tree",
	.synopsis = "add | list | update | remove ...",
	.help = "Add, list, update and remove the base trees",
	.subs = subs,
	.run = run_tree,
};

struct import_view {
	struct term term;
	time_t last;
	bool shown;
};

static void import_progress(const char *line, unsigned long files, void *arg)
{
	struct import_view *v = arg;
	AUTO_FREE char *text = line ? text_clean_line(line, 0) :
				      str_printf("%lu files", files);
	AUTO_FREE char *cut = NULL;
	time_t now = time(NULL);

	/* In a pipe a line every ten seconds says that it lives. */
	if (now - v->last < (v->term.tty ? 0 : 10))
		return;
	v->last = now;
	cut = term_cut(text, v->term.width - 3);
	fprintf(v->term.out, v->term.tty ? "\r\033[K  " : "  ");
	term_put(&v->term, TERM_DIM, cut, 0);
	if (!v->term.tty)
		fputc('\n', v->term.out);
	v->shown = v->term.tty;
	fflush(v->term.out);
}

static enum tree_kind kind_of(enum import_kind kind)
{
	return kind == IMPORT_LOCAL ? TREE_GIT :
	       kind == IMPORT_URL   ? TREE_URL :
				      TREE_TARBALL;
}

/* A path is kept absolute: the next command may be given elsewhere. */
static char *absolute_source(const char *source)
{
	AUTO_FREE char *cwd = NULL;
	char *real;

	if (strstr(source, "://"))
		return str_dup(source);
	real = realpath(source, NULL);
	return real ? real : str_dup(source);
}

static int import(struct context *cx, const char *name, const char *source,
		  struct tree_info *info, struct err *err)
{
	AUTO_FREE char *store = path_join(cx->dir, "git", NULL);
	struct import_view view = { .last = time(NULL) };
	const struct tree_import_opts import_opts = {
		.store = store,
		.name = name,
		.source = source,
		.git = cx->config->git,
		.progress = import_progress,
		.arg = &view,
	};
	struct tree tree = { 0 };
	int rc;

	term_init(&view.term, stdout);
	if (store_create(store, err) < 0)
		return -1;
	rc = tree_import(&import_opts, info, err);
	if (view.shown)
		fputs("\r\033[K", stdout);
	if (rc < 0)
		return -1;
	tree = (struct tree){
		.name = str_dup(name),
		.kind = kind_of(info->kind),
		.source = str_dup(source),
		.default_ref = str_dup(info->ref),
		.added = time(NULL),
		.updated = time(NULL),
	};
	rc = tree_put(cx->db, &tree, err);
	tree_done(&tree);
	return rc;
}

static void tell_tree(const char *name, const struct tree_info *info)
{
	const char *branch = strrchr(info->ref, '/');

	printf("%s: %s at %.12s", name, branch ? branch + 1 : info->ref, info->commit);
	if (info->kind == IMPORT_LOCAL || info->kind == IMPORT_URL)
		printf(", %lu branch%s", info->branches, info->branches == 1 ? "" : "es");
	if (info->kind == IMPORT_LOCAL)
		printf(", borrowed and only read");
	if (info->files)
		printf(", %lu files", info->files);
	puts(info->unchanged ? ", unchanged" : "");
}

static int fail(const struct err *err)
{
	log_error("%s", err->msg);
	return err->code == ERR_INPUT || err->code == ERR_MISSING ? EXIT_USAGE :
								    EXIT_INFRA;
}

/* It may have waited for the tree. Without a daemon there is nobody to tell. */
static void tell_daemon(const struct context *cx)
{
	AUTO_JSON struct json_object *ok = NULL;
	struct client *c = NULL;
	struct err err = { 0 };
	int found = client_connect(cx->dir, &c, &err);

	if (found > 0)
		found = client_ask(c, client_op("trees", 0), -1, &ok, &err);
	if (found < 0)
		log_warn("the daemon was not told, and sees it later: %s", err.msg);
	client_free(c);
}

static int run_add(int argc, char **argv)
{
	struct tree_args args = { 0 };
	AUTO_CONTEXT struct context cx = CONTEXT_INIT;
	AUTO_FREE char *source = NULL;
	struct tree_info info = { 0 };
	enum import_kind kind;
	struct err err = { 0 };
	int rc;

	if (!cmd_parse(&cmd_add, &argc, &argv, &args, &rc))
		return rc;
	if (argc != 2)
		return cmd_usage(&cmd_add, "NAME and SOURCE are needed");
	if (!tree_name_ok(argv[0]))
		return cmd_usage(&cmd_add, "\"%s\" is no name: letters, digits, . _ -",
				 argv[0]);
	source = absolute_source(argv[1]);
	if (import_kind_of(source, &kind, &err) < 0)
		return fail(&err);
	rc = context_write_trees(&cx, &args.common, "sluice tree add");
	if (rc != EXIT_OK)
		return rc;
	if (import(&cx, argv[0], source, &info, &err) < 0)
		return fail(&err);
	tell_daemon(&cx);
	tell_tree(argv[0], &info);
	return EXIT_OK;
}

static void print_tree(const struct tree *t, const char *store)
{
	AUTO_FREE char *source = text_clean_line(t->source, 0);
	struct heads heads = { 0 };
	struct err err = { 0 };

	printf("%-16s %-8s %s\n", t->name, tree_kind_str(t->kind), source);
	if (store_heads(store, t->name, &heads, &err) < 0) {
		printf("%-16s (%s)\n", "", err.msg);
		return;
	}
	for (size_t i = 0; i < heads.n && i < 10; i++) {
		const char *branch =
			heads.v[i].ref + strlen("refs/trees/") + strlen(t->name) + 1;

		printf("%-16s %.12s %s\n", "", heads.v[i].commit, branch);
	}
	if (heads.n > 10)
		printf("%-16s and %zu more branches\n", "", heads.n - 10);
	heads_done(&heads);
}

static int run_list(int argc, char **argv)
{
	struct tree_args args = { 0 };
	AUTO_CONTEXT struct context cx = CONTEXT_INIT;
	AUTO_FREE char *store = NULL;
	struct tree *list = NULL;
	struct err err = { 0 };
	size_t n = 0;
	int rc;

	if (!cmd_parse(&cmd_tree_list, &argc, &argv, &args, &rc))
		return rc;
	if (argc)
		return cmd_usage(&cmd_tree_list, "\"%s\" is one too many", argv[0]);
	rc = context_read(&cx, &args.common);
	if (rc != EXIT_OK)
		return rc;
	if (tree_list(cx.db, &list, &n, &err) < 0)
		return fail(&err);
	store = path_join(cx.dir, "git", NULL);
	for (size_t i = 0; i < n; i++)
		print_tree(&list[i], store);
	if (n == 0)
		printf("There is no tree yet in %s. Add one: sluice tree add NAME SOURCE\n",
		       cx.dir);
	tree_list_free(list, n);
	return EXIT_OK;
}

static int update_one(struct context *cx, const char *name)
{
	struct tree tree = { 0 };
	struct tree_info info = { 0 };
	struct err err = { 0 };
	int found = tree_find(cx->db, name, &tree, &err);
	int rc = EXIT_OK;

	if (found == 0)
		err_set(&err, ERR_MISSING, "there is no tree \"%s\"", name);
	if (found <= 0 || import(cx, name, tree.source, &info, &err) < 0)
		rc = fail(&err);
	else
		tell_tree(name, &info);
	tree_done(&tree);
	return rc;
}

static int run_update(int argc, char **argv)
{
	struct tree_args args = { 0 };
	AUTO_CONTEXT struct context cx = CONTEXT_INIT;
	int rc;

	if (!cmd_parse(&cmd_update, &argc, &argv, &args, &rc))
		return rc;
	if (argc == 0)
		return cmd_usage(&cmd_update, "which tree?");
	rc = context_write_trees(&cx, &args.common, "sluice tree update");
	for (int i = 0; i < argc && rc == EXIT_OK; i++)
		rc = update_one(&cx, argv[i]);
	return rc;
}

static int run_tree(int argc, char **argv)
{
	const struct cmd *sub;

	if (argc < 2)
		return cmd_usage(&cmd_tree, "add, list, update or remove?");
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		cmd_print_help(&cmd_tree, stdout);
		return EXIT_OK;
	}
	sub = cmd_find(subs, "sluice tree", argv[1]);
	return sub ? sub->run(argc - 1, argv + 1) : EXIT_USAGE;
}
