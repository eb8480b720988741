#include "kernels/deps.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/cleanup.h"
#include "lib/json.h"
#include "lib/str.h"

#define CMD_MAX (4 * 1024 * 1024)
#define DEPTH_MAX 32
#define ENTRIES_MAX 500000

struct scan {
	const char *src, *out;
	size_t src_len, out_len;
	struct json_object *wanted; /* {path: index} */
	bool *hit;                  /* of the file being read, by index */
	size_t n;
	deps_fn fn;
	void *arg;
	int entries;
};

/* The word as a path relative to src or out; words end at white space. */
static const char *relative(const struct scan *s, const char *word)
{
	if (strncmp(word, s->src, s->src_len) == 0 && word[s->src_len] == '/')
		word += s->src_len + 1;
	else if (strncmp(word, s->out, s->out_len) == 0 && word[s->out_len] == '/')
		word += s->out_len + 1;
	while (str_starts(word, "./"))
		word += 2;
	while (str_starts(word, "../"))
		word += 3;
	return word;
}

/* text is cut up. "$(wildcard" and its like are words that match nothing. */
static void scan_text(struct scan *s, char *text, const char *object)
{
	char *save = NULL;

	memset(s->hit, 0, s->n * sizeof(*s->hit));
	for (char *w = strtok_r(text, " \t\n\\\"';()", &save); w;
	     w = strtok_r(NULL, " \t\n\\\"';()", &save)) {
		struct json_object *index;

		if (!json_object_object_get_ex(s->wanted, relative(s, w), &index))
			continue;
		s->hit[json_object_get_int64(index)] = true;
	}
	for (size_t i = 0; i < s->n; i++)
		if (s->hit[i])
			s->fn(i, object, s->arg);
}

/* Regular files only: a build may have planted a pipe. */
static char *read_regular(int dirfd, const char *name)
{
	AUTO_FD int fd =
		openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	AUTO_FREE char *text = NULL;
	struct stat st;
	ssize_t got;
	size_t len = 0;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > CMD_MAX)
		return NULL;
	text = mem_alloc0((size_t)st.st_size + 1);
	while (len < (size_t)st.st_size &&
	       (got = read(fd, text + len, (size_t)st.st_size - len)) > 0)
		len += (size_t)got;
	return TAKE_PTR(text);
}

/* ".mlock.o.cmd" in folder "mm" is about "mm/mlock.o". */
static void scan_cmd(struct scan *s, int dirfd, const char *folder, const char *name)
{
	AUTO_FREE char *text = read_regular(dirfd, name);
	AUTO_FREE char *object = NULL;
	size_t n = strlen(name);

	if (!text)
		return;
	object = str_printf("%s%s%.*s", folder, *folder ? "/" : "", (int)(n - 5),
			    name + 1);
	scan_text(s, text, object);
}

static void scan_dir(struct scan *s, int fd, const char *folder, int depth);

static void scan_entry(struct scan *s, DIR *d, const struct dirent *e, const char *folder,
		       int depth)
{
	const char *name = e->d_name;
	AUTO_FREE char *below = NULL;
	int fd;

	if (name[0] == '.' && strlen(name) > 5 && str_ends(name, ".cmd")) {
		scan_cmd(s, dirfd(d), folder, name);
		return;
	}
	if (name[0] == '.' || (e->d_type != DT_DIR && e->d_type != DT_UNKNOWN))
		return;
	fd = openat(dirfd(d), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return;
	below = str_printf("%s%s%s", folder, *folder ? "/" : "", name);
	scan_dir(s, fd, below, depth + 1);
}

/* Takes fd over. */
static void scan_dir(struct scan *s, int fd, const char *folder, int depth)
{
	AUTO_DIR DIR *d = fdopendir(fd);
	struct dirent *e;

	if (!d) {
		close(fd);
		return;
	}
	while (depth < DEPTH_MAX && s->entries < ENTRIES_MAX && (e = readdir(d))) {
		s->entries++;
		scan_entry(s, d, e, folder, depth);
	}
}

int deps_scan(const char *src, const char *out, const char *const *files, size_t n,
	      deps_fn fn, void *arg, struct err *err)
{
	AUTO_JSON struct json_object *wanted = json_object_new_object();
	AUTO_FREE bool *hit = mem_alloc0(n + 1);
	struct scan s = {
		.src = src,
		.src_len = strlen(src),
		.out = out,
		.out_len = strlen(out),
		.wanted = wanted,
		.hit = hit,
		.n = n,
		.fn = fn,
		.arg = arg,
	};
	int fd;

	if (!n)
		return 0;
	for (size_t i = 0; i < n; i++)
		json_set_int(wanted, files[i], (long long)i);
	fd = open(out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "open %s", out);
	scan_dir(&s, fd, "", 0);
	return 0;
}
