#include "kernels/logline.h"

#include <ctype.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/str.h"

static const char *skip_blank(const char *p)
{
	return p + strspn(p, " \t");
}

bool logline_announce(const char *line, size_t *ret_verb_len, const char **ret_target,
		      size_t *ret_target_len)
{
	const char *p = line + 2;
	size_t n;

	if (!str_starts(line, "  ") || !isupper((unsigned char)*p))
		return false;
	n = strspn(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-");
	if (n < 2 || n > 14 || p[n] != ' ')
		return false;
	*ret_verb_len = n;
	p = skip_blank(p + n);
	if (*p == '[' && p[1] && p[2] == ']')
		p = skip_blank(p + 3);
	*ret_target = p;
	*ret_target_len = strcspn(p, " \t");
	return *ret_target_len > 0;
}

bool logline_verb_compiles(const char *verb, size_t n)
{
	static const char *const verbs[] = { "CC", "AS", "HOSTCC", "HOSTCXX", "RUSTC" };

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strlen(verbs[i]) == n && strncmp(verb, verbs[i], n) == 0)
			return true;
	return false;
}

static int number_at(const char *p, const char **ret_end)
{
	int n = 0;

	for (; isdigit((unsigned char)*p); p++)
		if (n < 100000000)
			n = n * 10 + (*p - '0');
	*ret_end = p;
	return n;
}

bool logline_place(const char *line, size_t *ret_path_len, int *ret_number,
		   const char **ret_rest)
{
	for (const char *p = strchr(line, ':'); p; p = strchr(p + 1, ':')) {
		const char *end;
		int number;

		if (p == line || !isdigit((unsigned char)p[1]))
			continue;
		number = number_at(p + 1, &end);
		if (*end != ':')
			continue;
		*ret_path_len = (size_t)(p - line);
		*ret_number = number;
		*ret_rest = end + 1;
		/* The column, if there is one. */
		number_at(*ret_rest, &end);
		if (end > *ret_rest && *end == ':')
			*ret_rest = end + 1;
		return true;
	}
	return false;
}

enum log_severity logline_severity(const char *p, const char **ret_text)
{
	static const struct {
		const char *word;
		enum log_severity severity;
	} words[] = {
		{ "warning:", LOG_WARNING },
		{ "Warning:", LOG_WARNING },
		{ "error:", LOG_ERROR },
		{ "Error:", LOG_ERROR },
		{ "fatal error:", LOG_ERROR },
		{ "Fatal error:", LOG_ERROR },
		{ "note:", LOG_NOTE },
		{ "Info:", LOG_NOTE },
		{ "internal compiler error:", LOG_ERROR },
	};

	p = skip_blank(p);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (str_starts(p, words[i].word)) {
			*ret_text = skip_blank(p + strlen(words[i].word));
			return words[i].severity;
		}
	*ret_text = p;
	return LOG_NONE;
}

bool logline_include(const char *line, bool more, const char **ret_path, size_t *ret_len)
{
	static const char first[] = "In file included from ";
	const char *p = skip_blank(line);

	if (str_starts(p, first))
		p += sizeof(first) - 1;
	else if (more && p > line && str_starts(p, "from "))
		p += 5;
	else
		return false;
	*ret_path = p;
	*ret_len = strcspn(p, ":,");
	return true;
}

bool logline_preamble(const char *line)
{
	return !isspace((unsigned char)*line) &&
	       (strstr(line, ": In function ") || strstr(line, ": At top level") ||
		str_ends(line, ": Assembler messages:"));
}

static bool is_kconfig(const char *path, size_t len)
{
	const char *slash = memrchr(path, '/', len);
	const char *name = slash ? slash + 1 : path;

	return str_starts(name, "Kconfig");
}

bool logline_diag(const char *line, struct log_diag *ret)
{
	struct log_diag d = { .file = line, .kind = BUILDLOG_COMPILE };
	const char *rest;

	if (isspace((unsigned char)*line) ||
	    !logline_place(line, &d.file_len, &d.line, &rest))
		return false;
	d.severity = logline_severity(rest, &d.text);
	if (is_kconfig(line, d.file_len)) {
		d.kind = BUILDLOG_KCONFIG;
		if (d.severity == LOG_NONE)
			d.severity = LOG_ERROR;
	} else if (d.severity == LOG_NONE && str_starts(d.text, "*** ")) {
		/* "Makefile:12: *** missing separator.  Stop." */
		d.severity = LOG_ERROR;
		d.kind = BUILDLOG_MAKE;
		d.tier = LOG_TOOL;
		d.text += 4;
	}
	if (d.severity == LOG_NONE)
		return false;
	*ret = d;
	return true;
}

bool logline_make(const char *line, struct log_diag *ret)
{
	const char *p = line + 4;

	if (!str_starts(line, "make"))
		return false;
	if (*p == '[') {
		p = strchr(p, ']');
		if (!p)
			return false;
		p++;
	}
	if (!str_starts(p, ": "))
		return false;
	*ret = (struct log_diag){ .kind = BUILDLOG_MAKE, .text = p + 2 };
	if (!str_starts(ret->text, "*** "))
		return true;
	ret->text += 4;
	ret->severity = LOG_ERROR;
	ret->tier = *ret->text == '[' ? LOG_RECIPE : LOG_TOOL;
	return true;
}

bool logline_failed_target(const char *text, const char **ret_target, size_t *ret_len)
{
	const char *end = strstr(text, "] "), *from = text + 1;

	if (*text != '[' || !end)
		return false;
	for (const char *q = from; q + 1 < end; q++)
		if (q[0] == ':' && q[1] == ' ')
			from = q + 2;
	*ret_target = from;
	*ret_len = (size_t)(end - from);
	return *ret_len > 0;
}
