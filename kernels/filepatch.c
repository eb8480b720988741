#include "kernels/filepatch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/diffread.h"
#include "lib/cleanup.h"
#include "lib/str.h"

void filepatches_done(struct filepatches *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->v[i].old_path);
		free(f->v[i].new_path);
	}
	free(f->v);
	*f = (struct filepatches){ 0 };
}

static const char *line_end(const char *p, const char *end)
{
	const char *nl = memchr(p, '\n', (size_t)(end - p));

	return nl ? nl + 1 : end;
}

static bool line_starts(const char *p, const char *end, const char *text)
{
	size_t n = strlen(text);

	return (size_t)(end - p) >= n && !memcmp(p, text, n);
}

static size_t copy_hex(const char *p, const char *end, char out[41])
{
	size_t n = 0;

	while (p + n < end && n < 40 && strchr("0123456789abcdef", p[n]) && p[n])
		n++;
	memcpy(out, p, n);
	out[n] = '\0';
	return n;
}

/* "index 12ab..34cd 100644" */
static void read_ids(const char *p, const char *end, struct filepatch *f)
{
	p += strlen("index ");
	p += copy_hex(p, end, f->old_id);
	if (!line_starts(p, end, "..")) {
		f->old_id[0] = '\0';
		return;
	}
	copy_hex(p + 2, end, f->new_id);
}

/*
 * One file's stretch of the diff, which may begin with lines that belong to
 * nothing. Its hunks begin behind the +++ line that follows its --- line.
 */
static void read_stretch(const char *p, const char *end, struct filepatch *f)
{
	bool header = false, minus = false, plus = false;

	f->hunks = "";
	for (; p < end; p = line_end(p, end)) {
		if (plus && line_starts(p, end, "@@ -")) {
			f->hunks = p;
			f->hunks_len = (size_t)(end - p);
			return;
		}
		if (line_starts(p, end, "diff --git "))
			header = true;
		if (header && line_starts(p, end, "index "))
			read_ids(p, end, f);
		plus = minus && line_starts(p, end, "+++ ");
		minus = line_starts(p, end, "--- ");
	}
}

static void read_names(const struct diff_file *d, struct filepatch *f)
{
	const char *old = d->from ? d->from : d->old_name;
	const char *new = d->to ? d->to : d->new_name;
	bool created = d->created, deleted = d->deleted;

	if (!d->git) {
		created = d->minus && !*d->minus;
		deleted = d->plus && !*d->plus;
		old = d->minus;
		new = d->plus;
	}
	f->old_path = created ? NULL : str_dup(old);
	f->new_path = deleted ? NULL : str_dup(new);
	f->old_mode = d->old_mode;
	f->new_mode = d->new_mode;
	f->copied = d->copied;
}

static bool add_file(struct filepatches *out, const struct diff_file *d, const char *from,
		     const char *to)
{
	struct filepatch *f;

	out->v = mem_realloc(out->v, out->n + 1, sizeof(*out->v));
	f = &out->v[out->n++];
	*f = (struct filepatch){ .hunks = "" };
	read_names(d, f);
	read_stretch(from, to, f);
	return f->old_path || f->new_path;
}

bool filepatches_read(const char *diff, size_t len, struct filepatches *ret,
		      char why[160])
{
	AUTO(filepatches_done) struct filepatches out = { 0 };
	struct diff_reader r;
	int rc = 1;

	diff_reader_init(&r, diff, len);
	snprintf(why, 160, "it changes no file");
	for (;;) {
		const char *from = r.p;
		struct diff_file d;
		bool fine;

		rc = diff_read_file(&r, &d);
		if (rc <= 0)
			break;
		fine = add_file(&out, &d, from, r.p);
		diff_file_done(&d);
		if (!fine)
			return false;
	}
	if (rc < 0)
		snprintf(why, 160, "%s", r.why);
	if (rc < 0 || !out.n)
		return false;
	*ret = out;
	out = (struct filepatches){ 0 };
	return true;
}
