#include "kernels/selftests_inputs.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "kernels/selftests_tree.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/str.h"

#define DEPS_MAX (64u << 20)
#define DEPTH_MAX 8

char *selftests_inputs_env(const char *deps)
{
	/* A second word is the target; it is of no interest here. */
	return str_printf("SUNPRO_DEPENDENCIES=%s all", deps);
}

/* "size seconds.nanoseconds", or NULL for what is not there. */
static char *stamp_of(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return NULL;
	return str_printf("%lld %lld.%09ld", (long long)st.st_size,
			  (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

static void add(struct json_object *o, const char *path)
{
	AUTO_FREE char *stamp = stamp_of(path);

	if (stamp)
		json_set_str(o, path, stamp);
}

/* All files below, or only those in it. Folders count by what is in them. */
static void add_folder(struct json_object *o, const char *dir, int depth)
{
	AUTO_DIR DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		AUTO_FREE char *path = path_join(dir, e->d_name, NULL);
		struct stat st;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
		    lstat(path, &st) < 0)
			continue;
		if (!S_ISDIR(st.st_mode))
			add(o, path);
		else if (depth > 0)
			add_folder(o, path, depth - 1);
	}
}

static struct json_object *folder_now(const char *src, const char *folder)
{
	AUTO_FREE char *top = path_join(src, SELFTESTS_DIR, NULL);
	AUTO_FREE char *dir = path_join(top, folder, NULL);
	struct json_object *o = json_object_new_object();

	add_folder(o, top, 0);
	add_folder(o, dir, DEPTH_MAX);
	return o;
}

/* A makefile's rules: "all: a.c /usr/include/b.h \" and so on. */
static void add_deps(struct json_object *o, char *text, const char *cwd)
{
	char *save = NULL;

	for (char *w = strtok_r(text, " \t\n", &save); w;
	     w = strtok_r(NULL, " \t\n", &save)) {
		AUTO_FREE char *path = NULL;

		if (strcmp(w, "\\") == 0 || str_ends(w, ":"))
			continue;
		path = *w == '/' ? str_dup(w) : path_join(cwd, w, NULL);
		if (!json_object_object_get_ex(o, path, NULL))
			add(o, path);
	}
}

int selftests_inputs_write(const char *list, const char *src, const char *folder,
			   const char *deps, const char *cwd, struct err *err)
{
	AUTO_JSON struct json_object *doc = json_object_new_object();
	struct json_object *files = json_object_new_object();
	AUTO_FREE char *text = NULL;

	json_set(doc, "folder", folder_now(src, folder));
	json_set(doc, "files", files);
	if (path_exists(deps)) {
		if (file_read(deps, DEPS_MAX, &text, NULL, err) < 0)
			return -1;
		add_deps(files, text, cwd);
	}
	return json_write_file(list, doc, err);
}

static bool files_same(struct json_object *files)
{
	json_object_object_foreach(files, path, stamp)
	{
		AUTO_FREE char *now = stamp_of(path);
		const char *then = json_object_get_string(stamp);

		if (!now || !then || strcmp(now, then) != 0)
			return false;
	}
	return true;
}

bool selftests_inputs_same(const char *list, const char *src, const char *folder)
{
	AUTO_JSON struct json_object *doc = NULL;
	AUTO_JSON struct json_object *now = folder_now(src, folder);

	if (json_read_file(list, DEPS_MAX, &doc, NULL) < 0 || !json_obj(doc, "files"))
		return false;
	/* Nothing read: this compiler does not tell, and nothing is known. */
	return json_object_object_length(json_obj(doc, "files")) > 0 &&
	       json_object_equal(now, json_obj(doc, "folder")) &&
	       files_same(json_obj(doc, "files"));
}
