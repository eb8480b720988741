#include "lib/conf.h"

#include <ctype.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/str.h"
#include "lib/text.h"

#define CONF_FILE_MAX (1024 * 1024)
#define CONF_LINE_MAX 4096
/* inih keeps a section's name in 50 bytes and cuts what is longer. */
#define CONF_SECTION_MAX 49

/*
 * Debian's inih has its settings as variables, elsewhere they are compiled in:
 * there the address is NULL, and the line limit is what the library was built
 * with (200).
 */
extern int ini_max_line __attribute__((weak));

struct conf_key {
	char *name;
	char *value;
	int line;
	bool used;
};

struct conf_section {
	char *name;
	int line;
	struct conf_key *keys;
	size_t nkeys;
};

struct complaint {
	int line;
	char *text;
};

struct conf {
	char *name;
	struct conf_section **sections;
	size_t nsections;
	struct complaint *complaints;
	size_t ncomplaints;
};

/* What our reader and handler know while inih is at work. */
struct parse {
	struct conf *conf;
	const char *pos, *end;
	int line;
	struct conf_section *section;
	bool skip; /* below a header that was refused */
};

static void complain(struct conf *c, int line, const char *fmt, va_list ap)
{
	AUTO_FREE char *text = NULL;
	size_t at = c->ncomplaints;
	char where[32] = "";

	if (vasprintf(&text, fmt, ap) < 0)
		text = str_dup("out of memory");
	if (line)
		snprintf(where, sizeof(where), "%d:", line);
	c->complaints = mem_realloc(c->complaints, at + 1, sizeof(*c->complaints));
	for (; at && c->complaints[at - 1].line > line; at--)
		c->complaints[at] = c->complaints[at - 1];
	c->complaints[at].line = line;
	c->complaints[at].text = str_printf("%s:%s %s", c->name, where, text);
	c->ncomplaints++;
}

void conf_complain(struct conf *c, int line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(c, line, fmt, ap);
	va_end(ap);
}

static struct conf_section *section_find(const struct conf *c, const char *name)
{
	for (size_t i = 0; i < c->nsections; i++)
		if (strcmp(c->sections[i]->name, name) == 0)
			return c->sections[i];
	return NULL;
}

static struct conf_section *section_add(struct conf *c, const char *name, int line)
{
	struct conf_section *s = mem_alloc0(sizeof(*s));

	s->name = str_dup(name);
	s->line = line;
	c->sections = mem_realloc(c->sections, c->nsections + 1, sizeof(*c->sections));
	c->sections[c->nsections++] = s;
	return s;
}

static struct conf_key *key_find(const struct conf_section *s, const char *name)
{
	for (size_t i = 0; i < s->nkeys; i++)
		if (strcmp(s->keys[i].name, name) == 0)
			return &s->keys[i];
	return NULL;
}

/* inih's handler: it comes right after the reader gave out the line. */
static int on_key(void *arg, const char *section, const char *name, const char *value)
{
	struct parse *p = arg;
	const struct conf_key *old;
	struct conf_section *s;

	(void)section; /* ours knows its line, and was not cut */
	if (p->skip)
		return 1;
	if (!p->section)
		p->section = section_add(p->conf, "", p->line);
	s = p->section;
	old = key_find(s, name);
	if (old) {
		conf_complain(p->conf, p->line, "key \"%s\" again, first on line %d",
			      name, old->line);
		return 1;
	}
	s->keys = mem_realloc(s->keys, s->nkeys + 1, sizeof(*s->keys));
	s->keys[s->nkeys++] = (struct conf_key){
		.name = str_dup(name),
		.value = str_dup(value),
		.line = p->line,
	};
	return 1;
}

/* A header, "[name]" to begin with. */
static void read_header(struct parse *p, char *line)
{
	size_t n = strlen(line);
	char *name;

	p->skip = true;
	if (line[n - 1] != ']') {
		conf_complain(p->conf, p->line, "expected \"[section]\"");
		return;
	}
	line[n - 1] = '\0';
	name = str_trim(line + 1);
	n = strlen(name);
	if (!n || n > CONF_SECTION_MAX || strpbrk(name, "[]")) {
		conf_complain(p->conf, p->line,
			      "a section's name is 1 to %d bytes without brackets",
			      CONF_SECTION_MAX);
		return;
	}
	p->skip = false;
	p->section = section_find(p->conf, name);
	if (p->section)
		conf_complain(p->conf, p->line, "section [%s] again, first on line %d",
			      name, p->section->line);
	else
		p->section = section_add(p->conf, name, p->line);
}

/* Whether line is "key = value" to us and, in the same way, to inih. */
static bool check_key(struct parse *p, const char *line)
{
	size_t n = strcspn(line, "=");
	size_t key;

	if (!line[n]) {
		conf_complain(p->conf, p->line, "expected \"key = value\"");
		return false;
	}
	while (n && isspace((unsigned char)line[n - 1]))
		n--;
	key = strcspn(line, " \t=:[]\"'");
	if (!n || key < n) {
		conf_complain(p->conf, p->line,
			      "\"%.*s\" cannot be a key: no spaces, colons, quotes or "
			      "brackets",
			      (int)n, line);
		return false;
	}
	return true;
}

static bool check_bytes(struct parse *p, const char *line, size_t len)
{
	if (len > CONF_LINE_MAX) {
		conf_complain(p->conf, p->line, "line over %d bytes", CONF_LINE_MAX);
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)line[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f) {
			conf_complain(p->conf, p->line, "control character 0x%02x", c);
			return false;
		}
	}
	if (!text_is_utf8(line, len)) {
		conf_complain(p->conf, p->line, "not valid UTF-8");
		return false;
	}
	return true;
}

static void cut_comment(char *line)
{
	for (char *c = line; *c; c++)
		if ((*c == '#' || *c == ';') &&
		    (c == line || isspace((unsigned char)c[-1]))) {
			*c = '\0';
			return;
		}
}

/*
 * inih's reader. It hands out the lines that it has found to be "key = value",
 * trimmed and without their comment; headers and refused lines become empty,
 * so inih's own complaints (it has one at most) can be ignored.
 */
static char *next_line(char *buf, int size, void *arg)
{
	struct parse *p = arg;
	AUTO_FREE char *copy = NULL;
	const char *nl, *start = p->pos;
	size_t len;
	char *line;

	if (p->pos == p->end)
		return NULL;
	nl = memchr(p->pos, '\n', (size_t)(p->end - p->pos));
	p->pos = nl ? nl + 1 : p->end;
	len = (size_t)((nl ? nl : p->end) - start);
	p->line++;
	if (p->line == 1 && len >= 3 && memcmp(start, "\xef\xbb\xbf", 3) == 0) {
		start += 3;
		len -= 3;
	}
	if (len && start[len - 1] == '\r')
		len--;
	snprintf(buf, (size_t)size, "\n");
	if (!check_bytes(p, start, len))
		return buf;
	copy = str_ndup(start, len);
	cut_comment(copy);
	line = str_trim(copy);
	if (*line == '[')
		read_header(p, line);
	else if (*line && check_key(p, line)) {
		if (snprintf(buf, (size_t)size, "%s\n", line) < size)
			return buf;
		conf_complain(p->conf, p->line, "line over %d bytes", size - 2);
		snprintf(buf, (size_t)size, "\n");
	}
	return buf;
}

struct conf *conf_parse(const char *name, const char *text, size_t len)
{
	struct conf *c = mem_alloc0(sizeof(*c));
	struct parse p = { .conf = c, .pos = text, .end = text + len };

	c->name = str_dup(name);
	if (&ini_max_line)
		ini_max_line = CONF_LINE_MAX + 3;
	if (ini_parse_stream(next_line, &p, on_key, &p) < 0)
		conf_complain(c, 0, "out of memory");
	return c;
}

int conf_load(const char *path, struct conf **ret_conf, struct err *err)
{
	AUTO_FREE char *text = NULL;
	size_t len;

	if (file_read(path, CONF_FILE_MAX, &text, &len, err) < 0)
		return -1;
	*ret_conf = conf_parse(path, text, len);
	return 0;
}

static void section_free(struct conf_section *s)
{
	for (size_t i = 0; i < s->nkeys; i++) {
		free(s->keys[i].name);
		free(s->keys[i].value);
	}
	free(s->keys);
	free(s->name);
	free(s);
}

void conf_free(struct conf *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->nsections; i++)
		section_free(c->sections[i]);
	for (size_t i = 0; i < c->ncomplaints; i++)
		free(c->complaints[i].text);
	free(c->sections);
	free(c->complaints);
	free(c->name);
	free(c);
}

size_t conf_complaints(const struct conf *c)
{
	return c->ncomplaints;
}

const char *conf_complaint(const struct conf *c, size_t i)
{
	return i < c->ncomplaints ? c->complaints[i].text : NULL;
}

size_t conf_sections(const struct conf *c)
{
	return c->nsections;
}

const struct conf_section *conf_section_at(const struct conf *c, size_t i)
{
	return i < c->nsections ? c->sections[i] : NULL;
}

const struct conf_section *conf_section_find(const struct conf *c, const char *name)
{
	return section_find(c, name);
}

const char *conf_section_name(const struct conf_section *s)
{
	return s->name;
}

int conf_section_line(const struct conf_section *s)
{
	return s->line;
}

size_t conf_keys(const struct conf_section *s)
{
	return s->nkeys;
}

const char *conf_key_at(const struct conf_section *s, size_t i, const char **ret_value,
			int *ret_line)
{
	if (i >= s->nkeys)
		return NULL;
	if (ret_value)
		*ret_value = s->keys[i].value;
	if (ret_line)
		*ret_line = s->keys[i].line;
	return s->keys[i].name;
}

const char *conf_get(const struct conf_section *s, const char *key, int *ret_line)
{
	struct conf_key *k = s ? key_find(s, key) : NULL;

	if (!k)
		return NULL;
	k->used = true;
	if (ret_line)
		*ret_line = k->line;
	return k->value;
}

static bool is_known(const char *name, const char *const *known)
{
	for (size_t i = 0; known && known[i]; i++)
		if (strcmp(name, known[i]) == 0)
			return true;
	return false;
}

void conf_check_unused(struct conf *c, const struct conf_section *s,
		       const char *const *known)
{
	for (size_t i = 0; i < s->nkeys; i++) {
		const struct conf_key *k = &s->keys[i];
		const char *near = text_nearest(k->name, known);

		if (k->used || is_known(k->name, known))
			continue;
		if (near)
			conf_complain(c, k->line,
				      "unknown key \"%s\", did you mean \"%s\"?", k->name,
				      near);
		else
			conf_complain(c, k->line, "unknown key \"%s\"", k->name);
	}
}

struct unit {
	const char *name;
	unsigned long long factor;
};

/* Digits and one of units ("" being one of them); no sign, no fraction. */
static bool parse_with_unit(const char *s, const struct unit *units, size_t n,
			    unsigned long long *ret)
{
	unsigned long long v = 0;

	if (!s || !isdigit((unsigned char)*s))
		return false;
	for (; isdigit((unsigned char)*s); s++)
		if (__builtin_mul_overflow(v, 10ULL, &v) ||
		    __builtin_add_overflow(v, (unsigned long long)(*s - '0'), &v))
			return false;
	for (size_t i = 0; i < n; i++)
		if (strcasecmp(s, units[i].name) == 0) {
			if (__builtin_mul_overflow(v, units[i].factor, &v))
				return false;
			*ret = v;
			return true;
		}
	return false;
}

bool conf_parse_size(const char *s, unsigned long long *ret)
{
	static const struct unit units[] = {
		{ "", 1 },           { "k", 1ULL << 10 }, { "M", 1ULL << 20 },
		{ "G", 1ULL << 30 }, { "T", 1ULL << 40 },
	};

	return parse_with_unit(s, units, ARRAY_SIZE(units), ret);
}

bool conf_parse_duration(const char *s, unsigned long long *ret_ms)
{
	static const struct unit units[] = {
		{ "", 1000 },
		{ "ms", 1 },
		{ "s", 1000 },
		{ "m", 60 * 1000 },
		{ "h", 60 * 60 * 1000 },
		{ "d", 24 * 60 * 60 * 1000 },
	};

	return parse_with_unit(s, units, ARRAY_SIZE(units), ret_ms);
}

bool conf_parse_bool(const char *s, bool *ret)
{
	static const char *const words[] = { "no",  "false", "off", "0",
					     "yes", "true",  "on",  "1" };

	for (size_t i = 0; s && i < ARRAY_SIZE(words); i++)
		if (strcasecmp(s, words[i]) == 0) {
			*ret = i >= 4;
			return true;
		}
	return false;
}
