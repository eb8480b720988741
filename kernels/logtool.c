#include "kernels/logtool.h"

#include <ctype.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/str.h"

/* Behind "ld: ", "/usr/bin/ld: ", "x86_64-linux-gnu-ld.bfd: "; NULL if it is none. */
static const char *after_linker(const char *line)
{
	static const char *const names[] = { "ld", "ld.bfd", "ld.lld", "ld.gold" };
	size_t n = strcspn(line, ": \t");

	if (line[n] != ':' || line[n + 1] != ' ')
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t len = strlen(names[i]);

		if (n >= len && strncmp(line + n - len, names[i], len) == 0 &&
		    (n == len || line[n - len - 1] == '/' || line[n - len - 1] == '-'))
			return line + n + 2;
	}
	return NULL;
}

/* The object or source at the start of "mm/a.o: in function", "mm/a.o:(.text+0x1): ". */
static void name_object(const char *p, struct log_diag *d)
{
	size_t n = strcspn(p, ": \t(");

	if ((p[n] != ':' && p[n] != '(') || n < 3 || p[n - 2] != '.' ||
	    !strchr("oacS", p[n - 1]))
		return;
	d->file = p;
	d->file_len = n;
}

/* "a.c:(.text+0x5): undefined reference to `f'" */
static bool link_symbol(const char *rest, struct log_diag *d)
{
	static const char *const phrases[] = { " undefined reference to ",
					       " multiple definition of " };

	for (size_t i = 0; i < ARRAY_SIZE(phrases); i++) {
		const char *at = strstr(rest, phrases[i]);

		if (!at)
			continue;
		name_object(rest, d);
		d->text = at + 1;
		d->severity = LOG_ERROR;
		return true;
	}
	return false;
}

bool logtool_linker(const char *line, struct log_diag *ret)
{
	const char *rest = after_linker(line);
	struct log_diag d = { .kind = BUILDLOG_LINK };

	if (isspace((unsigned char)*line))
		return false;
	if (link_symbol(rest ? rest : line, &d)) {
		*ret = d;
		return true;
	}
	if (!rest)
		return false;
	d.text = rest;
	if (strstr(rest, ": in function ")) {
		name_object(rest, &d);
		*ret = d;
		return true;
	}
	d.severity = logline_severity(rest, &d.text);
	if (d.severity == LOG_NONE)
		d.severity = strstr(rest, "warning:") ? LOG_WARNING : LOG_ERROR;
	name_object(d.text, &d);
	d.flag = "ld";
	*ret = d;
	return true;
}

bool logtool_objtool(const char *line, struct log_diag *ret)
{
	static const char word[] = ": objtool: ";
	const char *at = strstr(line, word), *colon = strchr(line, ':');
	struct log_diag d = { .kind = BUILDLOG_LINK, .flag = "objtool" };

	if (!at || isspace((unsigned char)*line))
		return false;
	d.text = at + sizeof(word) - 1;
	/* "error: objtool: …" has no object in front. */
	d.severity = logline_severity(line, &(const char *){ NULL });
	if (d.severity == LOG_NONE && colon < at) {
		d.file = line;
		d.file_len = (size_t)(colon - line);
		d.severity = logline_severity(colon + 1, &(const char *){ NULL });
	}
	if (d.severity == LOG_NONE)
		return false;
	*ret = d;
	return true;
}

bool logtool_modpost(const char *line, struct log_diag *ret)
{
	static const char error[] = "ERROR: ", warning[] = "WARNING: ",
			  name[] = "modpost: ";
	struct log_diag d = { .kind = BUILDLOG_LINK };

	if (str_starts(line, error)) {
		d.severity = LOG_ERROR;
		d.text = line + sizeof(error) - 1;
	} else if (str_starts(line, warning)) {
		d.severity = LOG_WARNING;
		d.text = line + sizeof(warning) - 1;
	} else {
		return false;
	}
	if (str_starts(d.text, name)) {
		d.text += sizeof(name) - 1;
		d.flag = "modpost";
	}
	*ret = d;
	return true;
}

/* What a program says behind its name, where it says no severity. */
static bool sounds_like_error(const char *text)
{
	return strstr(text, "not found") || strstr(text, "rror: ") ||
	       str_starts(text, "error ") || str_starts(text, "out of memory") ||
	       str_starts(text, "cannot ");
}

bool logtool_other(const char *line, struct log_diag *ret)
{
	size_t n = strcspn(line, ": \t");
	struct log_diag d = { .kind = BUILDLOG_TOOL, .tier = LOG_TOOL, .text = line };

	if (!n || isspace((unsigned char)*line) ||
	    str_ends(line, "warnings being treated as errors"))
		return false;
	if (line[n] == ':' && line[n + 1] == ' ') {
		d.severity = logline_severity(line + n + 1, &d.text);
		if (d.severity == LOG_NONE && sounds_like_error(d.text))
			d.severity = LOG_ERROR;
		/* Of an error we want to know whose it is. */
		if (d.severity == LOG_ERROR)
			d.text = line;
	} else if (str_starts(line, "Failed ") || str_starts(line, "Inconsistent ")) {
		d.severity = LOG_ERROR;
	}
	if (d.severity != LOG_ERROR && d.severity != LOG_WARNING)
		return false;
	if (str_starts(line, "collect2: "))
		d.tier = LOG_RECIPE;
	*ret = d;
	return true;
}

static bool has_any(const char *line, const char *const *phrases)
{
	for (; *phrases; phrases++)
		if (strstr(line, *phrases))
			return true;
	return false;
}

static bool speaks_of_itself(const char *line)
{
	static const char *const own[] = { "error writing to ",
					   "error closing ",
					   "opening dependency file",
					   "can't ",
					   "cannot write",
					   "when writing output" };
	const char *rest, *text;
	size_t len;
	int number;

	if (!*line || isspace((unsigned char)*line))
		return false;
	/* "make: *** [Makefile:22: x] Killed" has a place, too. */
	if (str_starts(line, "make: *** ") || str_starts(line, "make["))
		return true;
	if (!logline_place(line, &len, &number, &rest))
		return true;
	if (logline_severity(rest, &text) == LOG_NONE)
		/* "/bin/sh: 1: cannot create x: …" */
		return str_starts(text, "cannot create");
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (str_starts(text, own[i]))
			return true;
	return false;
}

unsigned logtool_evidence(const char *line)
{
	static const char *const phrases[][6] = {
		{ "Cannot allocate memory", "out of memory allocating",
		  "virtual memory exhausted", "memory exhausted", "std::bad_alloc" },
		{ "Killed signal terminated program", "] Killed" },
		{ "No space left on device", "Disk quota exceeded" },
		{ "File size limit exceeded", "File too large" },
		{ "Resource temporarily unavailable" },
		{ "Input/output error", "Read-only file system", "Stale file handle" },
	};
	unsigned bits = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(phrases); i++)
		if (has_any(line, phrases[i]))
			bits |= 1U << i;
	return bits && speaks_of_itself(line) ? bits : 0;
}
