#include "daemon/quiet_store.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/quiet_record.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/sha256.h"
#include "lib/str.h"

#define RECORD_MAX (16UL << 20)
#define KEY_SHOWN 16 /* digits of the key that name the folder */
#define BOOTS_MAX 99999
#define DONE ".json"
#define RUNNING ".running"

struct quiet_store {
	char *dir, *boots;
	int64_t last; /* number that was given to a boot */
};

static char *boot_path(const struct quiet_store *s, long long n, const char *end)
{
	return str_printf("%s/%05lld%s", s->boots, n, end);
}

static int by_number(const void *a, const void *b)
{
	long long x = *(const long long *)a, y = *(const long long *)b;

	return x < y ? -1 : x > y;
}

/* The numbers of the files with that ending, sorted; the caller frees. */
static int list_boots(const struct quiet_store *s, const char *end, long long **ret,
		      size_t *ret_n, struct err *err)
{
	AUTO_DIR DIR *d = opendir(s->boots);
	AUTO_FREE long long *v = mem_alloc0(sizeof(*v));
	struct dirent *e;
	size_t n = 0;

	if (!d)
		return err_sys(err, "open %s", s->boots);
	while ((e = readdir(d))) {
		size_t len = strlen(e->d_name), tail = strlen(end);
		AUTO_FREE char *number = NULL;
		long long value;

		if (len <= tail || !str_ends(e->d_name, end))
			continue;
		number = str_ndup(e->d_name, len - tail);
		if (!str_to_ll(number, 1, BOOTS_MAX, &value))
			continue;
		v = mem_realloc(v, n + 1, sizeof(*v));
		v[n++] = value;
	}
	qsort(v, n, sizeof(*v), by_number);
	*ret = TAKE_PTR(v);
	*ret_n = n;
	return 0;
}

/* What cannot be read is lost, and says so. */
static struct json_object *record_load(const char *path, long long n)
{
	struct json_object *o = NULL;
	struct err err = { 0 };
	AUTO_FREE char *why = NULL;

	if (json_read_file(path, RECORD_MAX, &o, &err) == 0 &&
	    json_object_is_type(o, json_type_object))
		return o;
	json_object_put(o);
	o = json_object_new_object();
	json_set_int(o, "boot", n);
	json_set_str(o, "topology", "?");
	why = str_printf("its record cannot be read: %s",
			 err.code ? err.msg : "no object");
	quiet_record_lose(o, why);
	return o;
}

int quiet_store_end(struct quiet_store *s, struct json_object *record, struct err *err)
{
	long long n = json_int(record, "boot", 0);
	AUTO_FREE char *done = boot_path(s, n, DONE);
	AUTO_FREE char *running = boot_path(s, n, RUNNING);

	if (json_write_file(done, record, err) < 0)
		return -1;
	unlink(running);
	return 0;
}

/* Their supervisor is dead: we hold the lock, and it is not us. */
static int lose_running(struct quiet_store *s, struct err *err)
{
	AUTO_FREE long long *v = NULL;
	size_t n;
	int rc = list_boots(s, RUNNING, &v, &n, err);

	for (size_t i = 0; rc == 0 && i < n; i++) {
		AUTO_FREE char *running = boot_path(s, v[i], RUNNING);
		AUTO_FREE char *done = boot_path(s, v[i], DONE);
		AUTO_JSON struct json_object *o = NULL;

		/* Killed between the record and the removal of its marker. */
		if (path_exists(done)) {
			unlink(running);
			continue;
		}
		o = record_load(running, v[i]);
		if (!json_str(o, "state", NULL))
			quiet_record_lose(o, "sluice was killed while it ran");
		rc = quiet_store_end(s, o, err);
	}
	return rc;
}

static int find_last(struct quiet_store *s, struct err *err)
{
	AUTO_FREE long long *v = NULL;
	size_t n;

	if (list_boots(s, DONE, &v, &n, err) < 0)
		return -1;
	s->last = n ? v[n - 1] : 0;
	return 0;
}

int quiet_store_open(const char *state_dir, struct json_object *key,
		     struct quiet_store **ret_store, struct err *err)
{
	struct quiet_store *s = mem_alloc0(sizeof(*s));
	const char *text = json_object_to_json_string_ext(key, JSON_C_TO_STRING_PLAIN);
	AUTO_FREE char *name = NULL, *doc = NULL;
	char sha[SHA256_HEX];

	sha256_of(text, strlen(text), sha);
	name = str_ndup(sha, KEY_SHOWN);
	s->dir = path_join(state_dir, "quiet", name, NULL);
	s->boots = path_join(s->dir, "boots", NULL);
	doc = path_join(s->dir, "key.json", NULL);
	if (dir_make(s->boots, 0755, err) < 0 ||
	    (!path_exists(doc) && json_write_file(doc, key, err) < 0) ||
	    lose_running(s, err) < 0 || find_last(s, err) < 0) {
		quiet_store_free(s);
		return -1;
	}
	*ret_store = s;
	return 0;
}

void quiet_store_free(struct quiet_store *s)
{
	if (!s)
		return;
	free(s->dir);
	free(s->boots);
	free(s);
}

const char *quiet_store_dir(const struct quiet_store *s)
{
	return s->dir;
}

int quiet_store_begin(struct quiet_store *s, const struct topology *topology,
		      struct json_object **ret_record, struct err *err)
{
	AUTO_JSON struct json_object *o = quiet_record_new(s->last + 1, topology);
	AUTO_FREE char *path = boot_path(s, s->last + 1, RUNNING);

	if (s->last == BOOTS_MAX)
		return err_set(err, ERR_LIMIT, "%s: %d boots are the most", s->dir,
			       BOOTS_MAX);
	if (json_write_file(path, o, err) < 0)
		return -1;
	s->last++;
	*ret_record = TAKE_PTR(o);
	return 0;
}

int quiet_store_each(struct quiet_store *s, quiet_store_fn fn, void *arg, struct err *err)
{
	AUTO_FREE long long *v = NULL;
	size_t n;

	if (list_boots(s, DONE, &v, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		AUTO_FREE char *path = boot_path(s, v[i], DONE);
		AUTO_JSON struct json_object *o = record_load(path, v[i]);

		fn(o, arg);
	}
	return 0;
}

int quiet_store_keep(struct quiet_store *s, struct json_object *record, char **ret_dir,
		     struct err *err)
{
	AUTO_FREE char *name = str_printf("failed/%05lld-%s", json_int(record, "boot", 0),
					  json_str(record, "topology", "?"));
	AUTO_FREE char *dir = path_join(s->dir, name, NULL);

	if (dir_make(dir, 0755, err) < 0)
		return -1;
	json_set_str(record, "kept", name);
	*ret_dir = TAKE_PTR(dir);
	return 0;
}
