#include "kernels/mbox.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/cleanup.h"
#include "lib/file.h"

enum dialect { MBOXRD, MBOXO, UNQUOTED };

struct line {
	const char *s;
	size_t len; /* without the newline */
	const char *next;
};

static bool get_line(const char *p, const char *end, struct line *ret)
{
	const char *nl;

	if (p >= end)
		return false;
	nl = memchr(p, '\n', (size_t)(end - p));
	*ret = (struct line){ p, (size_t)((nl ? nl : end) - p), nl ? nl + 1 : end };
	return true;
}

static bool starts(const struct line *l, const char *prefix)
{
	size_t n = strlen(prefix);

	return l->len >= n && !memcmp(l->s, prefix, n);
}

/* "Xxx: ..." or a further "From " line: what stands below a separator. */
static bool looks_like_header(const struct line *l)
{
	size_t i = 0;

	while (i < l->len && l->s[i] > ' ' && l->s[i] < 0x7f && l->s[i] != ':')
		i++;
	return (i && i < l->len && l->s[i] == ':') || starts(l, ">From ");
}

/* "... hh:mm[:ss] ... yyyy ...": the end of a separator, roughly as git sees it. */
static bool has_clock_and_year(const struct line *l)
{
	const char *s = l->s, *end = s + l->len;
	bool clock = false;

	for (; end - s >= 4; s++) {
		if (isdigit((unsigned char)s[0]) && isdigit((unsigned char)s[1]) &&
		    s[2] == ':' && isdigit((unsigned char)s[3]))
			clock = true;
		if (clock && s[-1] == ' ' && (*s == '1' || *s == '2') &&
		    isdigit((unsigned char)s[1]) && isdigit((unsigned char)s[2]) &&
		    isdigit((unsigned char)s[3]))
			return true;
	}
	return false;
}

static bool is_separator(const struct line *l, const char *end)
{
	struct line below;

	return starts(l, "From ") && has_clock_and_year(l) &&
	       get_line(l->next, end, &below) && looks_like_header(&below);
}

/* b4 and git format-patch quote nothing. */
static bool is_git_separator(const struct line *l)
{
	static const char date[] = " Mon Sep 17 00:00:00 2001";

	return starts(l, "From git@z ") || (l->len == 5 + 40 + sizeof(date) - 1 &&
					    !memcmp(l->s + 45, date, sizeof(date) - 1));
}

static enum dialect guess(const char *data, const char *end)
{
	struct line l;
	bool nested = false;

	if (!get_line(data, end, &l))
		return UNQUOTED;
	if (starts(&l, "From mboxrd@"))
		return MBOXRD;
	if (is_git_separator(&l))
		return UNQUOTED;
	for (const char *p = data; get_line(p, end, &l); p = l.next) {
		if (starts(&l, "From ") && !is_separator(&l, end))
			return UNQUOTED; /* the others would have quoted it */
		nested = nested || starts(&l, ">>From ");
	}
	return nested ? MBOXRD : MBOXO;
}

static void add_unquoted(struct str *out, const struct line *l, enum dialect d)
{
	size_t marks = 0;
	const char *s = l->s;

	while (marks < l->len && s[marks] == '>')
		marks++;
	if (d != UNQUOTED && marks && (d == MBOXRD || marks == 1) &&
	    l->len >= marks + 5 && !memcmp(s + marks, "From ", 5))
		s++;
	str_addn(out, s, (size_t)(l->next - s));
}

int mbox_each(const char *data, size_t len, mbox_mail_fn fn, void *arg, struct err *err)
{
	AUTO(str_done) struct str mail = STR_INIT;
	const char *end = data + len;
	enum dialect dialect;
	struct line l;
	int rc = 0;

	while (data < end && isspace((unsigned char)*data))
		data++;
	if (get_line(data, end, &l) && !is_separator(&l, end))
		return fn(data, (size_t)(end - data), arg, err);
	dialect = guess(data, end);
	for (const char *p = data; !rc && get_line(p, end, &l); p = l.next) {
		if (!is_separator(&l, end)) {
			add_unquoted(&mail, &l, dialect);
			continue;
		}
		if (mail.len)
			rc = fn(str_get(&mail), mail.len, arg, err);
		str_clear(&mail);
	}
	if (!rc && mail.len)
		rc = fn(str_get(&mail), mail.len, arg, err);
	return rc;
}

void mbox_add(struct str *out, const char *mail, size_t len)
{
	const char *end = mail + len;
	struct line l;

	str_add(out, "From mboxrd@z Thu Jan  1 00:00:00 1970\n");
	for (const char *p = mail; get_line(p, end, &l); p = l.next) {
		size_t marks = 0;

		while (marks < l.len && l.s[marks] == '>')
			marks++;
		if (l.len >= marks + 5 && !memcmp(l.s + marks, "From ", 5))
			str_addc(out, '>');
		str_addn(out, l.s, l.len);
		str_addc(out, '\n');
	}
	str_addc(out, '\n');
}

/* ---- folders ---- */

struct folder {
	char **files;
	size_t n, cap;
};

static void folder_done(struct folder *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->files[i]);
	free(f->files);
}

/* Regular files only: a mail folder has nothing else that we want. */
static int folder_add(struct folder *f, const char *path, struct err *err)
{
	AUTO_DIR DIR *dir = opendir(path);
	struct dirent *d;

	if (!dir)
		return err_sys(err, "open %s", path);
	while ((d = readdir(dir))) {
		AUTO_FREE char *file = path_join(path, d->d_name, NULL);
		struct stat st;

		if (d->d_name[0] == '.' || lstat(file, &st) < 0 || !S_ISREG(st.st_mode))
			continue;
		if (f->n == f->cap) {
			f->cap = f->cap ? f->cap * 2 : 64;
			f->files = mem_realloc(f->files, f->cap, sizeof(*f->files));
		}
		f->files[f->n++] = TAKE_PTR(file);
	}
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int maildir_each(const char *path, size_t max, mbox_mail_fn fn, void *arg,
		 struct err *err)
{
	AUTO(folder_done) struct folder f = { .files = NULL };
	AUTO_FREE char *cur = path_join(path, "cur", NULL);
	AUTO_FREE char *new = path_join(path, "new", NULL);
	int rc = 0;

	if (path_exists(cur))
		rc = folder_add(&f, cur, err);
	if (!rc && path_exists(new))
		rc = folder_add(&f, new, err);
	if (!path_exists(cur) && !path_exists(new))
		rc = folder_add(&f, path, err);
	if (f.n)
		qsort(f.files, f.n, sizeof(*f.files), by_name);
	for (size_t i = 0; !rc && i < f.n; i++) {
		AUTO_FREE char *mail = NULL;
		size_t len;

		if (file_read(f.files[i], max, &mail, &len, err) < 0)
			return -1;
		max -= len;
		rc = fn(mail, len, arg, err);
	}
	return rc;
}
