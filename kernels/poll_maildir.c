/*
 * A maildir: files are taken in the order in which they came to lie there, by
 * their ctime, which delivery by rename sets (an mtime may be as old as the mail),
 * then by name. So the cursor is the last file's pair of them. What is younger
 * than a moment waits: until the clock has moved on, one more file may come with
 * the same time, and a name that sorts before it. A first poll begins at a time that
 * the cursor keeps, whether it found a file or not.
 *
 * A file of the future came while the clock was wrong. It is taken at once, and its name
 * kept: the cursor stays in the present.
 */
#include "kernels/poll_list.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/str.h"

enum {
	FILES_MAX = 2000000,
	YOUNG_S = 2,
	AHEAD_S = 60,
	NAME_BYTES = 256 * 3, /* what is no UTF-8 becomes longer in a cursor */
};

struct entry {
	long long time; /* ns */
	char *path;
	const char *name; /* in path; in cur/ without the flags */
	size_t name_len;
	bool ahead;
};

struct folder {
	struct entry *v;
	size_t n, cap;
	long long floor; /* ns: what the first poll began with */
	long long after; /* the cursor */
	char after_name[NAME_BYTES];
	long long young;   /* ns: from here on, wait */
	long long ahead;   /* ns: from here on the clock was wrong when it came */
	struct seen *seen; /* of those */
	bool waiting;
};

static void folder_done(struct folder *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->v[i].path);
	free(f->v);
	seen_free(f->seen);
}

static int compare(long long at, const char *a, size_t na, long long bt, const char *b,
		   size_t nb)
{
	int c;

	if (at != bt)
		return at < bt ? -1 : 1;
	c = memcmp(a, b, na < nb ? na : nb);
	return c ? c : (na > nb) - (na < nb);
}

static int by_time(const void *pa, const void *pb)
{
	const struct entry *a = pa, *b = pb;

	return compare(a->time, a->name, a->name_len, b->time, b->name, b->name_len);
}

static long long wall_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (long long)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Is it the one the cursor names? JSON has names as UTF-8 only. */
static bool is_last(const struct folder *f, const struct entry *e, const char *name)
{
	AUTO_FREE char *bare = str_ndup(name, e->name_len);
	AUTO_JSON struct json_object *o = NULL;

	if (e->time != f->after)
		return false;
	o = json_object_new_object();
	json_set_str(o, "name", bare);
	return !strcmp(json_str(o, "name", ""), f->after_name);
}

static bool is_seen(const struct folder *f, const struct entry *e, const char *name)
{
	AUTO_FREE char *bare = str_ndup(name, e->name_len);

	return seen_has(f->seen, bare);
}

static void consider(struct folder *f, const char *dir, const char *name,
		     const struct stat *st)
{
	struct entry e = { .time = (long long)st->st_ctim.tv_sec * 1000000000 +
				   st->st_ctim.tv_nsec };

	e.name_len = strcspn(name, ":");
	if (compare(e.time, name, e.name_len, f->after, f->after_name,
		    strlen(f->after_name)) <= 0 ||
	    is_last(f, &e, name))
		return;
	e.ahead = e.time >= f->ahead;
	if (e.ahead && is_seen(f, &e, name))
		return;
	if (e.time >= f->young && !e.ahead) {
		f->waiting = true;
		return;
	}
	if (f->n == f->cap) {
		f->cap = f->cap ? f->cap * 2 : 256;
		f->v = mem_realloc(f->v, f->cap, sizeof(*f->v));
	}
	e.path = path_join(dir, name, NULL);
	e.name = e.path + strlen(e.path) - strlen(name);
	f->v[f->n++] = e;
}

static int scan(struct folder *f, const char *maildir, const char *sub, struct err *err)
{
	AUTO_FREE char *path = path_join(maildir, sub, NULL);
	AUTO_DIR DIR *dir = opendir(path);
	struct dirent *d;
	struct stat st;

	if (!dir)
		return err_sys(err, "open %s", path);
	while ((d = readdir(dir))) {
		if (d->d_name[0] == '.' ||
		    fstatat(dirfd(dir), d->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		if (f->n >= FILES_MAX)
			return err_set(err, ERR_LIMIT, "%s: over %d new files", path,
				       FILES_MAX);
		consider(f, path, d->d_name, &st);
	}
	return 0;
}

static void write_cursor(struct poll *p, const struct folder *f)
{
	struct json_object *o = json_object_new_object();

	json_set_int(o, "time", f->after);
	json_set_str(o, "name", f->after_name);
	json_set_int(o, "floor", f->floor);
	json_set(o, "ahead", seen_json(f->seen));
	poll_set_cursor(p, o);
}

static void move_cursor(struct folder *f, const struct entry *e)
{
	AUTO_FREE char *name = str_ndup(e->name, e->name_len);

	if (e->ahead) {
		seen_add(f->seen, name);
		return;
	}
	f->after = e->time;
	snprintf(f->after_name, sizeof(f->after_name), "%s", name);
}

/* A file that somebody moved on meanwhile will come again under its new time. */
static int take_file(struct poll *p, const struct entry *e, struct err *err)
{
	struct err why = { .code = ERR_NONE };
	AUTO_FREE char *mail = NULL;
	size_t len;

	if (file_read(e->path, p->limits.mail_bytes, &mail, &len, &why) < 0) {
		if (why.code != ERR_MISSING) {
			poll_note(p, "%s", why.msg);
			p->skipped++;
		}
		return 0;
	}
	return poll_add(p, e->path, mail, len, true, err);
}

int poll_maildir(struct poll *p, struct err *err)
{
	AUTO(folder_done) struct folder f = { .v = NULL };
	long long now = wall_ns();
	long long begin = p->since ? p->since * 1000000000 : -1;
	int rc = 0;

	f.floor = json_int(p->cursor, "floor", p->cursor ? -1 : begin);
	f.after = json_int(p->cursor, "time", f.floor);
	snprintf(f.after_name, sizeof(f.after_name), "%s",
		 json_str(p->cursor, "name", ""));
	f.seen = seen_new(json_arr(p->cursor, "ahead"));
	f.young = now - YOUNG_S * 1000000000LL;
	f.ahead = now + AHEAD_S * 1000000000LL;
	if (f.after > now) {
		poll_note(p,
			  "%s: the clock was set back: it is read again from where "
			  "the first poll began",
			  p->path);
		if (f.floor > now)
			f.floor = begin;
		f.after = f.floor;
		f.after_name[0] = '\0';
	}
	if (scan(&f, p->path, "new", err) < 0 || scan(&f, p->path, "cur", err) < 0)
		return -1;
	if (f.n)
		qsort(f.v, f.n, sizeof(*f.v), by_time);
	for (size_t i = 0; !rc && i < f.n && !poll_full(p); i++) {
		rc = take_file(p, &f.v[i], err);
		if (!rc)
			move_cursor(&f, &f.v[i]);
	}
	write_cursor(p, &f);
	if (f.waiting)
		p->again = YOUNG_S + 1;
	return rc;
}
