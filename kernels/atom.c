#include "kernels/atom.h"

#include <expat.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/cleanup.h"
#include "lib/str.h"

#define NS "http://www.w3.org/2005/Atom "

enum { DEPTH_MAX = 100, ENTRIES_MAX = 2000, HREF_MAX = 4096, TIME_MAX = 64 };

struct atom {
	XML_Parser parser;
	atom_fn fn;
	void *arg;
	struct err err;
	int failed; /* what fn said, or -1 */
	int depth, entries;
	bool feed;     /* the root was one */
	bool in_entry; /* at depth 2 */
	bool in_updated;
	struct str updated;
	char *href;
};

bool atom_time(const char *text, long long *ret)
{
	struct tm tm = { .tm_isdst = 0 };
	int used = 0, h = 0, m = 0;
	char sign = 0;
	long long t;

	if (sscanf(text, " %4d-%2d-%2dT%2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon,
		   &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &used) != 6)
		return false;
	text += used;
	if (*text == '.')
		text += 1 + strspn(text + 1, "0123456789");
	if (*text && *text != 'Z' && sscanf(text, "%c%2d:%2d", &sign, &h, &m) != 3)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	t = timegm(&tm) - (sign == '-' ? -1 : 1) * (h * 3600LL + m * 60);
	if (t < 0)
		return false;
	*ret = t;
	return true;
}

static void stop(struct atom *a, int code)
{
	a->failed = code;
	XML_StopParser(a->parser, XML_FALSE);
}

static const char *attribute(const char **attrs, const char *name)
{
	for (; *attrs; attrs += 2)
		if (strcmp(attrs[0], name) == 0)
			return attrs[1];
	return NULL;
}

static void read_link(struct atom *a, const char **attrs)
{
	const char *rel = attribute(attrs, "rel");
	const char *href = attribute(attrs, "href");

	if (a->href || !href || strlen(href) > HREF_MAX ||
	    (rel && strcmp(rel, "alternate") != 0))
		return;
	a->href = str_dup(href);
}

static void on_start(void *arg, const char *name, const char **attrs)
{
	struct atom *a = arg;

	if (a->depth == 0)
		a->feed = strcmp(name, NS "feed") == 0;
	if (++a->depth > DEPTH_MAX) {
		err_set(&a->err, ERR_LIMIT, "Atom: nested over %d deep", DEPTH_MAX);
		stop(a, -1);
	} else if (a->depth == 1 && !a->feed) {
		err_set(&a->err, ERR_INPUT, "this is no Atom feed");
		stop(a, -1);
	} else if (a->depth == 2 && !strcmp(name, NS "entry")) {
		a->in_entry = true;
		str_clear(&a->updated);
		free(TAKE_PTR(a->href));
	} else if (a->depth == 3 && a->in_entry) {
		a->in_updated = !strcmp(name, NS "updated");
		if (!strcmp(name, NS "link"))
			read_link(a, attrs);
	}
}

static void entry_done(struct atom *a)
{
	struct atom_entry e = { .href = a->href };
	int rc;

	a->in_entry = false;
	if (++a->entries > ENTRIES_MAX) {
		err_set(&a->err, ERR_LIMIT, "Atom: over %d entries", ENTRIES_MAX);
		stop(a, -1);
		return;
	}
	if (!a->href)
		return;
	if (!atom_time(str_get(&a->updated), &e.updated))
		e.updated = 0;
	rc = a->fn(&e, a->arg, &a->err);
	if (rc)
		stop(a, rc);
}

static void on_end(void *arg, const char *name)
{
	struct atom *a = arg;

	(void)name;
	a->in_updated = false;
	if (a->depth == 2 && a->in_entry)
		entry_done(a);
	a->depth--;
}

static void on_text(void *arg, const char *text, int len)
{
	struct atom *a = arg;

	if (a->in_updated && a->depth == 3 && a->updated.len + (size_t)len <= TIME_MAX)
		str_addn(&a->updated, text, (size_t)len);
}

static void on_doctype(void *arg, const char *name, const char *sysid, const char *pubid,
		       int has_internal_subset)
{
	struct atom *a = arg;

	(void)name;
	(void)sysid;
	(void)pubid;
	(void)has_internal_subset;
	err_set(&a->err, ERR_INPUT, "Atom: with a document type");
	stop(a, -1);
}

struct atom *atom_new(atom_fn fn, void *arg)
{
	struct atom *a = mem_alloc0(sizeof(*a));

	a->fn = fn;
	a->arg = arg;
	a->parser = XML_ParserCreateNS(NULL, ' ');
	if (!a->parser)
		abort(); /* out of memory */
	XML_SetUserData(a->parser, a);
	XML_SetElementHandler(a->parser, on_start, on_end);
	XML_SetCharacterDataHandler(a->parser, on_text);
	XML_SetStartDoctypeDeclHandler(a->parser, on_doctype);
	return a;
}

void atom_free(struct atom *a)
{
	if (!a)
		return;
	XML_ParserFree(a->parser);
	str_done(&a->updated);
	free(a->href);
	free(a);
}

static int parse(struct atom *a, const char *data, size_t len, int final, struct err *err)
{
	if (a->failed) {
		*err = a->err;
		return a->failed;
	}
	if (XML_Parse(a->parser, data, (int)len, final) != XML_STATUS_ERROR)
		return 0;
	if (!a->failed) {
		err_set(&a->err, ERR_INPUT, "Atom: %s in line %lu",
			XML_ErrorString(XML_GetErrorCode(a->parser)),
			XML_GetCurrentLineNumber(a->parser));
		a->failed = -1;
	}
	*err = a->err;
	return a->failed;
}

int atom_feed(const char *data, size_t len, void *atom, struct err *err)
{
	return parse(atom, data, len, 0, err);
}

int atom_end(struct atom *a, struct err *err)
{
	return parse(a, "", 0, 1, err);
}
