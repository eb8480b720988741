#include "kernels/build_configure.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "kernels/notbuilt.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/str.h"

#define DOTCONFIG_MAX (8 * 1024 * 1024)

static bool is_regular(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISREG(st.st_mode);
}

bool build_configure_needed(const char *out, char *const *changed)
{
	AUTO_FREE char *path = path_join(out, ".config", NULL);

	if (!is_regular(path))
		return true;
	for (size_t i = 0; changed[i]; i++) {
		enum file_role role = file_role(changed[i]);

		if (role == FILE_KCONFIG || role == FILE_CONFIGURE)
			return true;
	}
	return false;
}

static int run_goal(struct build_configure *c, const char *goal, enum make_how *ret_how,
		    int *ret_code, struct err *err)
{
	char **argv = make_argv(c->make, goal);
	int rc;

	c->run.argv = argv;
	rc = make_run(&c->run, ret_how, ret_code, err);
	c->run.argv = NULL;
	strv_free(argv);
	return rc;
}

static int add_fragments(struct build_configure *c, const char *path, struct err *err)
{
	AUTO_FREE char *config = NULL;

	if (file_read(path, DOTCONFIG_MAX, &config, NULL, err) < 0)
		return -1;
	for (size_t i = 0; i < c->nfragments; i++) {
		char *more = kconfig_apply(config, c->fragments[i].text);

		free(config);
		config = more;
	}
	return file_write_atomic(path, config, strlen(config), 0644, err);
}

struct tree {
	const char *src, *srcarch;
};

static bool tree_defines(const char *symbol, void *arg)
{
	const struct tree *t = arg;

	return kconfig_tree_defines(t->src, t->srcarch, symbol);
}

/* Old text: the old time, too. */
static void keep_time(const char *path, const char *old, const struct stat *st,
		      const char *now)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };

	if (old && strcmp(old, now) == 0)
		utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW);
}

static int check(struct build_configure *c, const char *path, const char *old,
		 const struct stat *st, char ***ret_missing, struct err *err)
{
	struct tree tree = {
		.src = c->make->src,
		.srcarch = kconfig_srcarch(c->make->arch),
	};
	AUTO_FREE char *now = NULL;

	if (file_read(path, DOTCONFIG_MAX, &now, NULL, err) < 0)
		return -1;
	keep_time(path, old, st, now);
	*ret_missing =
		kconfig_check(c->fragments, c->nfragments, now, tree_defines, &tree);
	return 0;
}

int build_configure(struct build_configure *c, enum make_how *ret_how, int *ret_code,
		    char ***ret_missing, struct err *err)
{
	AUTO_FREE char *path = path_join(c->make->out, ".config", NULL);
	AUTO_FREE char *old = NULL;
	struct stat st = { 0 };

	*ret_missing = NULL;
	if (is_regular(path) && lstat(path, &st) == 0)
		file_read(path, DOTCONFIG_MAX, &old, NULL, NULL);
	if (run_goal(c, "tinyconfig", ret_how, ret_code, err) < 0)
		return -1;
	if (*ret_how != MAKE_EXITED || *ret_code != 0 || !is_regular(path))
		return 0;
	if (add_fragments(c, path, err) < 0 ||
	    run_goal(c, "olddefconfig", ret_how, ret_code, err) < 0)
		return -1;
	if (*ret_how != MAKE_EXITED || *ret_code != 0 || !is_regular(path))
		return 0;
	return check(c, path, old, &st, ret_missing, err);
}
