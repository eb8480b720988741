#include "daemon/suites.h"

#include <string.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/paths.h"
#include "lib/str.h"
#include "runners/inifile.h"

/* Takes dir over; drops it when it need not be there and is not. */
static void add_dir(char **dirs, char *dir, bool must_be)
{
	if (dir && (must_be || path_exists(dir)))
		dirs[strv_len(dirs)] = TAKE_PTR(dir);
	free(dir);
}

char **suites_dirs(const struct config *config)
{
	char **dirs = mem_alloc0(4 * sizeof(*dirs));

	add_dir(dirs, path_join(paths_data(), "runners", "suites", NULL), true);
	if (*config->suites_dir) {
		add_dir(dirs, str_dup(config->suites_dir), true);
	} else {
		add_dir(dirs, str_dup(CONFIG_SYSTEM_DIR "/suites"), false);
		add_dir(dirs, config_user_path("suites"), false);
	}
	return dirs;
}

/* DIR/NAME.ini where that is there, else NULL; the caller frees. */
static char *file_in(const char *dir, const char *name)
{
	AUTO_FREE char *file = str_printf("%s.ini", name);
	AUTO_FREE char *path = path_join(dir, file, NULL);

	return path_exists(path) ? TAKE_PTR(path) : NULL;
}

static int not_there(char *const *dirs, const char *name, struct err *err)
{
	AUTO(str_done) struct str where = STR_INIT;
	AUTO(str_done) struct str all = STR_INIT;

	for (size_t i = 0; dirs[i]; i++) {
		char **names = NULL;

		if (inifile_list(dirs[i], &names, err) < 0)
			return -1;
		str_addf(&where, "%s%s", i ? ", " : "", dirs[i]);
		for (char **n = names; *n; n++)
			str_addf(&all, "%s%s", all.len ? ", " : "", *n);
		strv_free(names);
	}
	return err_set(err, ERR_MISSING, "no suite \"%s\" in %s (there are: %s)", name,
		       str_get(&where), str_get(&all));
}

static int load_from(char *const *dirs, const char *name, struct suite **ret_suite,
		     struct err *err)
{
	const char *dir = NULL;

	for (size_t i = 0; inifile_name_ok(name) && dirs[i]; i++) {
		AUTO_FREE char *path = file_in(dirs[i], name);
		AUTO_FREE char *before = dir && path ? file_in(dir, name) : NULL;

		if (before)
			return err_set(err, ERR_INPUT,
				       "%s: there is a suite of that name already, %s: "
				       "give yours another",
				       path, before);
		if (path)
			dir = dirs[i];
	}
	return dir ? suite_load(dir, name, ret_suite, err) : not_there(dirs, name, err);
}

int suites_load(const struct config *config, const char *name, struct suite **ret_suite,
		struct err *err)
{
	char **dirs;
	int rc;

	if (*config->suites_dir && !path_exists(config->suites_dir))
		return err_set(err, ERR_MISSING,
			       "sluice.suites_dir: %s: there is no such folder",
			       config->suites_dir);
	dirs = suites_dirs(config);
	rc = load_from(dirs, name, ret_suite, err);
	strv_free(dirs);
	return rc;
}

/* The first test of the suites before v[n] that has the program name; selftests of
 * the tree have names of their own. */
static const struct suite_test *find_program(struct suite *const *v, size_t n,
					     const char *program,
					     const struct suite **ret_suite)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; !v[i]->selftests && k < v[i]->ntests; k++)
			if (strcmp(v[i]->tests[k].program, program) == 0) {
				*ret_suite = v[i];
				return &v[i]->tests[k];
			}
	return NULL;
}

/* In the guest the programs of a suite of selftests are in a folder of its name. */
static int check_folders(struct suite *const *v, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		const struct suite_test *t;
		const struct suite *other = NULL;

		t = v[i]->selftests ? find_program(v, n, v[i]->name, &other) : NULL;
		if (t)
			return err_set(
				err, ERR_INPUT,
				"%s:%d: program: \"%s\" is also the name of the "
				"suite %s, and in the guest its selftests are in a "
				"folder of that name",
				other->path, t->line, t->program, v[i]->path);
	}
	return 0;
}

int suites_check_programs(struct suite *const *v, size_t n, struct err *err)
{
	/* Selftests of the tree have folders of their own. */
	for (size_t i = 1; i < n; i++)
		for (size_t k = 0; !v[i]->selftests && k < v[i]->ntests; k++) {
			const struct suite_test *t = &v[i]->tests[k], *o;
			const struct suite *other = NULL;

			o = find_program(v, i, t->program, &other);
			if (!o || suite_same_file(o, t))
				continue;
			return err_set(err, ERR_INPUT,
				       "%s:%d: program: \"%s\" is another file than that "
				       "of %s:%d, and in the guest they would have the "
				       "same name",
				       v[i]->path, t->line, t->program, other->path,
				       o->line);
		}
	return check_folders(v, n, err);
}
