#include "kernels/selftests_tree.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/str.h"

static bool is_dir(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_link(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* "", "tools", "tools/testing", ... the folder itself; strv_free. */
static char **levels_of(const char *folder)
{
	AUTO_FREE char *path = str_printf(SELFTESTS_DIR "/%s", folder);
	char **v = mem_alloc0((strlen(path) + 3) * sizeof(*v));
	size_t n = 0;

	v[n++] = str_dup("");
	for (char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/'))
		v[n++] = str_ndup(path, (size_t)(slash - path));
	v[n] = str_dup(path);
	return v;
}

bool selftests_tree_has(const char *src, const char *folder)
{
	char **levels = levels_of(folder);
	bool has = true;

	/* The sources themselves may be called by a symlink. */
	for (size_t i = 1; has && levels[i]; i++) {
		AUTO_FREE char *path = path_join(src, levels[i], NULL);

		has = is_dir(path);
	}
	strv_free(levels);
	return has;
}

static int remove_links(const char *dir, struct err *err)
{
	AUTO_DIR DIR *d = opendir(dir);
	struct dirent *e;

	if (!d)
		return err_sys(err, "open %s", dir);
	while ((e = readdir(d))) {
		AUTO_FREE char *path = path_join(dir, e->d_name, NULL);

		if (is_link(path) && unlink(path) < 0)
			return err_sys(err, "remove %s", path);
	}
	return 0;
}

/* The sources win over what a rule has left under the same name. */
static int link_all(const char *from, const char *to, const char *but, struct err *err)
{
	AUTO_DIR DIR *d = opendir(from);
	struct dirent *e;

	if (!d)
		return err_sys(err, "open %s", from);
	while ((e = readdir(d))) {
		AUTO_FREE char *target = path_join(from, e->d_name, NULL);
		AUTO_FREE char *path = path_join(to, e->d_name, NULL);

		if (is_dots(e->d_name) || (but && strcmp(e->d_name, but) == 0))
			continue;
		if (tree_remove(path, err) < 0)
			return -1;
		if (symlink(target, path) < 0)
			return err_sys(err, "create %s", path);
	}
	return 0;
}

/* but: the entry that is a level of its own, NULL at the last. */
static int make_level(const char *from, const char *to, const char *but, struct err *err)
{
	if (!is_dir(to) && tree_remove(to, err) < 0)
		return -1;
	if (mkdir(to, 0755) < 0 && errno != EEXIST)
		return err_sys(err, "create %s", to);
	if (remove_links(to, err) < 0)
		return -1;
	return link_all(from, to, but, err);
}

int selftests_tree_make(const char *src, const char *dir, const char *folder,
			struct err *err)
{
	char **levels = levels_of(folder);
	int rc = 0;

	for (size_t i = 0; rc == 0 && levels[i]; i++) {
		AUTO_FREE char *from = path_join(src, levels[i], NULL);
		AUTO_FREE char *to = path_join(dir, levels[i], NULL);
		const char *next = levels[i + 1] ? strrchr(levels[i + 1], '/') : NULL;

		if (levels[i + 1])
			next = next ? next + 1 : levels[i + 1];
		rc = make_level(from, to, next, err);
	}
	strv_free(levels);
	return rc;
}
