#include "runners/inifile.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/str.h"

#define FILE_MAX_BYTES (256u << 10)

bool inifile_name_ok(const char *name)
{
	if (!name[0] || name[0] == '-' || strlen(name) > 64)
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && *name != '-' && *name != '_')
			return false;
	return true;
}

static int not_there(const char *dir, const char *kind, const char *name, struct err *err)
{
	AUTO(str_done) struct str all = STR_INIT;
	char **names = NULL;

	if (inifile_list(dir, &names, err) < 0)
		return -1;
	for (char **n = names; *n; n++)
		str_addf(&all, "%s%s", n == names ? "" : ", ", *n);
	strv_free(names);
	return err_set(err, ERR_MISSING, "no %s \"%s\" in %s (there are: %s)", kind, name,
		       dir, str_get(&all));
}

int inifile_read(const char *dir, const char *kind, const char *name, char **ret_path,
		 char **ret_text, struct err *err)
{
	AUTO_FREE char *file = str_printf("%s.ini", name);
	AUTO_FREE char *path = path_join(dir, file, NULL);
	size_t len;

	if (!inifile_name_ok(name) || !path_exists(path))
		return not_there(dir, kind, name, err);
	if (file_read(path, FILE_MAX_BYTES, ret_text, &len, err) < 0)
		return -1;
	*ret_path = TAKE_PTR(path);
	return 0;
}

int inifile_complaints(const struct conf *c, struct err *err)
{
	AUTO(str_done) struct str all = STR_INIT;
	size_t n = conf_complaints(c);

	if (n == 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		str_addf(&all, "%s%s", i ? "; " : "", conf_complaint(c, i));
	return err_set(err, ERR_INPUT, "%s", str_get(&all));
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int inifile_list(const char *dir, char ***ret_names, struct err *err)
{
	AUTO_DIR DIR *d = opendir(dir);
	char **names = mem_alloc0(sizeof(*names));
	struct dirent *e;
	size_t n = 0;

	if (!d) {
		free(names);
		return err_sys(err, "%s", dir);
	}
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.' || !str_ends(e->d_name, ".ini"))
			continue;
		names = mem_realloc(names, n + 2, sizeof(*names));
		names[n++] = str_ndup(e->d_name, strlen(e->d_name) - 4);
		names[n] = NULL;
	}
	qsort(names, n, sizeof(*names), by_name);
	*ret_names = names;
	return 0;
}
