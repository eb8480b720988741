#include "daemon/keep.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon/disk.h"
#include "db/keep.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/sha256.h"
#include "lib/str.h"

struct keep {
	const struct keep_opts *o;
	struct keep_report *report;
	struct keep_item *items;
	char **names; /* of each: sha256, or a path below the state folder */
	size_t n;
	int64_t now, until; /* until: monotonic seconds; 0: no end */
};

static int64_t monotonic_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static bool time_is_up(struct keep *k)
{
	if (k->until && monotonic_s() >= k->until)
		k->report->more = true;
	return k->report->more;
}

static void add(struct keep *k, const struct keep_item *item, const char *name)
{
	/* Grown by halves: there may be 100,000 of them. */
	if ((k->n & (k->n - 1)) == 0) {
		size_t room = k->n ? k->n * 2 : 1;

		k->items = mem_realloc(k->items, room, sizeof(*k->items));
		k->names = mem_realloc(k->names, room, sizeof(*k->names));
	}
	k->items[k->n] = *item;
	k->names[k->n++] = str_dup(name);
}

/* ---- what is there ---- */

static int add_artifacts(struct keep *k, struct err *err)
{
	static const enum keep_kind kinds[] = {
		[KEEP_FOR_NOTHING] = KEEP_OTHER,
		[KEEP_FOR_BOOTS] = KEEP_IMAGE,
		[KEEP_FOR_READERS] = KEEP_LOG,
		[KEEP_AS_MAIL] = KEEP_MAIL,
	};
	struct keep_artifact *list;
	size_t n;

	if (keep_artifact_list(k->o->db, &list, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct keep_item item = { .kind = kinds[list[i].use],
					  .used = list[i].used,
					  .bytes = list[i].bytes,
					  .pinned = list[i].pinned };

		add(k, &item, list[i].sha256);
	}
	keep_artifact_list_free(list, n);
	return 0;
}

/* Folders of bases are measured once: they do not change, and have 80,000 files. */
static int measure(struct keep *k, const char *name, const char *path, bool is_base,
		   int64_t *ret, struct err *err)
{
	int known = is_base ? keep_size_get(k->o->db, name, ret, err) : 0;

	if (known)
		return known < 0 ? -1 : 0;
	if (time_is_up(k))
		return 0;
	*ret = tree_size(path);
	if (!is_base || k->o->dry_run)
		return 0;
	return keep_size_put(k->o->db, name, *ret, err);
}

struct place {
	enum keep_kind kind;
	const char *folder, *prefix, *suffix;
	const char *used; /* below it: what has the time of its last use */
};

static const struct place places[] = {
	{ KEEP_SERIES, "series", "", ".git", "" },
	{ KEEP_OUT, "out", "base-", "", "" },
	{ KEEP_SRC, "src", "base-", "", "" },
	{ KEEP_QUIET, "quiet", "", "", "boots" },
};

static int add_folder(struct keep *k, const struct place *p, const char *entry,
		      struct err *err)
{
	AUTO_FREE char *name = path_join(p->folder, entry, NULL);
	AUTO_FREE char *path = path_join(k->o->state_dir, name, NULL);
	AUTO_FREE char *used = path_join(path, p->used, NULL);
	bool is_base = p->kind == KEEP_OUT || p->kind == KEEP_SRC;
	struct keep_item item = { .kind = p->kind };
	struct stat st;

	if ((lstat(used, &st) < 0 && lstat(path, &st) < 0) || !S_ISDIR(st.st_mode))
		return 0;
	item.used = st.st_mtime;
	if (measure(k, name, path, is_base, &item.bytes, err) < 0)
		return -1;
	add(k, &item, name);
	return 0;
}

/* What lost its name already; of src/ and out/ whoever runs next clears it away, too. */
static int remove_rest(struct keep *k, const struct place *p, const char *entry,
		       struct err *err)
{
	AUTO_FREE char *path = path_join(k->o->state_dir, p->folder, entry, NULL);

	return k->o->dry_run ? 0 : tree_remove(path, err);
}

static int add_folders(struct keep *k, const struct place *p, struct err *err)
{
	AUTO_FREE char *dir = path_join(k->o->state_dir, p->folder, NULL);
	AUTO_DIR DIR *d = opendir(dir);
	struct dirent *e;
	int rc = 0;

	if (!d)
		return errno == ENOENT ? 0 : err_sys(err, "open %s", dir);
	while (rc == 0 && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		if (str_ends(e->d_name, ".tmp"))
			rc = remove_rest(k, p, e->d_name, err);
		else if (str_starts(e->d_name, p->prefix) &&
			 str_ends(e->d_name, p->suffix))
			rc = add_folder(k, p, e->d_name, err);
	}
	return rc;
}

/* ---- what is wanted ---- */

static struct keep_want want_of(const struct keep *k)
{
	const struct config *c = k->o->config;
	const char *dir = k->o->state_dir;
	struct keep_want w = { .now = k->now,
			       .newest = (int64_t)c->keep_newest_ms / 1000 };
	/* Caches cost time, images more of it, and logs are evidence. */
	int64_t caches = disk_lack(dir, c->daemon_min_free * 2);
	int64_t images = disk_lack(dir, c->daemon_min_free * 3 / 2);
	int64_t logs = disk_lack(dir, c->daemon_min_free);

	w.rules[KEEP_SERIES].age = (int64_t)c->keep_series_ms / 1000;
	w.rules[KEEP_OUT] = (struct keep_rule){ (int64_t)c->keep_folders_ms / 1000,
						(int64_t)c->keep_folders_bytes };
	w.rules[KEEP_OTHER].age = w.newest;
	w.rules[KEEP_IMAGE] = (struct keep_rule){ (int64_t)c->keep_images_ms / 1000,
						  (int64_t)c->keep_images_bytes };
	w.rules[KEEP_LOG] = (struct keep_rule){ (int64_t)c->keep_logs_ms / 1000,
						(int64_t)c->keep_logs_bytes };
	w.rules[KEEP_QUIET].age = (int64_t)c->keep_quiet_ms / 1000;
	w.rules[KEEP_MAIL].age = (int64_t)c->keep_mails_ms / 1000;
	w.lack[KEEP_SERIES] = w.lack[KEEP_OUT] = w.lack[KEEP_SRC] = caches;
	w.lack[KEEP_OTHER] = caches;
	w.lack[KEEP_IMAGE] = images;
	w.lack[KEEP_LOG] = logs;
	return w;
}

/* ---- dropping ---- */

/* 1 when it is gone. */
static int drop_folder(struct keep *k, const char *name, struct err *err)
{
	AUTO_FREE char *path = path_join(k->o->state_dir, name, NULL);
	AUTO_FREE char *tmp = str_printf("%s.tmp", path);

	if (tree_remove(tmp, err) < 0)
		return -1;
	if (rename(path, tmp) < 0)
		return errno == ENOENT ? 0 : err_sys(err, "rename %s", path);
	if (keep_size_forget(k->o->db, name, err) < 0 || tree_remove(tmp, err) < 0)
		return -1;
	return 1;
}

static int drop(struct keep *k, size_t at, const struct keep_want *w, struct err *err)
{
	const struct keep_item *it = &k->items[at];
	struct keep_sum *sum = &k->report->sums[it->kind][it->why];
	int done = 1;

	if (!k->o->dry_run && strchr(k->names[at], '/'))
		done = drop_folder(k, k->names[at], err);
	else if (!k->o->dry_run)
		done = artifact_drop(k->o->artifacts, k->names[at], w->now - w->newest,
				     err);
	if (done > 0) {
		sum->n++;
		sum->bytes += it->bytes;
	}
	return done < 0 ? -1 : 0;
}

static int drop_chosen(struct keep *k, struct err *err)
{
	struct keep_want w = want_of(k);
	AUTO_FREE size_t *order = NULL;
	size_t n = keep_choose(k->items, k->n, &w, &order);
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0 && !time_is_up(k); i++)
		rc = drop(k, order[i], &w, err);
	if (rc == 0 && !k->o->dry_run && k->o->config->keep_mails_ms)
		rc = keep_drop_raw(k->o->db, w.now - w.rules[KEEP_MAIL].age, err);
	return rc;
}

/* ---- files without a row ---- */

static bool is_artifact_name(const char *name)
{
	size_t hex = strspn(name, "0123456789abcdef");

	return hex == SHA256_HEX - 1 && (!name[hex] || strcmp(name + hex, ".zst") == 0);
}

static int drop_strays_in(struct keep *k, const char *dir, struct err *err)
{
	AUTO_DIR DIR *d = opendir(dir);
	int64_t until = k->now - (int64_t)k->o->config->keep_newest_ms / 1000;
	struct dirent *e;

	while (d && (e = readdir(d)) && !time_is_up(k)) {
		struct keep_sum *sum = &k->report->sums[KEEP_OTHER][KEEP_AGE];
		AUTO_FREE char *path = path_join(dir, e->d_name, NULL);
		struct stat st;
		int r;

		if (!is_artifact_name(e->d_name) || lstat(path, &st) < 0 ||
		    st.st_ctime > until)
			continue;
		r = artifact_drop_stray(k->o->artifacts, e->d_name, err);
		if (r < 0)
			return -1;
		sum->n += r;
		sum->bytes += r ? (int64_t)st.st_blocks * 512 : 0;
	}
	return 0;
}

static int drop_strays(struct keep *k, struct err *err)
{
	int rc = 0;

	for (int shard = 0; shard < 256 && rc == 0 && !k->o->dry_run; shard++) {
		AUTO_FREE char *dir =
			str_printf("%s/artifacts/%02x", k->o->state_dir, shard);

		rc = drop_strays_in(k, dir, err);
	}
	return rc;
}

int keep_run(const struct keep_opts *o, struct keep_report *ret, struct err *err)
{
	struct keep k = { .o = o,
			  .report = ret,
			  .now = (int64_t)time(NULL),
			  .until = o->seconds ? monotonic_s() + o->seconds : 0 };
	int rc;

	memset(ret, 0, sizeof(*ret));
	rc = add_artifacts(&k, err);
	for (size_t i = 0; i < ARRAY_SIZE(places) && rc == 0; i++)
		rc = add_folders(&k, &places[i], err);
	if (rc == 0)
		rc = drop_chosen(&k, err);
	if (rc == 0)
		rc = drop_strays(&k, err);
	for (size_t i = 0; i < k.n; i++)
		free(k.names[i]);
	free(k.names);
	free(k.items);
	return rc;
}
