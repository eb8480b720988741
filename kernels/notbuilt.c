#include "kernels/notbuilt.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/deps.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/str.h"

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_named(const char *name, const char *stem)
{
	size_t n = strlen(stem);

	return strncmp(name, stem, n) == 0 &&
	       (!name[n] || name[n] == '.' || name[n] == '_');
}

/* The configuration, or the flags of all objects, hang on these. */
static bool steers_all(const char *path)
{
	static const char *const prefixes[] = {
		"scripts/Makefile", "scripts/Kbuild", "scripts/Kconfig",
		"scripts/kconfig/", "scripts/basic/", "kernel/configs/",
	};
	const char *slash;

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (str_starts(path, prefixes[i]))
			return true;
	if (strcmp(path, "Makefile") == 0 || strcmp(path, "Kbuild") == 0)
		return true;
	/* scripts/cc-version.sh, scripts/pahole-flags.sh, scripts/gcc-….sh */
	if (str_starts(path, "scripts/") && str_ends(path, ".sh") &&
	    !strchr(path + strlen("scripts/"), '/'))
		return true;
	if (!str_starts(path, "arch/"))
		return false;
	slash = strchr(path + strlen("arch/"), '/');
	return slash && (str_starts(slash, "/Makefile") ||
			 str_starts(slash, "/configs/") || strcmp(slash, "/Kbuild") == 0);
}

enum file_role file_role(const char *path)
{
	static const char *const never[] = {
		"Documentation/", "LICENSES/", "MAINTAINERS", "CREDITS",
		"COPYING",        "README",    ".",
	};
	const char *name = base_name(path);

	for (size_t i = 0; i < ARRAY_SIZE(never); i++)
		if (str_starts(path, never[i]))
			return FILE_NEVER;
	if (is_named(name, "Kconfig"))
		return str_starts(path, "scripts/") ? FILE_CONFIGURE : FILE_KCONFIG;
	if (steers_all(path))
		return FILE_CONFIGURE;
	if (is_named(name, "Makefile") || is_named(name, "Kbuild"))
		return FILE_MAKEFILE;
	return FILE_SOURCE;
}

/* A folder is entered when kbuild left anything of its own there. */
static bool folder_entered(const char *out, const char *file)
{
	const char *name = base_name(file);
	AUTO_FREE char *folder = str_ndup(file, (size_t)(name - file));
	AUTO_FREE char *path = path_join(out, folder, NULL);
	AUTO_DIR DIR *d = opendir(path);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (strcmp(e->d_name, "built-in.a") == 0 ||
		    (e->d_name[0] == '.' && str_ends(e->d_name, ".cmd")))
			return true;
	return false;
}

struct found {
	bool *built;
};

static void mark_built(size_t file, const char *object, void *arg)
{
	struct found *f = arg;

	(void)object;
	f->built[file] = true;
}

static bool built_without_scan(const char *out, const char *file)
{
	switch (file_role(file)) {
	case FILE_CONFIGURE:
		/* Another architecture's Makefile is not ours. */
		return !str_starts(file, "arch/") || folder_entered(out, file);
	case FILE_MAKEFILE:
	case FILE_KCONFIG:
		return folder_entered(out, file);
	case FILE_NEVER:
	case FILE_SOURCE:
		break;
	}
	return false;
}

int notbuilt_find(const char *src, const char *out, char *const *changed,
		  char ***ret_files, struct err *err)
{
	size_t n = strv_len(changed), k = 0;
	AUTO_FREE bool *built = mem_alloc0(n + 1);
	struct found f = { .built = built };
	bool scan = false;
	char **list;

	for (size_t i = 0; i < n; i++) {
		built[i] = built_without_scan(out, changed[i]);
		scan = scan || (!built[i] && file_role(changed[i]) != FILE_NEVER);
	}
	if (scan &&
	    deps_scan(src, out, (const char *const *)changed, n, mark_built, &f, err) < 0)
		return -1;
	list = mem_alloc0((n + 1) * sizeof(*list));
	for (size_t i = 0; i < n; i++)
		if (!built[i])
			list[k++] = str_dup(changed[i]);
	*ret_files = list;
	return 0;
}
