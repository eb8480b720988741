#include "kernels/selftests_error.h"

#include <string.h>

#include "kernels/selftests_tree.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/str.h"

const struct selftests_library selftests_libraries[] = {
	{ "numa.h", "libnuma" },
	{ "numaif.h", "libnuma" },
	{ "sys/capability.h", "libcap" },
	{ "liburing.h", "liburing" },
	{ "keyutils.h", "libkeyutils" },
	{ "popt.h", "libpopt" },
	{ 0 },
};

/* ld's "cannot find -lnuma: No such file or directory" */
static char *library_of_linker(const char *text)
{
	const char *p = strstr(text, "cannot find -l");
	size_t n;

	if (!p)
		return NULL;
	p += strlen("cannot find -l");
	n = strspn(p,
		   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-.");
	return n ? str_printf("lib%.*s", (int)n, p) : NULL;
}

char *selftests_error_library(const struct buildlog_error *e)
{
	const char *missing = e ? strstr(e->text, ": No such file or directory") : NULL;

	if (!e)
		return NULL;
	for (const struct selftests_library *l = selftests_libraries;
	     missing && l->header; l++) {
		size_t n = strlen(l->header);
		size_t len = (size_t)(missing - e->text);

		if (len >= n && strncmp(missing - n, l->header, n) == 0 &&
		    (len == n || missing[-(long)n - 1] == ' '))
			return str_dup(l->library);
	}
	return library_of_linker(e->text);
}

/*
 * The compiler runs in the folder, and the log drops leading "../": the file is
 * looked for from there upwards.
 */
static char *file_of(const char *file, const char *src, const char *folder)
{
	AUTO_FREE char *dir = str_printf(SELFTESTS_DIR "/%s", folder);

	while (*file != '/') {
		char *name = *dir ? str_printf("%s/%s", dir, file) : str_dup(file);
		AUTO_FREE char *path = path_join(src, name, NULL);
		char *slash = strrchr(dir, '/');

		if (path_exists(path))
			return name;
		free(name);
		if (!*dir)
			break;
		*(slash ? slash : dir) = '\0';
	}
	return str_dup(file);
}

char *selftests_error_text(const struct buildlog_error *e, const char *reason,
			   const char *src, const char *folder)
{
	AUTO_FREE char *file = e && e->file ? file_of(e->file, src, folder) : NULL;

	if (!e)
		return str_dup(reason);
	if (file && e->line)
		return str_printf("%s:%d: %s", file, e->line, e->text);
	if (file)
		return str_printf("%s: %s", file, e->text);
	return str_dup(e->text);
}
