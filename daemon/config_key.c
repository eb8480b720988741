#include "daemon/config_key.h"

#include <assert.h>
#include <ctype.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "lib/cleanup.h"

static const struct {
	const char *name, *form;
} types[] = {
	[KEY_TEXT] = { "text", "text" },
	[KEY_NAME] = { "name", "a name (letters, digits, . _ -)" },
	[KEY_NAMES] = { "names", "a list of names (letters, digits, . _ -) with commas" },
	[KEY_PATH] = { "path", "an absolute path" },
	[KEY_PROGRAM] = { "program", "a program name or an absolute path" },
	[KEY_CHOICE] = { "choice", "one of" },
	[KEY_COUNT] = { "number", "a number" },
	[KEY_PERCENT] = { "percent", "a percentage like 500%" },
	[KEY_SIZE] = { "size", "a size like 512M or 4G" },
	[KEY_DURATION] = { "time", "a time like 90s, 10m or 2h" },
	[KEY_LISTEN] = { "address", "an address and port like 127.0.0.1:8470" },
};

bool key_valid_name(const char *s, size_t len)
{
	static const char ok[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789._-";

	return len > 0 && *s != '.' && *s != '-' && strspn(s, ok) >= len;
}

static bool valid_names(const char *s)
{
	char **v = strv_split(s, ", \t");
	bool ok = v[0] != NULL;

	for (size_t i = 0; v[i]; i++)
		ok = ok && key_valid_name(v[i], strlen(v[i]));
	strv_free(v);
	return ok;
}

static bool valid_choice(const char *s, const char *choices)
{
	char **v = strv_split(choices, " ");
	bool ok = false;

	for (size_t i = 0; v[i]; i++)
		ok = ok || strcmp(v[i], s) == 0;
	strv_free(v);
	return ok;
}

static bool valid_listen(const char *s)
{
	const char *colon = strrchr(s, ':');
	long long port;

	return colon && colon > s && str_to_ll(colon + 1, 0, 65535, &port);
}

static bool valid_text(const struct key *k, const char *s)
{
	if (!*s && !*k->def)
		return true;
	switch (k->type) {
	case KEY_NAME:
		return key_valid_name(s, strlen(s));
	case KEY_NAMES:
		return valid_names(s);
	case KEY_PATH:
		return *s == '\0' || *s == '/';
	case KEY_PROGRAM:
		return *s == '/' || (*s && !strchr(s, '/'));
	case KEY_CHOICE:
		return valid_choice(s, k->choices);
	case KEY_LISTEN:
		return valid_listen(s);
	default:
		return true;
	}
}

/* "500%" or "500" */
static bool parse_percent(const char *s, const struct key *k, long long *ret)
{
	AUTO_FREE char *digits = str_dup(s);
	size_t len = strlen(digits);

	if (len && digits[len - 1] == '%')
		digits[len - 1] = '\0';
	return str_to_ll(digits, k->min, k->max, ret);
}

bool key_set(void *base, const struct key *k, const char *text)
{
	void *field = (char *)base + k->at;
	unsigned long long u;
	long long n;

	switch (k->type) {
	case KEY_COUNT:
		return str_to_ll(text, k->min, k->max ? k->max : LLONG_MAX,
				 (long long *)field);
	case KEY_PERCENT:
		if (!parse_percent(text, k, &n))
			return false;
		*(uint64_t *)field = (uint64_t)n;
		return true;
	case KEY_SIZE:
	case KEY_DURATION:
		if (!(k->type == KEY_SIZE ? conf_parse_size(text, &u) :
					    conf_parse_duration(text, &u)) ||
		    u < (unsigned long long)k->min)
			return false;
		*(uint64_t *)field = u;
		return true;
	default:
		if (!valid_text(k, text))
			return false;
		free(*(char **)field);
		*(char **)field = str_dup(text);
		return true;
	}
}

void key_complain(struct conf *conf, int line, const struct key *k, const char *text)
{
	AUTO(str_done) struct str why = STR_INIT;

	str_add(&why, types[k->type].form);
	if (k->type == KEY_CHOICE)
		str_addf(&why, " %s", k->choices);
	if (k->type == KEY_COUNT || k->type == KEY_PERCENT)
		str_addf(&why, " from %lld to %lld", k->min, k->max);
	if ((k->type == KEY_SIZE || k->type == KEY_DURATION) && k->min > 1)
		str_addf(&why, ", at least %lld %s", k->min,
			 k->type == KEY_SIZE ? "bytes" : "ms");
	conf_complain(conf, line, "%s: \"%s\" is not %s", k->name, text, str_get(&why));
}

void key_done(void *base, const struct key *k)
{
	switch (k->type) {
	case KEY_COUNT:
	case KEY_PERCENT:
	case KEY_SIZE:
	case KEY_DURATION:
		break;
	default:
		free(*(char **)((char *)base + k->at));
	}
}

/* What may stand there, for people. */
static void key_form(const struct key *k, struct str *out)
{
	if (k->type == KEY_CHOICE) {
		char **v = strv_split(k->choices, " ");

		for (size_t i = 0; v[i]; i++)
			str_addf(out, "%s%s", i ? "|" : "", v[i]);
		strv_free(v);
		return;
	}
	str_add(out, types[k->type].name);
}

void key_print(FILE *out, const struct key *k)
{
	AUTO(str_done) struct str form = STR_INIT;

	key_form(k, &form);
	fprintf(out, "  %s = %s  (%s)\n      %s\n", k->name, *k->def ? k->def : "<empty>",
		str_get(&form), k->help);
}

void key_print_ini(FILE *out, const struct key *k, const char *prefix)
{
	fprintf(out, "; %s\n%s%s =%s%s\n", k->help, prefix, k->name, *k->def ? " " : "",
		k->def);
}

void key_print_mdoc(FILE *out, const struct key *k)
{
	AUTO(str_done) struct str form = STR_INIT;

	key_form(k, &form);
	fprintf(out, ".It Ic %s No = Ar %s\n", k->name, str_get(&form));
	if (*k->def)
		fprintf(out, "Default: %s.\n", k->def);
	fprintf(out, "%c%s.\n", toupper((unsigned char)k->help[0]), k->help + 1);
}

const char *keys_section_name(const struct conf_section *s, const char *kind)
{
	const char *name = conf_section_name(s);
	size_t n = strlen(kind);

	if (!str_starts(name, kind) || name[n] != ' ')
		return "";
	return name + n + strspn(name + n, " \t");
}

void keys_load(void *base, const struct key *keys, size_t n, struct conf *conf,
	       const struct conf_section *s)
{
	AUTO_FREE const char **known = mem_alloc0((n + 1) * sizeof(*known));

	for (size_t i = 0; i < n; i++)
		if (!key_set(base, &keys[i], keys[i].def))
			assert(!"a built-in default is valid");
	for (size_t i = 0; i < n; i++) {
		const char *text;
		int line = 0;

		known[i] = keys[i].name;
		text = conf_get(s, keys[i].name, &line);
		if (text && !key_set(base, &keys[i], text))
			key_complain(conf, line, &keys[i], text);
	}
	conf_check_unused(conf, s, known);
}
