#include "kernels/diffread.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/str.h"

void diff_reader_init(struct diff_reader *r, const char *diff, size_t len)
{
	*r = (struct diff_reader){ .p = diff, .end = diff + len, .line = 1 };
}

void diff_file_done(struct diff_file *f)
{
	free(f->old_name);
	free(f->new_name);
	free(f->from);
	free(f->to);
	free(f->minus);
	free(f->plus);
	*f = (struct diff_file){ .old_name = NULL };
}

static int broken(struct diff_reader *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static int broken(struct diff_reader *r, const char *fmt, ...)
{
	int n = snprintf(r->why, sizeof(r->why), "line %zu of the diff: ", r->line);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->why + n, sizeof(r->why) - (size_t)n, fmt, ap);
	va_end(ap);
	return -1;
}

/* A line without its newline. */
struct line {
	const char *s;
	size_t len;
};

/* The line at r->p; false at the end. */
static bool peek(const struct diff_reader *r, struct line *ret)
{
	const char *nl;

	*ret = (struct line){ "", 0 };
	if (r->p >= r->end)
		return false;
	nl = memchr(r->p, '\n', (size_t)(r->end - r->p));
	ret->s = r->p;
	ret->len = (size_t)((nl ? nl : r->end) - r->p);
	return true;
}

static void skip_line(struct diff_reader *r)
{
	struct line l;

	if (!peek(r, &l))
		return;
	r->p = l.s + l.len < r->end ? l.s + l.len + 1 : r->end;
	r->line++;
}

static bool starts(struct line l, const char *prefix)
{
	size_t n = strlen(prefix);

	return l.len >= n && !memcmp(l.s, prefix, n);
}

static struct line behind(struct line l, const char *prefix)
{
	size_t n = strlen(prefix);

	return (struct line){ l.s + n, l.len - n };
}

/* ---- names ---- */

/* The byte behind a backslash; *s moves on. -1 if it is no escape of git's. */
static int unescape(const char **s, const char *end)
{
	static const char from[] = "abfnrtv\\\"", to[] = "\a\b\f\n\r\t\v\\\"";
	const char *c = *s;
	const char *hit;

	if (c >= end)
		return -1;
	hit = *c ? strchr(from, *c) : NULL;
	if (hit) {
		*s = c + 1;
		return to[hit - from];
	}
	if (end - c >= 3 && c[0] >= '0' && c[0] <= '3' && c[1] >= '0' && c[1] <= '7' &&
	    c[2] >= '0' && c[2] <= '7') {
		*s = c + 3;
		return (c[0] - '0') * 64 + (c[1] - '0') * 8 + c[2] - '0';
	}
	return -1;
}

/* A name in git's quotes; NULL if they are broken or hide a NUL. */
static char *read_quoted(const char *s, const char *end, const char **ret_rest)
{
	struct str out = STR_INIT;

	for (s++; s < end && *s != '"';) {
		int c = (unsigned char)*s++;

		if (c == '\\')
			c = unescape(&s, end);
		if (c <= 0)
			goto bad;
		str_addc(&out, (char)c);
	}
	if (s >= end)
		goto bad;
	*ret_rest = s + 1;
	return str_take(&out);
bad:
	str_done(&out);
	return NULL;
}

/* Bytes to a string; NULL if there is a NUL in them. */
static char *name_dup(const char *s, size_t len)
{
	return memchr(s, '\0', len) ? NULL : str_ndup(s, len);
}

/*
 * The rest of a header line as a name, quoted or not, the first component
 * taken off when strip (git apply -p1). NULL if there is no sane one.
 */
static char *read_name(const char *s, size_t len, bool strip)
{
	AUTO_FREE char *name = NULL;
	const char *rest, *slash;

	if (len && *s == '"') {
		name = read_quoted(s, s + len, &rest);
		if (name && rest != s + len && *rest != '\t')
			return NULL;
	} else {
		const char *tab = memchr(s, '\t', len);

		name = name_dup(s, tab ? (size_t)(tab - s) : len);
	}
	if (!name || !strip)
		return TAKE_PTR(name);
	if (!strcmp(name, "/dev/null"))
		return str_dup("");
	slash = strchr(name, '/');
	/* An absolute path stays one, to be refused by name. */
	if (slash == name)
		return TAKE_PTR(name);
	return slash ? str_dup(slash + 1) : NULL;
}

/* "a/x b/x" of a diff --git line, where no quotes help: both sides equal. */
static char *same_names(const char *s, size_t len)
{
	for (size_t i = 1; i + 1 < len; i++) {
		AUTO_FREE char *left = NULL;
		AUTO_FREE char *right = NULL;

		if (s[i] != ' ')
			continue;
		left = read_name(s, i, true);
		right = read_name(s + i + 1, len - i - 1, true);
		if (left && right && !strcmp(left, right))
			return TAKE_PTR(left);
	}
	return NULL;
}

static void read_git_names(struct diff_file *f, const char *s, size_t len)
{
	const char *end = s + len, *rest = s, *space;
	char *name;

	if (len && *s == '"') {
		name = read_quoted(s, end, &rest);
		free(name);
		if (!name || rest >= end || *rest != ' ')
			return;
		f->old_name = read_name(s, (size_t)(rest - s), true);
		f->new_name = read_name(rest + 1, (size_t)(end - rest) - 1, true);
		return;
	}
	space = memmem(s, len, " \"", 2);
	if (space) {
		f->old_name = read_name(s, (size_t)(space - s), true);
		f->new_name = read_name(space + 1, (size_t)(end - space) - 1, true);
		return;
	}
	f->old_name = same_names(s, len);
	if (f->old_name) {
		f->new_name = str_dup(f->old_name);
		return;
	}
	space = memchr(s, ' ', len);
	if (!space || memchr(space + 1, ' ', (size_t)(end - space) - 1))
		return; /* rename lines must tell */
	f->old_name = read_name(s, (size_t)(space - s), true);
	f->new_name = read_name(space + 1, (size_t)(end - space) - 1, true);
}

/* ---- headers ---- */

static void set_name(char **slot, char *name)
{
	free(*slot);
	*slot = name;
}

static bool read_mode(struct line l, unsigned *ret)
{
	unsigned mode = 0;
	size_t i = 0;

	while (i < l.len && i < 7 && l.s[i] >= '0' && l.s[i] <= '7')
		mode = mode * 8 + (unsigned)(l.s[i++] - '0');
	while (i < l.len && isspace((unsigned char)l.s[i]))
		i++;
	if (!i || i != l.len || !mode)
		return false;
	*ret = mode;
	return true;
}

/* "index 1234..5678 100644": the mode, where there is one. */
static int read_index(struct diff_reader *r, struct diff_file *f, struct line l)
{
	const char *space = memchr(l.s, ' ', l.len);
	unsigned mode;

	if (!space)
		return 0;
	l = (struct line){ space + 1, l.len - (size_t)(space + 1 - l.s) };
	if (!read_mode(l, &mode))
		return broken(r, "no file mode in the index line");
	/* It stands for both sides; a second voice must agree (policy sees both). */
	if (!f->old_mode)
		f->old_mode = mode;
	if (!f->new_mode || mode != 0100644)
		f->new_mode = mode;
	return 0;
}

enum kind {
	OLD_MODE,
	NEW_MODE,
	DELETED,
	CREATED,
	RENAME_FROM,
	RENAME_TO,
	COPY_FROM,
	COPY_TO,
	INDEX,
	MINUS,
	PLUS,
	SIMILAR,
	BINARY,
	KINDS
};

static const char *const prefixes[KINDS] = {
	[OLD_MODE] = "old mode ",
	[NEW_MODE] = "new mode ",
	[DELETED] = "deleted file mode ",
	[CREATED] = "new file mode ",
	[RENAME_FROM] = "rename from ",
	[RENAME_TO] = "rename to ",
	[COPY_FROM] = "copy from ",
	[COPY_TO] = "copy to ",
	[INDEX] = "index ",
	[MINUS] = "--- ",
	[PLUS] = "+++ ",
	[SIMILAR] = "similarity index ",
	[BINARY] = "GIT binary patch",
};

static enum kind kind_of(struct line l)
{
	if (starts(l, "Binary files ") || starts(l, "Files "))
		return BINARY;
	if (starts(l, "dissimilarity index "))
		return SIMILAR;
	for (int i = 0; i < KINDS; i++)
		if (starts(l, prefixes[i]))
			return (enum kind)i;
	return KINDS;
}

static int read_mode_line(struct diff_reader *r, struct diff_file *f, enum kind k,
			  struct line l)
{
	unsigned mode;

	if (!read_mode(l, &mode))
		return broken(r, "no file mode in \"%s\"", prefixes[k]);
	if (k == OLD_MODE || k == DELETED)
		f->old_mode = mode;
	else
		f->new_mode = mode;
	f->deleted |= k == DELETED;
	f->created |= k == CREATED;
	return 0;
}

static int read_name_line(struct diff_reader *r, struct diff_file *f, enum kind k,
			  struct line l)
{
	bool cut = k == MINUS || k == PLUS;
	char *name = read_name(l.s, l.len, cut);

	if (!name)
		return broken(r, "no usable file name in \"%s\"", prefixes[k]);
	if (k == MINUS)
		set_name(&f->minus, name);
	else if (k == PLUS)
		set_name(&f->plus, name);
	else if (k == RENAME_FROM || k == COPY_FROM)
		set_name(&f->from, name);
	else
		set_name(&f->to, name);
	f->renamed |= k == RENAME_FROM || k == RENAME_TO;
	f->copied |= k == COPY_FROM || k == COPY_TO;
	return 0;
}

/* The header lines behind a diff --git line, as far as they go. */
static int read_headers(struct diff_reader *r, struct diff_file *f)
{
	struct line l;

	for (; peek(r, &l); skip_line(r)) {
		enum kind k = kind_of(l);
		int rc = 0;

		if (starts(l, "rename old ") || starts(l, "rename new "))
			return broken(r, "a rename in git's form of 2005");
		if (k == KINDS || k == BINARY)
			break;
		if ((k == MINUS && f->minus) || (k == PLUS && f->plus))
			break; /* the next file has no diff --git line */
		if (k == INDEX)
			rc = read_index(r, f, behind(l, prefixes[k]));
		else if (k <= CREATED)
			rc = read_mode_line(r, f, k, behind(l, prefixes[k]));
		else if (k != SIMILAR)
			rc = read_name_line(r, f, k, behind(l, prefixes[k]));
		if (rc < 0)
			return rc;
	}
	if (peek(r, &l) && kind_of(l) == BINARY)
		f->binary = true;
	return 0;
}

/* ---- hunks ---- */

/* "12,3" or "12" at l; the length read or 0. */
static size_t read_range(struct line l, unsigned long *ret_count)
{
	unsigned long v[2] = { 0, 1 };
	size_t i = 0;

	for (int part = 0; part < 2; part++) {
		size_t start = i;

		for (v[part] = 0; i < l.len && isdigit((unsigned char)l.s[i]); i++) {
			if (i - start > 8)
				return 0;
			v[part] = v[part] * 10 + (unsigned long)(l.s[i] - '0');
		}
		if (i == start)
			return 0;
		if (part == 0 && (i >= l.len || l.s[i] != ',')) {
			v[1] = 1;
			break;
		}
		i += part == 0;
	}
	*ret_count = v[1];
	return i;
}

static bool read_hunk_head(struct line l, unsigned long *ret_old, unsigned long *ret_new)
{
	size_t used;

	l = behind(l, "@@ -");
	used = read_range(l, ret_old);
	if (!used)
		return false;
	l = (struct line){ l.s + used, l.len - used };
	if (!starts(l, " +"))
		return false;
	l = behind(l, " +");
	used = read_range(l, ret_new);
	l = (struct line){ l.s + used, l.len - used };
	return used && starts(l, " @@");
}

static int read_hunk(struct diff_reader *r)
{
	unsigned long old = 0, new = 0;
	struct line l;

	if (!peek(r, &l) || !read_hunk_head(l, &old, &new))
		return broken(r, "broken hunk header");
	for (skip_line(r); old || new; skip_line(r)) {
		char c;

		if (!peek(r, &l))
			return broken(r, "the diff ends inside a hunk");
		c = l.len ? *l.s : ' '; /* some mailer ate the blank */
		if (c == '\\')
			continue;
		if ((c != ' ' && c != '-' && c != '+') || (c != '+' && !old) ||
		    (c != '-' && !new))
			return broken(r, "the hunk has other lines than its header "
					 "says (wrapped or edited?)");
		old -= c != '+';
		new -= c != '-';
	}
	while (peek(r, &l) && starts(l, "\\ "))
		skip_line(r);
	return 0;
}

static int read_hunks(struct diff_reader *r, struct diff_file *f)
{
	struct line l;

	while (peek(r, &l) && starts(l, "@@ -")) {
		if (read_hunk(r) < 0)
			return -1;
		f->hunks++;
	}
	if (f->hunks && !(f->minus && f->plus))
		return broken(r, "a hunk without --- and +++ lines before it");
	return 0;
}

/* ---- files ---- */

/* A "--- " line, with "+++ " and "@@ -" behind it? */
static bool at_plain_header(const struct diff_reader *r)
{
	struct diff_reader ahead = *r;
	struct line l;

	if (!peek(&ahead, &l) || !starts(l, "--- "))
		return false;
	skip_line(&ahead);
	if (!peek(&ahead, &l) || !starts(l, "+++ "))
		return false;
	skip_line(&ahead);
	return peek(&ahead, &l) && starts(l, "@@ -");
}

int diff_read_file(struct diff_reader *r, struct diff_file *ret_file)
{
	struct diff_file f = { .old_name = NULL };
	struct line l;
	int rc = 0;

	for (; peek(r, &l); skip_line(r)) {
		f.git = starts(l, "diff --git ");
		if (f.git || at_plain_header(r))
			break;
		if (starts(l, "@@ -"))
			return broken(r, "a hunk without a file header");
		if (starts(l, "GIT binary patch"))
			return broken(r, "a binary patch without a file header");
	}
	if (r->p >= r->end)
		return 0;
	if (f.git) {
		l = behind(l, "diff --git ");
		read_git_names(&f, l.s, l.len);
		skip_line(r);
	}
	rc = read_headers(r, &f);
	if (!rc)
		rc = read_hunks(r, &f);
	if (rc < 0) {
		diff_file_done(&f);
		return -1;
	}
	*ret_file = f;
	return 1;
}
