#include "kernels/hunk.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/text.h"

struct line {
	const char *s;
	size_t len;   /* with its newline, which the last one may lack */
	bool patched; /* an earlier hunk put it here */
};

/* The file, line by line; the bytes stay in the text and the patch. */
struct image {
	struct line *v;
	size_t n, cap;
};

struct hunk {
	unsigned long old_pos, old_count, new_pos, new_count;
	struct image old, new;
	size_t trailing; /* lines of context at its end */
};

struct input {
	const char *p, *end;
};

static void image_add(struct image *im, const char *s, size_t len)
{
	if (im->n == im->cap) {
		im->cap = im->cap ? im->cap * 2 : 32;
		im->v = mem_realloc(im->v, im->cap, sizeof(*im->v));
	}
	im->v[im->n++] = (struct line){ .s = s, .len = len };
}

static void image_done(struct image *im)
{
	free(im->v);
}

static void hunk_done(struct hunk *h)
{
	image_done(&h->old);
	image_done(&h->new);
}

static bool next_line(struct input *in, const char **ret, size_t *ret_len)
{
	const char *nl;

	if (in->p >= in->end)
		return false;
	nl = memchr(in->p, '\n', (size_t)(in->end - in->p));
	*ret = in->p;
	*ret_len = (size_t)((nl ? nl + 1 : in->end) - in->p);
	in->p += *ret_len;
	return true;
}

static void image_split(struct image *im, const char *text, size_t len)
{
	struct input in = { text, text + len };
	const char *s;
	size_t n;

	while (next_line(&in, &s, &n))
		image_add(im, s, n);
}

static bool read_range(const char **p, const char *end, unsigned long *pos,
		       unsigned long *count)
{
	unsigned long v[2] = { 0, 1 };

	for (int i = 0; i < 2; i++) {
		const char *start = *p;

		for (v[i] = 0; *p < end && **p >= '0' && **p <= '9' && *p - start < 9;
		     (*p)++)
			v[i] = v[i] * 10 + (unsigned long)(**p - '0');
		if (*p == start)
			return false;
		if (i == 0 && (*p >= end || **p != ',')) {
			v[1] = 1;
			break;
		}
		*p += i == 0;
	}
	*pos = v[0];
	*count = v[1];
	return true;
}

static bool skip_text(const char **p, const char *end, const char *text)
{
	size_t n = strlen(text);

	if ((size_t)(end - *p) < n || memcmp(*p, text, n))
		return false;
	*p += n;
	return true;
}

static bool read_head(struct input *in, struct hunk *h)
{
	const char *p;
	size_t len;

	if (!next_line(in, &p, &len))
		return false;
	return skip_text(&p, in->p, "@@ -") &&
	       read_range(&p, in->p, &h->old_pos, &h->old_count) &&
	       skip_text(&p, in->p, " +") &&
	       read_range(&p, in->p, &h->new_pos, &h->new_count) &&
	       skip_text(&p, in->p, " @@");
}

/* "\ No newline at end of file" belongs to the line before it. */
static bool eats_newline(struct input *in)
{
	const char *s;
	size_t len;

	if (in->p >= in->end || *in->p != '\\')
		return false;
	next_line(in, &s, &len);
	return true;
}

static bool read_body(struct input *in, struct hunk *h)
{
	unsigned long old = h->old_count, new = h->new_count;

	while (old || new) {
		const char *s;
		size_t len;
		char kind;

		if (!next_line(in, &s, &len))
			return false;
		/* An empty line is context that lost its blank on the way. */
		kind = s[0] == '\n' ? ' ' : s[0];
		if (s[0] != '\n') {
			s++;
			len--;
		}
		if ((kind != '+' && !old) || (kind != '-' && !new))
			return false;
		if (kind != ' ' && kind != '+' && kind != '-')
			return false;
		if (eats_newline(in) && len)
			len--;
		if (kind != '+')
			image_add(&h->old, s, len);
		if (kind != '-')
			image_add(&h->new, s, len);
		old -= kind != '+';
		new -= kind != '-';
		h->trailing = kind == ' ' ? h->trailing + 1 : 0;
	}
	return true;
}

static void hunk_reverse(struct hunk *h)
{
	struct image im = h->old;
	unsigned long pos = h->old_pos;

	h->old = h->new;
	h->new = im;
	h->old_pos = h->new_pos;
	h->new_pos = pos;
}

static bool matches_at(const struct image *im, const struct hunk *h, size_t at,
		       bool at_start, bool at_end)
{
	if (at + h->old.n > im->n || (at_start && at) ||
	    (at_end && at + h->old.n != im->n))
		return false;
	for (size_t i = 0; i < h->old.n; i++) {
		const struct line *a = &im->v[at + i];
		const struct line *b = &h->old.v[i];

		if (a->patched || a->len != b->len || memcmp(a->s, b->s, a->len))
			return false;
	}
	return true;
}

/* Where the hunk's old lines are, nearest to at; false when nowhere. */
static bool find_position(const struct image *im, const struct hunk *h, size_t *at)
{
	bool at_start = !h->old_pos || h->old_pos == 1;
	bool at_end = !h->trailing;
	size_t want = *at, back, forth;

	if (at_start)
		want = 0;
	else if (at_end)
		want = im->n - h->old.n; /* may wrap: cut below */
	if (want > im->n)
		want = im->n;
	if (matches_at(im, h, want, at_start, at_end)) {
		*at = want;
		return true;
	}
	if (at_start || at_end)
		return false; /* there is no second place */
	for (back = forth = want; back > 0 || forth < im->n;) {
		if (forth < im->n && matches_at(im, h, ++forth, false, false)) {
			*at = forth;
			return true;
		}
		if (back > 0 && matches_at(im, h, --back, false, false)) {
			*at = back;
			return true;
		}
	}
	return false;
}

static void image_replace(struct image *im, size_t at, const struct hunk *h)
{
	size_t n = im->n - h->old.n + h->new.n;

	if (n > im->cap) {
		im->cap = n * 2;
		im->v = mem_realloc(im->v, im->cap, sizeof(*im->v));
	}
	if (im->n - at - h->old.n)
		memmove(im->v + at + h->new.n, im->v + at + h->old.n,
			(im->n - at - h->old.n) * sizeof(*im->v));
	for (size_t i = 0; i < h->new.n; i++) {
		im->v[at + i] = h->new.v[i];
		im->v[at + i].patched = true;
	}
	im->n = n;
}

static bool fail(struct hunk_failure *f, size_t hunk, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static bool fail(struct hunk_failure *f, size_t hunk, const char *fmt, ...)
{
	va_list ap;

	f->hunk = hunk;
	va_start(ap, fmt);
	vsnprintf(f->reason, sizeof(f->reason), fmt, ap);
	va_end(ap);
	return false;
}

/* Names the first line that differs at the place the hunk named. */
static bool fail_mismatch(struct hunk_failure *f, size_t hunk, const struct image *im,
			  const struct hunk *h, size_t want)
{
	size_t at = want < im->n ? want : im->n;

	for (size_t i = 0; i < h->old.n; i++) {
		const struct line *b = &h->old.v[i];
		const struct line *a = at + i < im->n ? &im->v[at + i] : NULL;
		AUTO_FREE char *raw = str_ndup(b->s, b->len);
		AUTO_FREE char *line = text_clean_line(str_trim(raw), 60);

		if (!a)
			return fail(f, hunk, "the file ends before \"%s\"", line);
		if (a->len != b->len || memcmp(a->s, b->s, a->len))
			return fail(f, hunk,
				    *line ? "line %zu is not \"%s\"" :
					    "line %zu is not empty",
				    at + i + 1, line);
	}
	return fail(f, hunk, "the hunk does not fit at line %zu", at + 1);
}

static bool apply_one(struct image *im, struct input *in, bool reverse, size_t number,
		      bool *moved, struct hunk *h, struct hunk_failure *f)
{
	size_t want, at;

	if (!read_head(in, h) || !read_body(in, h))
		return fail(f, number, "the patch is corrupt");
	if (reverse)
		hunk_reverse(h);
	want = h->new_pos ? h->new_pos - 1 : 0;
	at = want;
	if (!find_position(im, h, &at))
		return fail_mismatch(f, number, im, h, want);
	*moved |= at != want;
	image_replace(im, at, h);
	return true;
}

static bool starts_hunk(const struct input *in)
{
	const char *p = in->p;

	return skip_text(&p, in->end, "@@ -");
}

bool hunks_apply(const char *hunks, size_t hunks_len, bool reverse, const char *text,
		 size_t text_len, struct str *out, bool *ret_moved,
		 struct hunk_failure *ret_failure)
{
	AUTO(image_done) struct image im = { 0 };
	struct input in = { hunks, hunks + hunks_len };
	bool moved = false;

	image_split(&im, text, text_len);
	for (size_t number = 1; starts_hunk(&in); number++) {
		AUTO(hunk_done) struct hunk h = { 0 };

		if (!apply_one(&im, &in, reverse, number, &moved, &h, ret_failure))
			return false;
	}
	for (size_t i = 0; i < im.n; i++)
		str_addn(out, im.v[i].s, im.v[i].len);
	if (ret_moved)
		*ret_moved = moved;
	return true;
}
