/*
 * Reads a diff as git apply does, but refuses wherever two readers could see
 * different things: what passes here means the same to git and to libgit2.
 */
#include "kernels/policy.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "kernels/diffread.h"
#include "lib/cleanup.h"
#include "lib/str.h"
#include "lib/text.h"

/* Beside the folders it will lie in, below what open() takes. */
enum { PATH_BYTES_MAX = 2047, NAME_BYTES_MAX = 255 };

/* A path that the patch makes, changes or deletes. */
struct touched {
	char *path;
	bool deleted;
	unsigned mode; /* 0: not said */
};

struct scan {
	const struct policy_limits *limits;
	struct refusal *refusal;
	struct touched *touched;
	size_t ntouched, cap;
	size_t files;
};

static bool refuse(struct refusal *r, const char *file, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static bool refuse(struct refusal *r, const char *file, const char *fmt, ...)
{
	AUTO_FREE char *clean = NULL;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->reason, sizeof(r->reason), fmt, ap);
	va_end(ap);
	clean = text_clean_line(file ? file : "", sizeof(r->file) / 5);
	snprintf(r->file, sizeof(r->file), "%s", clean);
	return false;
}

/*
 * Zero-width code points that HFS+ ignores in names (git's utf8.c lists the
 * same): U+200C..F, U+202A..E, U+206A..F, U+FEFF. Bytes to skip at s.
 */
static size_t hfs_ignored(const unsigned char *s)
{
	if (s[0] == 0xef && s[1] == 0xbb && s[2] == 0xbf)
		return 3;
	if (s[0] != 0xe2)
		return 0;
	if (s[1] == 0x80 &&
	    ((s[2] >= 0x8c && s[2] <= 0x8f) || (s[2] >= 0xaa && s[2] <= 0xae)))
		return 3;
	if (s[1] == 0x81 && s[2] >= 0xaa && s[2] <= 0xaf)
		return 3;
	return 0;
}

/* ".git" as it is, in any case, to HFS+, and to NTFS (".git ", "git~1", ".git:x"). */
static bool is_dot_git(const char *name, size_t len)
{
	char folded[32];
	size_t n = 0;

	for (size_t i = 0; i < len;) {
		size_t skip = hfs_ignored((const unsigned char *)name + i);

		if (skip) {
			i += skip;
			continue;
		}
		if (n + 1 >= sizeof(folded))
			return false;
		folded[n++] = name[i++];
	}
	folded[n] = '\0';
	if (strchr(folded, ':'))
		n = (size_t)(strchr(folded, ':') - folded);
	while (n && (folded[n - 1] == ' ' || folded[n - 1] == '.'))
		n--;
	folded[n] = '\0';
	return !strcasecmp(folded, ".git") || !strcasecmp(folded, "git~1");
}

static const char *bad_component(const char *s, size_t len)
{
	if (!len)
		return "empty component in the path";
	if (len == 1 && s[0] == '.')
		return "\".\" in the path";
	if (len == 2 && s[0] == '.' && s[1] == '.')
		return "\"..\" in the path: it leads outside the tree";
	if (is_dot_git(s, len))
		return "\".git\" in the path";
	if (len > NAME_BYTES_MAX)
		return "a name over 255 bytes in the path";
	return NULL;
}

static bool check_name(const char *path, struct refusal *r)
{
	const char *s = path;

	if (!*path)
		return refuse(r, path, "empty path");
	if (strlen(path) > PATH_BYTES_MAX)
		return refuse(r, path, "path over %d bytes", PATH_BYTES_MAX);
	if (*path == '/')
		return refuse(r, path, "absolute path");
	for (const unsigned char *c = (const unsigned char *)path; *c; c++) {
		if (*c < ' ' || *c == 0x7f)
			return refuse(r, path, "control character in the path");
		if (*c == '\\')
			return refuse(r, path, "backslash in the path");
	}
	for (;;) {
		size_t len = strcspn(s, "/");
		const char *bad = bad_component(s, len);

		if (bad)
			return refuse(r, path, "%s", bad);
		if (!s[len])
			return true;
		s += len + 1;
	}
}

static bool check_mode(const char *path, unsigned mode, struct refusal *r)
{
	switch (mode) {
	case 0:
	case 0100644:
	case 0100755:
		return true;
	case 0120000:
		return refuse(r, path, "symbolic link");
	case 0160000:
		return refuse(r, path, "gitlink (a submodule)");
	default:
		return refuse(r, path, "file mode %o", mode);
	}
}

bool policy_check_path(const char *path, unsigned mode, struct refusal *ret_refusal)
{
	return check_name(path, ret_refusal) && check_mode(path, mode, ret_refusal);
}

/* The two names a diff gives, from all its lines; they must not contradict. */
struct names {
	const char *old, *new; /* NULL: does not exist on that side */
};

static bool same(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

static bool disagree(const char *file, const char *what, struct refusal *r)
{
	return refuse(r, file, "headers disagree: %s", what);
}

/* Old and new name of a file with a diff --git line. */
static bool git_names(const struct diff_file *f, struct names *n, struct refusal *r)
{
	bool moved = f->renamed || f->copied;

	n->old = f->from ? f->from : f->old_name;
	n->new = f->to ? f->to : f->new_name;
	if (!n->old || !n->new)
		return refuse(r, NULL, "cannot tell the file names in a diff --git line");
	if (moved && (!f->from || !f->to || (f->renamed && f->copied)))
		return disagree(n->new, "half a rename or copy", r);
	if (f->old_name && (!same(f->old_name, n->old) || !same(f->new_name, n->new)))
		return disagree(n->new, "rename or copy names others than diff --git", r);
	if (!moved && !same(n->old, n->new))
		return disagree(n->new, "two names without a rename", r);
	if ((moved && (f->created || f->deleted)) || (f->created && f->deleted))
		return disagree(n->new, "created, deleted or moved?", r);
	return true;
}

/* --- and +++ against what the other headers said. */
static bool check_sides(const struct diff_file *f, const struct names *n,
			struct refusal *r)
{
	const char *name = n->new;

	if (!f->minus != !f->plus)
		return disagree(name, "--- without +++ or the reverse", r);
	if (!f->minus)
		return true;
	if (!*f->minus && !*f->plus)
		return disagree(name, "/dev/null on both sides", r);
	if (f->created ? *f->minus != '\0' : !same(f->minus, n->old))
		return disagree(name, "the --- line names another file", r);
	if (f->deleted ? *f->plus != '\0' : !same(f->plus, n->new))
		return disagree(name, "the +++ line names another file", r);
	return true;
}

/* Names of a file that only has --- and +++ lines. */
static bool plain_names(struct diff_file *f, struct names *n, struct refusal *r)
{
	if (!f->minus || !f->plus || (!*f->minus && !*f->plus))
		return refuse(r, NULL, "no file name in the --- and +++ lines");
	f->created = !*f->minus;
	f->deleted = !*f->plus;
	n->old = f->created ? f->plus : f->minus;
	n->new = f->deleted ? f->minus : f->plus;
	if (!same(n->old, n->new))
		return disagree(n->new, "--- and +++ name two files", r);
	return true;
}

static bool check_modes(const struct diff_file *f, const char *name, struct refusal *r)
{
	/* That a link goes away harms nobody. */
	if (f->old_mode != 0 && !(f->deleted && f->old_mode == 0120000) &&
	    !check_mode(name, f->old_mode, r))
		return false;
	if (f->deleted)
		return f->new_mode == 0 || f->new_mode == f->old_mode ||
		       disagree(name, "two modes for a deleted file", r);
	return check_mode(name, f->new_mode, r);
}

static void touch(struct scan *s, const char *path, bool deleted, unsigned mode)
{
	if (s->ntouched == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 16;
		s->touched = mem_realloc(s->touched, s->cap, sizeof(*s->touched));
	}
	s->touched[s->ntouched++] = (struct touched){ .path = str_dup(path),
						      .deleted = deleted,
						      .mode = mode };
}

static bool check_file(struct scan *s, struct diff_file *f)
{
	struct names n = { NULL, NULL };

	if (s->limits->patch_files && ++s->files > s->limits->patch_files)
		return refuse(s->refusal, NULL, "touches more than %zu files",
			      s->limits->patch_files);
	if (f->git ? !git_names(f, &n, s->refusal) : !plain_names(f, &n, s->refusal))
		return false;
	if (!check_name(n.old, s->refusal) || !check_name(n.new, s->refusal))
		return false;
	if (f->binary)
		return refuse(s->refusal, n.new, "binary hunk");
	if (!check_sides(f, &n, s->refusal) || !check_modes(f, n.new, s->refusal))
		return false;
	if (f->renamed)
		touch(s, n.old, true, f->old_mode);
	touch(s, n.new, f->deleted, f->deleted ? f->old_mode : f->new_mode);
	return true;
}

/* Orders a folder's files right behind a file of the folder's name. */
static int touched_cmp(const void *va, const void *vb)
{
	const struct touched *a = va, *b = vb;
	const unsigned char *p = (const unsigned char *)a->path;
	const unsigned char *q = (const unsigned char *)b->path;

	while (*p && *p == *q) {
		p++;
		q++;
	}
	if (*p != *q) {
		int x = *p == '/' ? 1 : *p, y = *q == '/' ? 1 : *q;

		return x < y ? -1 : 1;
	}
	return (int)a->deleted - (int)b->deleted;
}

static bool is_below(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return !strncmp(path, folder, n) && path[n] == '/';
}

/* The same path twice, and a path that is a file to one and a folder to another. */
static bool check_touched(struct scan *s)
{
	const char *file = NULL; /* the last path that exists afterwards */

	if (s->ntouched)
		qsort(s->touched, s->ntouched, sizeof(*s->touched), touched_cmp);
	for (size_t i = 0; i < s->ntouched; i++) {
		const struct touched *t = &s->touched[i];
		const struct touched *last = i ? t - 1 : NULL;

		if (last && !strcmp(last->path, t->path)) {
			/* moved away and made anew is fine, unless a link was there */
			if (last->deleted == t->deleted)
				return refuse(s->refusal, t->path,
					      "the same file twice in one patch");
			if (t->mode == 0120000 || last->mode == 0120000)
				return refuse(s->refusal, t->path,
					      "type change from a symbolic link");
		}
		if (t->deleted)
			continue;
		if (file && is_below(t->path, file))
			return refuse(s->refusal, t->path,
				      "a file and a folder of one name");
		file = t->path;
	}
	return true;
}

static bool check_all(struct scan *s, const char *diff, size_t len)
{
	struct diff_reader reader;
	struct diff_file f;
	int rc;

	diff_reader_init(&reader, diff, len);
	while ((rc = diff_read_file(&reader, &f)) > 0) {
		bool fine = check_file(s, &f);

		diff_file_done(&f);
		if (!fine)
			return false;
	}
	if (rc < 0)
		return refuse(s->refusal, NULL, "corrupt patch: %s", reader.why);
	if (!s->ntouched)
		return refuse(s->refusal, NULL, "it changes no file");
	return check_touched(s);
}

bool policy_check_diff(const char *diff, size_t len, const struct policy_limits *limits,
		       struct refusal *ret_refusal)
{
	struct scan s = { .limits = limits, .refusal = ret_refusal };
	bool fine;

	*ret_refusal = (struct refusal){ .reason = "" };
	if (limits->patch_bytes && len > limits->patch_bytes)
		return refuse(ret_refusal, NULL, "%zu bytes, the limit is %zu", len,
			      limits->patch_bytes);
	fine = check_all(&s, diff, len);
	for (size_t i = 0; i < s.ntouched; i++)
		free(s.touched[i].path);
	free(s.touched);
	return fine;
}
