#include "kernels/tags.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "lib/cleanup.h"

/* At most four digits; the length read, 0 if there is no digit. */
static size_t read_number(const char *s, size_t len, int *ret)
{
	size_t i = 0;
	int v = 0;

	for (; i < len && i < 5 && isdigit((unsigned char)s[i]); i++)
		v = v * 10 + (s[i] - '0');
	if (!i || i > 4)
		return 0;
	*ret = v;
	return i;
}

static bool read_version(const char *s, size_t len, struct tags *t)
{
	int v, minor;
	size_t used;

	if (len < 2 || tolower((unsigned char)s[0]) != 'v')
		return false;
	used = read_number(s + 1, len - 1, &v);
	if (!used)
		return false;
	s += 1 + used;
	len -= 1 + used;
	if (len && *s == '.' && read_number(s + 1, len - 1, &minor) == len - 1) {
		t->minor = true;
		t->odd = true;
	} else if (len) {
		return false;
	}
	t->version = v ? v : 1;
	t->versioned = true;
	return true;
}

static bool read_counters(const char *s, size_t len, struct tags *t)
{
	int k, n;
	size_t used = read_number(s, len, &k);

	if (!used || used >= len || s[used] != '/')
		return false;
	if (read_number(s + used + 1, len - used - 1, &n) != len - used - 1)
		return false;
	if (!n)
		return false;
	t->k = k;
	t->n = n;
	t->numbered = true;
	return true;
}

static bool is_word(const char *s, size_t len, const char *word)
{
	return strlen(word) == len && !strncasecmp(s, word, len);
}

/* "PATCH", "PATCHSET", "PATCHv2", "RFC", "RFCv1", "RFC/PATCH" ... */
static void read_word(const char *s, size_t len, struct tags *t)
{
	static const char *const words[] = { "patchset", "patches", "patch", "rfc" };

	if (is_word(s, len, "pull") || is_word(s, len, "pull-request"))
		t->pull = true;
	if (is_word(s, len, "resend") || is_word(s, len, "resent") ||
	    is_word(s, len, "repost"))
		t->resend = true;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		size_t wl = strlen(words[i]);

		if (len < wl || strncasecmp(s, words[i], wl) != 0)
			continue;
		t->patch = true;
		t->rfc |= words[i][0] == 'r';
		s += wl;
		len -= wl;
		if (len && strchr("-_/", *s)) {
			s++;
			len--;
		}
		if (read_version(s, len, t) && strcmp(words[i], "patch") != 0)
			t->odd = true;
		else if (len >= 3)
			read_word(s, len, t);
		return;
	}
}

/* One word of a tag; glued: it hangs on another one by a comma. */
static void read_token(const char *s, size_t len, bool glued, struct tags *t)
{
	bool known;

	if (len > 1 && *s == '-') {
		if (read_version(s + 1, len - 1, t))
			t->odd = true;
		return;
	}
	known = read_version(s, len, t) || read_counters(s, len, t);
	if (!known)
		read_word(s, len, t);
	else if (glued)
		t->odd = true; /* "v2,1/4" is nothing to b4 */
}

/* Brackets inside brackets count as spaces. */
static const char seps[] = " \t,;[]";

/* The text between the brackets. */
static void read_bracket(const char *s, const char *end, struct tags *t)
{
	const char *p = s;

	while (p < end) {
		const char *start = p;
		bool glued;

		while (p < end && !strchr(seps, *p))
			p++;
		glued = (start > s && strchr(",;", start[-1])) ||
			(p + 1 < end && strchr(",;", *p) && !strchr(seps, p[1]));
		if (p > start)
			read_token(start, (size_t)(p - start), glued, t);
		p++;
	}
}

/* The bracket that closes s[0], or NULL. */
static const char *bracket_end(const char *s)
{
	int depth = 0;

	for (; *s; s++) {
		if (*s == '[')
			depth++;
		else if (*s == ']' && --depth == 0)
			return s;
	}
	return NULL;
}

static bool is_reply(const char *s)
{
	static const char *const marks[] = { "re:", "aw:", "fwd:", "fw:", "sv:", "antw:" };
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		if (!strncasecmp(s, marks[i], strlen(marks[i])))
			return true;
	/* "XX: [PATCH]": a reply in some language */
	while (n < 4 && isalnum((unsigned char)s[n]))
		n++;
	if ((n != 2 && n != 3) || s[n] != ':')
		return false;
	s += n + 1;
	return s[strspn(s, " \t")] == '[';
}

void tags_read(const char *subject, struct tags *ret_tags)
{
	struct tags t = { .version = 1, .k = 1, .n = 1 };
	const char *s = subject + strspn(subject, " \t");
	const char *end;

	t.reply = is_reply(s);
	while (!t.reply && *s == '[' && (end = bracket_end(s))) {
		read_bracket(s + 1, end, &t);
		s = end + 1;
		s += strspn(s, " \t:");
	}
	t.title = s;
	*ret_tags = t;
}

/* A word of a tag without a version that hangs on it; "" for version and numbers. */
static void add_word(const char *s, size_t len, struct str *out)
{
	struct tags t = { .version = 1 };
	const char *start = s + (*s == '-');
	size_t bare = len;

	if (read_version(start, len - (size_t)(start - s), &t) ||
	    read_counters(s, len, &t))
		return;
	for (size_t i = 3; i < len; i++)
		if (tolower((unsigned char)s[i]) == 'v' &&
		    read_version(s + i, len - i, &t))
			bare = i;
	while (bare && strchr("-_/", s[bare - 1]))
		bare--;
	if (bare && out->len)
		str_addc(out, ' ');
	str_addn(out, s, bare);
}

void tags_prefix(const char *subject, struct str *out)
{
	const char *s = subject + strspn(subject, " \t");
	const char *end;

	if (is_reply(s))
		return;
	while (*s == '[' && (end = bracket_end(s))) {
		for (s++; s < end; s++) {
			size_t n = strcspn(s, seps);

			if (n)
				add_word(s, n, out);
			s += n;
		}
		s = end + 1;
		s += strspn(s, " \t:");
	}
}

bool tags_in_series(const struct tags *t)
{
	return !t->reply && !t->pull && (t->patch || t->numbered);
}
