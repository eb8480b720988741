#include "kernels/example_edit.h"

#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/str.h"

#define SUBJECT "Subject: "
#define HUNK "@@ "
#define WITHIN " in "

static void hunk_done(struct example_hunk *h)
{
	free(h->path);
	free(h->in);
	free(h->old_text);
	free(h->new_text);
}

void example_edit_free(struct example_edit *e)
{
	if (!e)
		return;
	for (size_t i = 0; i < e->nhunks; i++)
		hunk_done(&e->hunks[i]);
	free(e->hunks);
	free(e->name);
	free(e->subject);
	free(e->body);
	free(e);
}

static void cleanup_edit(struct example_edit **e)
{
	example_edit_free(*e);
}

/* Reading line by line; the line is ours until the next one. */
struct lines {
	const char *name;
	const char *next;
	int line;
	char *text;
};

static void cleanup_lines(struct lines *l)
{
	free(l->text);
}

static bool lines_next(struct lines *l)
{
	size_t len = strcspn(l->next, "\n");

	if (!*l->next)
		return false;
	free(l->text);
	l->text = str_ndup(l->next, len);
	l->next += len + (l->next[len] == '\n');
	l->line++;
	return true;
}

static int complain(const struct lines *l, struct err *err, const char *what)
{
	return err_set(err, ERR_INPUT, "%s:%d: %s", l->name, l->line, what);
}

/* The whole mail stays what it is in ASCII, and in an mbox. */
static int check_plain(const struct lines *l, struct err *err)
{
	if (str_starts(l->text, "From ") || strcmp(l->text, "---") == 0 ||
	    strcmp(l->text, "-- ") == 0)
		return complain(l, err, "this line would end the mail or its message");
	for (const char *p = l->text; *p; p++)
		if ((*p < ' ' && *p != '\t') || *p > '~')
			return complain(l, err,
					"only plain ASCII can be mailed as it is");
	return 0;
}

static int parse_head(struct lines *l, struct example_edit *e, struct err *err)
{
	while (lines_next(l)) {
		if (l->text[0] == '#')
			continue;
		if (!str_starts(l->text, SUBJECT))
			break;
		e->subject = str_dup(str_trim(l->text + strlen(SUBJECT)));
		return *e->subject ? check_plain(l, err) :
				     complain(l, err, "the subject is empty");
	}
	return complain(l, err, "expected \"" SUBJECT "...\"");
}

/* Leaves the first "@@" line as the current one, if there is any. */
static int parse_body(struct lines *l, struct example_edit *e, bool *ret_hunks,
		      struct err *err)
{
	AUTO(str_done) struct str body = STR_INIT;

	*ret_hunks = false;
	while (lines_next(l)) {
		if (str_starts(l->text, HUNK)) {
			*ret_hunks = true;
			break;
		}
		if (check_plain(l, err) < 0)
			return -1;
		if (body.len || *l->text)
			str_addf(&body, "%s\n", l->text);
	}
	while (body.len > 1 && str_ends(str_get(&body), "\n\n"))
		body.data[--body.len] = '\0';
	e->body = str_take(&body);
	return 0;
}

/* "@@ path" or "@@ path in text" */
static struct example_hunk *hunk_add(struct example_edit *e, const struct lines *l)
{
	const char *spec = l->text + strlen(HUNK);
	const char *in = strstr(spec, WITHIN);
	struct example_hunk *h;

	e->hunks = mem_realloc(e->hunks, e->nhunks + 1, sizeof(*e->hunks));
	h = &e->hunks[e->nhunks++];
	*h = (struct example_hunk){ .line = l->line };
	h->path = in ? str_ndup(spec, (size_t)(in - spec)) : str_dup(spec);
	h->in = in ? str_dup(in + strlen(WITHIN)) : NULL;
	return h;
}

/* The lines below a "@@"; true when another one follows as the current line. */
static int parse_hunk(struct lines *l, struct example_hunk *h, bool *ret_more,
		      struct err *err)
{
	AUTO(str_done) struct str from = STR_INIT, to = STR_INIT;

	*ret_more = false;
	while (lines_next(l)) {
		const char *rest = l->text + (*l->text != '\0');

		if (str_starts(l->text, HUNK)) {
			*ret_more = true;
			break;
		}
		if (*l->text && !strchr(" -+", *l->text))
			return complain(
				l, err,
				"expected a line that starts with ' ', '-' or '+'");
		if (*l->text != '+')
			str_addf(&from, "%s\n", rest);
		if (*l->text != '-')
			str_addf(&to, "%s\n", rest);
	}
	h->old_text = str_take(&from);
	h->new_text = str_take(&to);
	if (!*h->old_text || !*h->path || strcmp(h->old_text, h->new_text) == 0)
		return complain(l, err,
				"this change has no path, no anchor or no effect");
	return 0;
}

int example_edit_parse(const char *name, const char *text, struct example_edit **ret_edit,
		       struct err *err)
{
	AUTO(cleanup_edit) struct example_edit *e = mem_alloc0(sizeof(*e));
	AUTO(cleanup_lines) struct lines l = { .name = name, .next = text };
	bool more;

	e->name = str_dup(name);
	if (parse_head(&l, e, err) < 0 || parse_body(&l, e, &more, err) < 0)
		return -1;
	while (more) {
		if (parse_hunk(&l, hunk_add(e, &l), &more, err) < 0)
			return -1;
	}
	*ret_edit = TAKE_PTR(e);
	return 0;
}

struct span {
	const char *start, *end;
};

/* Counts the lines in the span that begin with what; *ret_at is the first. */
static int count_lines(struct span s, const char *what, const char **ret_at)
{
	const char *nl;
	int n = 0;

	for (const char *p = s.start; p < s.end; p = nl + 1) {
		if (str_starts(p, what) && n++ == 0)
			*ret_at = p;
		nl = memchr(p, '\n', (size_t)(s.end - p));
		if (!nl)
			break;
	}
	return n;
}

static int not_once(const struct example_edit *e, const struct example_hunk *h, int n,
		    const char *what, struct err *err)
{
	if (n == 0)
		return err_set(err, ERR_INPUT, "%s:%d: %s is not in %s", e->name, h->line,
			       what, h->path);
	return err_set(err, ERR_INPUT, "%s:%d: %s is %d times in %s, not once", e->name,
		       h->line, what, n, h->path);
}

/* Where the hunk may apply. */
static int find_span(const struct example_edit *e, const struct example_hunk *h,
		     struct span *s, struct err *err)
{
	const char *end;
	int n;

	if (!h->in)
		return 0;
	n = count_lines(*s, h->in, &s->start);
	if (n != 1)
		return not_once(e, h, n, "the line after \"in\"", err);
	end = s->start;
	if (count_lines((struct span){ s->start, s->end }, "}", &end) > 0)
		s->end = end;
	return 0;
}

int example_edit_apply(const struct example_edit *e, size_t i, const char *text,
		       char **ret_text, struct err *err)
{
	const struct example_hunk *h = &e->hunks[i];
	struct span s = { text, text + strlen(text) };
	AUTO(str_done) struct str out = STR_INIT;
	const char *at = NULL;
	int n;

	if (find_span(e, h, &s, err) < 0)
		return -1;
	n = count_lines(s, h->old_text, &at);
	if (n != 1)
		return not_once(e, h, n, "the text to be changed", err);
	str_addn(&out, text, (size_t)(at - text));
	str_add(&out, h->new_text);
	str_add(&out, at + strlen(h->old_text));
	*ret_text = str_take(&out);
	return 0;
}
