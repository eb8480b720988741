#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/context.h"
#include "daemon/config_source.h"
#include "daemon/config_tree.h"
#include "daemon/suites.h"
#include "daemon/tree_rows.h"
#include "db/tree.h"
#include "kernels/kconfig.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/paths.h"
#include "lib/str.h"
#include "lib/text.h"
#include "runners/qemu_argv.h"
#include "runners/topology.h"

struct check_args {
	struct cmd_common common;
};

static const struct cmd_opt opts[] = { CMD_OPTS_COMMON, { 0 } };

static int run_check_config(int argc, char **argv);

const struct cmd cmd_check_config = {
	.name = "check-config",
	.synopsis = "",
	.help = "Say what is wrong with config.ini, and what this machine lacks",
	.detail =
		"Exits with 2 for a mistake in the configuration, 3 when something that\n"
		"sluice needs is missing here. A tree that is not there is a warning: it may\n"
		"be added later.\n",
	.opts = opts,
	.run = run_check_config,
};

struct check {
	const struct config *config;
	struct db *db; /* NULL: it cannot be read, and trees are not looked at */
	int mistakes, missing;
};

static void tell_ok(const char *what, const char *value)
{
	printf("ok       %-10s %s\n", what, value);
}

static void tell_mistake(struct check *c, const char *what, const char *why)
{
	printf("MISTAKE  %-10s %s\n", what, why);
	c->mistakes++;
}

/* What may be right by the time it is needed. */
static void tell_warning(const char *what, const char *why)
{
	printf("warning  %-10s %s\n", what, why);
}

static void tell_missing(struct check *c, const char *what, const char *why)
{
	printf("MISSING  %-10s %s\n", what, why);
	c->missing++;
}

/* Loads each name of the list; those that cannot be are told. */
static void check_names(struct check *c, const char *what, const char *list,
			int (*load)(const struct config *config, const char *name,
				    struct err *err))
{
	char **names = strv_split(list, ", \t");
	bool ok = true;

	for (size_t i = 0; names[i]; i++) {
		struct err err = { 0 };

		if (load(c->config, names[i], &err) == 0)
			continue;
		tell_mistake(c, what, err.msg);
		ok = false;
	}
	if (ok)
		tell_ok(what, list);
	strv_free(names);
}

static int load_topology(const struct config *config, const char *name, struct err *err)
{
	AUTO_FREE char *dir = path_join(paths_data(), "runners/topologies", NULL);
	struct topology *t = NULL;
	int rc = topology_load(dir, name, &t, err);

	(void)config;
	topology_free(t);
	return rc;
}

static int load_suite(const struct config *config, const char *name, struct err *err)
{
	struct suite *s = NULL;
	int rc = suites_load(config, name, &s, err);

	suite_free(s);
	return rc;
}

/* Each by itself may be right, and yet they do not go into one guest. */
static void check_suites_together(struct check *c)
{
	char **names = strv_split(c->config->suite, ", \t");
	AUTO_FREE struct suite **v = mem_alloc0((strv_len(names) + 1) * sizeof(*v));
	struct err err = { 0 };
	size_t n = 0;

	for (size_t i = 0; names[i]; i++)
		if (suites_load(c->config, names[i], &v[n], NULL) == 0)
			n++;
	if (suites_check_programs(v, n, &err) < 0)
		tell_mistake(c, "suite", err.msg);
	while (n > 0)
		suite_free(v[--n]);
	strv_free(names);
}

static int load_kconfig(const struct config *config, const char *name, struct err *err)
{
	AUTO_FREE char *dir = path_join(paths_data(), "kernels/configs", NULL);
	struct kconfig k = { 0 };
	int rc = kconfig_load(dir, name, &k, err);

	(void)config;
	kconfig_done(&k);
	return rc;
}

static void check_programs(struct check *c)
{
	const struct {
		const char *what, *name, *package;
	} programs[] = {
		{ "b4", c->config->b4, "b4" },
		{ "git", c->config->git, "git" },
		{ "make", c->config->make, "make" },
		{ "qemu", c->config->qemu, "qemu-system-x86" },
		{ "bwrap", c->config->bwrap, "bubblewrap" },
		{ "gcc", "gcc", "gcc" },
		{ "ld", "ld", "binutils" },
		{ "flex", "flex", "flex" },
		{ "bison", "bison", "bison" },
		{ "bc", "bc", "bc" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		AUTO_FREE char *path = program_find(programs[i].name);
		AUTO_FREE char *why = NULL;

		if (path) {
			tell_ok(programs[i].what, path);
			continue;
		}
		why = str_printf("%s is not there (Debian package %s)", programs[i].name,
				 programs[i].package);
		tell_missing(c, programs[i].what, why);
	}
}

static void check_build_user(struct check *c)
{
	AUTO_FREE char *why = NULL;

	if (geteuid() != 0) {
		tell_ok("build_user", "you (only root's sluice changes user)");
		return;
	}
	if (getpwnam(c->config->build_user)) {
		tell_ok("build_user", c->config->build_user);
		return;
	}
	why = str_printf("there is no user %s: useradd --system %s",
			 c->config->build_user, c->config->build_user);
	tell_missing(c, "build_user", why);
}

static void check_accel(struct check *c)
{
	const struct passwd *pw = geteuid() == 0 ? getpwnam(c->config->build_user) : NULL;
	enum accel accel;
	struct err err = { 0 };

	if (accel_pick(c->config->accel, pw ? pw->pw_uid : geteuid(),
		       pw ? pw->pw_gid : getegid(), &accel, &err) < 0)
		tell_missing(c, "accel", err.msg);
	else
		tell_ok("accel",
			accel == ACCEL_KVM ? "kvm" : "tcg (KVM is not usable here)");
}

/* ---- trees: which there are only the state knows, and one may be added later ---- */

static void open_db(struct check *c, const char *state_dir)
{
	AUTO_FREE char *path = path_join(state_dir, "sluice.db", NULL);
	struct err err = { 0 };

	if (db_open(path, DB_READ, &c->db, &err) == 0 ||
	    (err.code == ERR_MISSING && db_open_empty(&c->db, &err) == 0))
		return;
	c->db = NULL;
	tell_warning("trees", err.msg);
}

static bool has_section(const struct config *config, const char *tree)
{
	for (size_t i = 0; i < config->ntrees; i++)
		if (strcmp(config->trees[i].name, tree) == 0)
			return true;
	return false;
}

/* Each tree of the list; all is well: true. One with a section is told of there. */
static bool check_trees(struct check *c, const char *what, const char *list)
{
	char **names = strv_split(list, ", \t");
	bool ok = c->db != NULL;

	for (size_t i = 0; c->db && names[i]; i++) {
		AUTO_FREE char *why = NULL;
		struct tree t = { 0 };
		struct err err = { 0 };
		int found = tree_find(c->db, names[i], &t, &err);

		tree_done(&t);
		if (found > 0 || has_section(c->config, names[i]))
			continue;
		why = found < 0 ? str_dup(err.msg) :
				  str_printf("there is no tree \"%s\" yet; sluice tree "
					     "add %s SOURCE makes it",
					     names[i], names[i]);
		tell_warning(what, why);
		ok = false;
	}
	strv_free(names);
	return ok;
}

/* [tree NAME] */
static void check_tree(struct check *c, const struct tree_conf *t)
{
	AUTO_FREE char *what = str_printf("tree %s", t->name);
	AUTO_FREE char *source = NULL;
	AUTO_FREE char *why = NULL;
	struct err err = { 0 };
	enum tree_kind kind;
	int found = c->db ? tree_rows_source(c->db, t, &kind, &source, &err) : -1;

	if (found == 0) {
		why = str_printf("it has no url, and there is no such tree yet; sluice "
				 "tree add %s SOURCE makes it",
				 t->name);
		tell_warning(what, why);
	} else if (found > 0 && tree_rows_check(t, kind, source, &err) < 0) {
		tell_mistake(c, what, err.msg);
	} else if (err.code != ERR_NONE) {
		tell_warning(what, err.msg);
	} else {
		tell_ok(what, source ? source : *t->url ? t->url : "(not looked at)");
	}
}

/* ---- sources ---- */

/* Where a source is, what it needs there, and what it wants tested. */
static void check_source(struct check *c, const struct source_conf *s)
{
	const char *paths[] = { s->path, s->token_file };
	AUTO_FREE char *what = str_printf("source %s", s->name);
	bool ok = true;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		AUTO_FREE char *why = NULL;

		if (!*paths[i] || access(paths[i], R_OK) == 0)
			continue;
		why = str_printf("%s: %m", paths[i]);
		tell_missing(c, what, why);
		ok = false;
	}
	if (ok)
		tell_ok(what, source_conf_where(s));
	if (*s->config)
		check_names(c, what, s->config, load_kconfig);
	if (*s->topology)
		check_names(c, what, s->topology, load_topology);
	if (*s->suite)
		check_names(c, what, s->suite, load_suite);
	check_trees(c, what, s->tree);
	check_trees(c, what, s->trees);
}

static int run_check_config(int argc, char **argv)
{
	struct check_args args = { 0 };
	AUTO_CONTEXT struct context cx = CONTEXT_INIT;
	struct check c = { 0 };
	int rc;

	if (!cmd_parse(&cmd_check_config, &argc, &argv, &args, &rc))
		return rc;
	if (argc > 0)
		return cmd_usage(&cmd_check_config, "takes no operands");
	rc = context_config(&cx, &args.common);
	if (rc != EXIT_OK)
		return rc;
	c.config = cx.config;
	tell_ok("file", cx.config->source);
	tell_ok("state_dir", cx.dir);
	open_db(&c, cx.dir);
	if (check_trees(&c, "tree", cx.config->tree))
		tell_ok("tree", cx.config->tree);
	check_names(&c, "config", cx.config->config, load_kconfig);
	check_names(&c, "topology", cx.config->topology, load_topology);
	check_names(&c, "suite", cx.config->suite, load_suite);
	check_suites_together(&c);
	for (size_t i = 0; i < cx.config->nsources; i++)
		check_source(&c, &cx.config->sources[i]);
	for (size_t i = 0; i < cx.config->ntrees; i++)
		check_tree(&c, &cx.config->trees[i]);
	check_programs(&c);
	check_build_user(&c);
	check_accel(&c);
	db_close(c.db);
	return c.mistakes ? EXIT_USAGE : c.missing ? EXIT_INFRA : EXIT_OK;
}
