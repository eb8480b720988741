#include "runners/console.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/str.h"

#define RECENT 24 /* lines that are remembered */
#define SPLAT_TEXT_MAX (32u << 10)
#define LINES_BEFORE_TRACE 12 /* of a splat that shows no trace */
#define STAMP_DIGITS_MIN 6    /* behind the dot of a time stamp */

/* The splat that is being read. */
struct open_splat {
	bool active;
	bool cut_here; /* ends with "end trace" */
	bool oops;
	bool trace; /* something like a trace was in it */
	enum splat_kind kind;
	char *title; /* NULL: "cut here" came, the title did not yet */
	char *rip;
	struct str text;
	size_t lines;
	uint64_t offset;
};

struct console {
	char *mark; /* "sluice NONCE " */
	unsigned int n;
	struct console_span *spans;
	long last;      /* test that a marker started, -1: none */
	uint64_t bytes; /* behind the last byte fed */
	uint64_t line_start;
	bool stamped; /* a time stamp was seen */
	size_t len;
	char line[CONSOLE_LINE_MAX + 1];
	char *recent[RECENT]; /* ring of whole lines */
	uint64_t recent_n;
	struct open_splat open;
	struct console_splat *splats;
	size_t nsplats;
	size_t nhere; /* of these, since the last test began */
	uint64_t dropped;
	char *panic;
};

struct console *console_new(const char *nonce, unsigned int n)
{
	struct console *c = mem_alloc0(sizeof(*c));

	c->mark = str_printf("sluice %s ", nonce);
	c->n = n;
	c->last = -1;
	c->spans = mem_realloc(NULL, n ? n : 1, sizeof(*c->spans));
	for (unsigned int i = 0; i < n; i++)
		c->spans[i] = (struct console_span){ CONSOLE_NOWHERE, CONSOLE_NOWHERE };
	c->open.text.limit = SPLAT_TEXT_MAX;
	return c;
}

void console_free(struct console *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < RECENT; i++)
		free(c->recent[i]);
	for (size_t i = 0; i < c->nsplats; i++) {
		free(c->splats[i].title);
		free(c->splats[i].key);
		free(c->splats[i].text);
	}
	free(c->splats);
	free(c->open.title);
	free(c->open.rip);
	str_done(&c->open.text);
	free(c->mark);
	free(c->spans);
	free(c->panic);
	free(c);
}

/* "[   12.345678]" and what CONFIG_PRINTK_CALLER puts behind: "[    T1]". */
static const char *behind_stamp(const char *p)
{
	size_t digits;

	if (*p != '[')
		return NULL;
	p++;
	p += strspn(p, " ");
	digits = strspn(p, "0123456789");
	if (digits == 0 || p[digits] != '.')
		return NULL;
	p += digits + 1;
	digits = strspn(p, "0123456789");
	if (digits < STAMP_DIGITS_MIN || p[digits] != ']')
		return NULL;
	p += digits + 1;
	if (*p == '[') {
		const char *end = strchr(p, ']');
		size_t n = strspn(p + 1, " ");

		if (end && (p[1 + n] == 'T' || p[1 + n] == 'C') &&
		    isdigit((unsigned char)p[2 + n]))
			p = end + 1;
	}
	return p + (*p == ' ');
}

/*
 * The kernel's own text in a line, or NULL. A program's partial line may stand
 * before it.
 */
static const char *kernel_text(struct console *c, const char *line)
{
	for (const char *p = strchr(line, '['); p; p = strchr(p + 1, '[')) {
		const char *text = behind_stamp(p);

		if (text) {
			c->stamped = true;
			return text;
		}
	}
	return c->stamped ? NULL : line;
}

static void remember(struct console *c, const char *line)
{
	char **slot = &c->recent[c->recent_n++ % RECENT];

	free(*slot);
	*slot = str_dup(line);
}

static void keep_splat(struct console *c, struct open_splat *o)
{
	if (c->nsplats >= CONSOLE_SPLATS_MAX && c->nhere > 0) {
		c->dropped++;
		return;
	}
	c->nhere++;
	c->splats = mem_realloc(c->splats, c->nsplats + 1, sizeof(*c->splats));
	c->splats[c->nsplats++] = (struct console_splat){
		.kind = o->kind,
		.title = str_dup(o->title),
		.key = splat_key(o->kind, o->title, o->rip),
		.text = str_dup(str_get(&o->text)),
		.offset = o->offset,
	};
}

static void close_splat(struct console *c)
{
	struct open_splat *o = &c->open;

	/* "cut here" whose title never came is still a complaint. */
	if (o->active && !o->title) {
		o->title = str_dup("cut here");
		o->kind = SPLAT_WARNING;
	}
	if (o->active)
		keep_splat(c, o);
	free(o->title);
	free(o->rip);
	str_done(&o->text);
	*o = (struct open_splat){ .text = { .limit = SPLAT_TEXT_MAX } };
}

static void add_line(struct open_splat *o, const char *text)
{
	str_add(&o->text, text);
	str_addc(&o->text, '\n');
	o->lines++;
}

/* dump_page() speaks before VM_BUG_ON does: its lines belong to the splat. */
static void add_page_dump(struct console *c)
{
	uint64_t n = c->recent_n < RECENT ? c->recent_n : RECENT;
	uint64_t from = 0;

	for (uint64_t i = 1; i <= n; i++) {
		const char *l = c->recent[(c->recent_n - i) % RECENT];

		if (i <= 2 && strstr(l, "dumped because:"))
			from = i;
		else if (from && (strstr(l, "] page: ") || str_starts(l, "page: ") ||
				  strstr(l, "] page:")))
			from = i;
		else if (splat_end(l) || i > 16)
			break;
	}
	for (uint64_t i = from; i > 0; i--) {
		const char *l = c->recent[(c->recent_n - i) % RECENT];
		const char *text = kernel_text(c, l);

		add_line(&c->open, text ? text : l);
	}
}

static void open_splat(struct console *c, enum splat_kind kind, const char *text)
{
	struct open_splat *o = &c->open;

	close_splat(c);
	o->active = true;
	o->offset = c->line_start;
	o->kind = kind;
	if (splat_cut_here(text)) {
		o->cut_here = true;
		add_page_dump(c);
	} else {
		o->title = str_dup(text);
	}
	o->oops = kind == SPLAT_OOPS;
	add_line(o, text);
}

/*
 * A title while a splat is open: the first one after "cut here" names it, and
 * the processor's words behind a BUG are the same death. Else it is a new one.
 */
static bool joins(struct open_splat *o, enum splat_kind kind, const char *text)
{
	if (!o->title) {
		o->title = str_dup(text);
		o->kind = kind;
		o->oops |= kind == SPLAT_OOPS || kind == SPLAT_BUG;
		return true;
	}
	if (kind == SPLAT_OOPS || kind == SPLAT_KASAN || kind == o->kind) {
		bool same = o->kind == SPLAT_BUG || o->kind == SPLAT_OOPS ||
			    o->kind == SPLAT_RCU || o->kind == SPLAT_LOCKDEP;

		o->oops |= same && kind == SPLAT_OOPS;
		return same && !(kind == SPLAT_BUG && o->trace);
	}
	return false;
}

static bool looks_like_trace(const char *text)
{
	static const char *const signs[] = {
		"CPU: ",
		"Call Trace:",
		"Hardware name:",
		"task:",
		"RIP: ",
		"stack backtrace:",
		"Modules linked in:",
		"other info that might help",
		" <TASK>",
		"Allocated by task",
		"locks held by",
	};

	for (size_t i = 0; i < ARRAY_SIZE(signs); i++)
		if (strstr(text, signs[i]))
			return true;
	return false;
}

static void note_rip(struct open_splat *o, const char *text)
{
	const char *p = strstr(text, "RIP: 0010:");

	if (p && !o->rip)
		o->rip = str_dup(p + strlen("RIP: 0010:"));
}

static bool ends_here(const struct open_splat *o, const char *text)
{
	if (splat_end(text))
		return true;
	if (o->lines >= CONSOLE_SPLAT_LINES_MAX)
		return true;
	/* KASAN's and older UBSAN's closing line of "=" */
	if ((o->kind == SPLAT_KASAN || o->kind == SPLAT_UBSAN) && o->trace &&
	    str_starts(text, "========"))
		return true;
	if (o->cut_here || o->oops || o->kind == SPLAT_LOCKDEP)
		return o->kind == SPLAT_LOCKDEP && !o->cut_here &&
		       strstr(text, "</TASK>") &&
		       strstr(str_get(&o->text), "stack backtrace:");
	if (o->kind != SPLAT_KASAN && strstr(text, "</TASK>"))
		return true;
	return !o->trace && o->lines >= LINES_BEFORE_TRACE;
}

/* A line inside a splat; true when it was taken. */
static bool in_splat(struct console *c, enum splat_kind kind, const char *text)
{
	struct open_splat *o = &c->open;

	if (!o->active)
		return false;
	if (splat_cut_here(text) || (kind != SPLAT_NONE && !joins(o, kind, text)))
		return false;
	o->trace |= looks_like_trace(text);
	note_rip(o, text);
	add_line(o, text);
	if (ends_here(o, text))
		close_splat(c);
	return true;
}

/*
 * Tests run one after the other: a marker of one before is somebody's copy. The
 * last "done" counts, since the first may be a copy, too.
 */
static bool mark_span(struct console *c, bool start, long idx, uint64_t behind)
{
	struct console_span *span = &c->spans[idx];

	if (start ? idx <= c->last : idx != c->last)
		return false;
	if (start)
		span->from = c->line_start;
	else
		span->to = behind;
	c->last = idx;
	return true;
}

/*
 * Our own marker: also where a splat of the test before ends. The kernel is
 * alive, so what looked like its panic was some program's text.
 */
static bool take_marker(struct console *c, const char *text, uint64_t behind)
{
	const char *p = text;
	bool start;
	long long idx;

	if (!str_starts(p, c->mark))
		return false;
	p += strlen(c->mark);
	start = str_starts(p, "start ");
	if (!start && !str_starts(p, "done "))
		return false;
	p += start ? 6 : 5;
	if (c->n == 0 || !str_to_ll(p, 0, (long long)c->n - 1, &idx))
		return false;
	close_splat(c);
	if (!mark_span(c, start, (long)idx, behind))
		return true;
	if (start)
		c->nhere = 0;
	free(c->panic);
	c->panic = NULL;
	return true;
}

/* Behind any time stamp: before it may stand a program's text, stamps and all. */
static bool do_marker(struct console *c, const char *line, uint64_t behind)
{
	for (const char *p = strchr(line, '['); p; p = strchr(p + 1, '[')) {
		const char *text = behind_stamp(p);

		if (text && take_marker(c, text, behind))
			return true;
	}
	return !c->stamped && take_marker(c, line, behind);
}

static void do_line(struct console *c, uint64_t behind)
{
	const char *text;
	enum splat_kind kind;

	while (c->len && (c->line[c->len - 1] == '\r' || c->line[c->len - 1] == ' '))
		c->len--;
	c->line[c->len] = '\0';
	if (c->len == 0)
		return;
	text = kernel_text(c, c->line);
	if (!do_marker(c, c->line, behind) && text) {
		kind = splat_title(text);
		if (kind == SPLAT_PANIC && !c->panic)
			c->panic = str_dup(text);
		if (!in_splat(c, kind, text) &&
		    (kind != SPLAT_NONE || splat_cut_here(text)))
			open_splat(c, kind, text);
	}
	remember(c, c->line);
}

void console_feed(struct console *c, const void *data, size_t len)
{
	const char *p = data;

	for (; len; p++, len--) {
		c->bytes++;
		if (*p == '\n') {
			do_line(c, c->bytes);
			c->len = 0;
			c->line_start = c->bytes;
		} else if (*p) {
			/* A program's endless line: what the kernel says is at
			 * its end. */
			if (c->len == CONSOLE_LINE_MAX) {
				c->len -= CONSOLE_LINE_MAX / 2;
				memmove(c->line, c->line + CONSOLE_LINE_MAX / 2, c->len);
			}
			c->line[c->len++] = *p;
		}
	}
}

void console_end(struct console *c)
{
	if (c->len) {
		do_line(c, c->bytes);
		c->len = 0;
	}
	close_splat(c);
}

uint64_t console_bytes(const struct console *c)
{
	return c->bytes;
}

const struct console_splat *console_splats(const struct console *c, size_t *ret_n)
{
	*ret_n = c->nsplats;
	return c->splats;
}

uint64_t console_splats_dropped(const struct console *c)
{
	return c->dropped;
}

struct console_span console_span(const struct console *c, unsigned int idx)
{
	return c->spans[idx];
}

const char *console_panic(const struct console *c)
{
	return c->panic;
}

static char **recent_lines(const struct console *c, size_t n)
{
	size_t have = c->recent_n < RECENT ? (size_t)c->recent_n : RECENT;
	char **v;

	if (have > n)
		have = n;
	v = mem_alloc0((have + 1) * sizeof(*v));
	for (size_t i = 0; i < have; i++)
		v[i] = str_dup(c->recent[(c->recent_n - have + i) % RECENT]);
	return v;
}

static char **splat_lines(const struct console_splat *s, size_t n)
{
	char **all = strv_split(s->text, "\n");
	size_t have = strv_len(all);
	char **v = mem_alloc0((n + 1) * sizeof(*v));

	for (size_t i = 0; i < n && i < have; i++)
		v[i] = str_dup(all[i]);
	strv_free(all);
	return v;
}

char **console_tail(const struct console *c, size_t n)
{
	return c->nsplats ? splat_lines(&c->splats[0], n) : recent_lines(c, n);
}
