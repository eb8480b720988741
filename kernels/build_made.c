#include "kernels/build_made.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "kernels/deps.h"
#include "kernels/notbuilt.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/str.h"

#define CMD_MAX (4 * 1024 * 1024)

struct timespec build_made_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME_COARSE, &ts);
	return ts;
}

/* A name from make's output may be a trap. */
static bool inside(const char *target)
{
	return *target && *target != '/' && !strstr(target, "..");
}

/* out/mm/.mlock.o.cmd for "mm/mlock.o"; the caller frees. */
static char *cmd_path(const struct build_made *m, const char *target)
{
	const char *slash = strrchr(target, '/');
	const char *name = slash ? slash + 1 : target;

	return str_printf("%s/%.*s.%s.cmd", m->out, (int)(name - target), target, name);
}

static bool regular(const char *path, struct stat *st)
{
	return lstat(path, st) == 0 && S_ISREG(st->st_mode);
}

static bool since(const struct timespec *t, const struct timespec *start)
{
	return t->tv_sec > start->tv_sec ||
	       (t->tv_sec == start->tv_sec && t->tv_nsec >= start->tv_nsec);
}

static bool made(const struct build_made *m, const char *target)
{
	AUTO_FREE char *cmd = cmd_path(m, target);
	struct stat st;

	if (strcmp(target, ".config") == 0)
		return m->configured;
	return inside(target) && regular(cmd, &st) && since(&st.st_mtim, &m->start);
}

struct json_object *build_made_targets(const struct build_made *m, struct buildlog *log)
{
	struct json_object *all = json_object_new_object();
	struct json_object *failed = buildlog_failed(log);

	json_object_object_foreach(buildlog_targets(log), target, list)
	{
		if (m->complete || (!json_flag(failed, target, false) && made(m, target)))
			json_set(all, target, json_object_get(list));
	}
	return all;
}

struct pending {
	const struct build_made *m;
	struct json_object *set;
};

static void add_unmade(struct pending *p, const char *object)
{
	if (!made(p->m, object))
		json_set_bool(p->set, object, true);
}

static void on_dependent(size_t file, const char *object, void *arg)
{
	(void)file;
	if (str_ends(object, ".o"))
		add_unmade(arg, object);
}

/* The object a source file would give, whether there was one before or not. */
static void add_own_object(struct pending *p, const char *file)
{
	AUTO_FREE char *object = NULL;

	if (!str_ends(file, ".c") && !str_ends(file, ".S"))
		return;
	object = str_printf("%.*s.o", (int)strlen(file) - 2, file);
	add_unmade(p, object);
}

/* A folder's Makefile may change the flags of all its objects. */
static void add_folder(struct pending *p, const char *makefile)
{
	const char *slash = strrchr(makefile, '/');
	AUTO_FREE char *folder =
		str_ndup(makefile, slash ? (size_t)(slash - makefile) : 0);
	AUTO_FREE char *path = path_join(p->m->out, folder, NULL);
	AUTO_DIR DIR *d = opendir(path);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		AUTO_FREE char *object = NULL;
		size_t n = strlen(e->d_name);

		if (e->d_name[0] != '.' || !str_ends(e->d_name, ".o.cmd"))
			continue;
		object = str_printf("%s/%.*s", folder, (int)n - 5, e->d_name + 1);
		add_unmade(p, object);
	}
}

static void add_announced(struct pending *p, struct buildlog *log)
{
	json_object_object_foreach(buildlog_targets(log), target, list)
	{
		(void)list;
		if (buildlog_is_compiled(log, target))
			add_unmade(p, target);
	}
	json_object_object_foreach(buildlog_failed(log), name, yes)
	{
		(void)yes;
		if (str_ends(name, ".o"))
			json_set_bool(p->set, name, true);
	}
}

int build_made_pending(const struct build_made *m, struct buildlog *log,
		       char *const *changed, struct json_object **ret_pending,
		       bool *ret_all, struct err *err)
{
	AUTO_JSON struct json_object *set = json_object_new_object();
	struct pending p = { .m = m, .set = set };
	bool all = false;

	for (size_t i = 0; changed[i]; i++) {
		switch (file_role(changed[i])) {
		case FILE_CONFIGURE:
		case FILE_KCONFIG:
			all = true;
			break;
		case FILE_MAKEFILE:
			add_folder(&p, changed[i]);
			break;
		case FILE_SOURCE:
			add_own_object(&p, changed[i]);
			break;
		case FILE_NEVER:
			break;
		}
	}
	add_announced(&p, log);
	if (deps_scan(m->src, m->out, (const char *const *)changed, strv_len(changed),
		      on_dependent, &p, err) < 0)
		return -1;
	*ret_pending = json_object_get(set);
	*ret_all = all;
	return 0;
}

void build_made_drop_partial(const struct build_made *m, struct buildlog *log)
{
	if (!m->killed)
		return;
	json_object_object_foreach(buildlog_targets(log), target, list)
	{
		AUTO_FREE char *cmd = cmd_path(m, target);
		AUTO_FREE char *path = path_join(m->out, target, NULL);
		struct stat st, st_cmd;

		(void)list;
		if (inside(target) && regular(path, &st) && regular(cmd, &st_cmd) &&
		    since(&st.st_mtim, &m->start) && !since(&st_cmd.st_mtim, &m->start))
			unlink(path);
	}
}

/* The value of "source_mm/a.o := /src/mm/a.c" in a .cmd file, or NULL. */
static char *cmd_source(const char *cmd)
{
	AUTO_FREE char *text = NULL;
	const char *at;
	struct stat st;

	if (!regular(cmd, &st) || file_read(cmd, CMD_MAX, &text, NULL, NULL) < 0)
		return NULL;
	at = str_starts(text, "source_") ? text : strstr(text, "\nsource_");
	at = at ? strstr(at, " := ") : NULL;
	return at ? str_ndup(at + 4, strcspn(at + 4, " \n")) : NULL;
}

bool build_made_gone(const struct build_made *m, const char *object)
{
	AUTO_FREE char *path = path_join(m->out, object, NULL);
	AUTO_FREE char *cmd = cmd_path(m, object);
	AUTO_FREE char *source = NULL;
	AUTO_FREE char *absolute = NULL;

	if (strcmp(object, ".config") == 0 || strcmp(object, "make") == 0)
		return false;
	if (!str_ends(object, ".o"))
		return false;
	if (!inside(object) || !path_exists(path))
		return true;
	source = cmd_source(cmd);
	if (!source)
		return false;
	absolute = *source == '/' ? str_dup(source) : path_join(m->out, source, NULL);
	return !path_exists(absolute);
}
