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

static bool read_word(const char *s, size_t len, struct tags *t);

/*
 * What hangs on a word like PATCH: "", "v2", "-v2", "1/3" (nobody's space), "/RFC";
 * no other letters: "RFCOMM" and "PATCHWORK" are something else. plain: b4 knows "PATCHv2".
 */
static bool read_rest(const char *s, size_t len, bool plain, struct tags *t)
{
	bool glued = len && strchr("-_/:.", *s);

	if (!len)
		return true;
	if (glued) {
		s++;
		len--;
	}
	if (read_version(s, len, t)) {
		t->odd |= !plain;
		return true;
	}
	if (read_counters(s, len, t)) {
		t->odd = true;
		return true;
	}
	return read_word(s, len, t) || glued || !isalpha((unsigned char)*s);
}

/* "PATCH", "PATCHSET", "PATCHv2", "RFC", "RFCv1", "RFC/PATCH" ... */
static bool read_word(const char *s, size_t len, struct tags *t)
{
	static const char *const words[] = { "patchset", "patches", "patch", "rfc" };

	if (is_word(s, len, "pull") || is_word(s, len, "pull-request"))
		t->pull = true;
	if (is_word(s, len, "resend") || is_word(s, len, "resent") ||
	    is_word(s, len, "repost"))
		t->resend = true;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		size_t wl = strlen(words[i]);

		if (len < wl || strncasecmp(s, words[i], wl) != 0 ||
		    !read_rest(s + wl, len - wl, !strcmp(words[i], "patch"), t))
			continue;
		t->patch = true;
		t->rfc |= words[i][0] == 'r';
		return true;
	}
	return false;
}

/* "v2-RESEND" */
static bool read_version_and_word(const char *s, size_t len, struct tags *t)
{
	const char *dash = memchr(s, '-', len);

	if (!dash || memchr(s, '.', (size_t)(dash - s)) ||
	    !read_version(s, (size_t)(dash - s), t))
		return false;
	read_word(dash + 1, len - (size_t)(dash - s) - 1, t);
	return true;
}

/* One word of a tag; glued: it hangs on another one by a comma. */
static void read_token(const char *s, size_t len, bool glued, struct tags *t)
{
	size_t bare = len;

	if (len > 1 && *s == '-') {
		if (read_version(s + 1, len - 1, t))
			t->odd = true;
		return;
	}
	while (bare > 1 && strchr(":.", s[bare - 1]))
		bare--;
	if (read_version(s, bare, t) || read_counters(s, bare, t))
		t->odd |= glued || bare < len; /* "v2,1/4" and "v2:" are nothing to b4 */
	else if (read_version_and_word(s, bare, t))
		t->odd = true;
	else if (read_word(s, bare, t) && bare < len)
		t->odd = true;
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

/* "linux-next:master": a bot's mail about a commit of that many, not a patch. */
static bool names_branch(const char *s, const char *end)
{
	for (; s + 1 < end; s++)
		if (*s == ':' && !strchr(seps, s[1]))
			return true;
	return false;
}

void tags_read(const char *subject, struct tags *ret_tags)
{
	struct tags t = { .version = 1, .k = 1, .n = 1 };
	const char *s = subject + strspn(subject, " \t");
	bool branch = false;
	const char *end;

	t.reply = is_reply(s);
	while (!t.reply && *s == '[' && (end = bracket_end(s))) {
		read_bracket(s + 1, end, &t);
		branch |= names_branch(s + 1, end);
		s = end + 1;
		s += strspn(s, " \t:");
		/* Behind the tag of a list, that is; titles begin with anything. */
		t.reply = !tags_in_series(&t) && !t.pull && is_reply(s);
	}
	if (branch && !t.patch) {
		t.numbered = false;
		t.k = t.n = 1;
	}
	t.title = s;
	*ret_tags = t;
}

/* Where a version or a count begins that hangs on a word ("PATCHv2", "PATCH1/3"). */
static size_t bare_length(const char *s, size_t len)
{
	struct tags t = { .version = 1 };

	for (size_t i = 3; i < len; i++)
		if (read_version(s + i, len - i, &t) ||
		    (!isdigit((unsigned char)s[i - 1]) &&
		     read_counters(s + i, len - i, &t)))
			return i;
	return len;
}

/* A word of a tag without a version that hangs on it; "" for version and numbers. */
static void add_word(const char *s, size_t len, struct str *out)
{
	struct tags t = { .version = 1 };
	const char *dash;

	while (len > 1 && strchr(":.", s[len - 1]))
		len--;
	dash = memchr(s, '-', len);
	if (dash && read_version(s, (size_t)(dash - s), &t)) { /* "v2-RESEND" */
		len -= (size_t)(dash - s) + 1;
		s = dash + 1;
	}
	if (read_version(s + (*s == '-'), len - (*s == '-'), &t) ||
	    read_counters(s, len, &t))
		return;
	len = bare_length(s, len);
	while (len && strchr("-_/:.", s[len - 1]))
		len--;
	if (len && out->len)
		str_addc(out, ' ');
	str_addn(out, s, len);
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

void tags_rest(const char *subject, struct str *out)
{
	AUTO(str_done) struct str prefix = STR_INIT;
	const char *s;

	tags_prefix(subject, &prefix);
	for (s = str_get(&prefix); *s; s += strspn(s, " ")) {
		size_t n = strcspn(s, " ");
		struct tags t = { .patch = false };

		if (!read_word(s, n, &t) && !t.resend && !t.pull) {
			str_add(out, out->len ? " " : "");
			str_addn(out, s, n);
		}
		s += n;
	}
}

/* The first "5.10" in a word: "5.10", "5.10.y", "for-6.1", "linux-6.1.y". */
static bool find_tree(const char *s, size_t len, const char **ret, size_t *ret_len)
{
	for (size_t i = 0; i < len; i++) {
		size_t from = i, dot;

		if (!isdigit((unsigned char)s[i]))
			continue;
		while (i < len && isdigit((unsigned char)s[i]))
			i++;
		dot = i;
		while (i + 1 < len && s[dot] == '.' && isdigit((unsigned char)s[i + 1]))
			i++;
		if (i < len && i > dot) {
			*ret = s + from;
			*ret_len = i + 1 - from;
			return true;
		}
	}
	return false;
}

void tags_trees(const char *subject, struct str *out)
{
	AUTO(str_done) struct str prefix = STR_INIT;
	const char *s, *tree;
	size_t len;

	tags_prefix(subject, &prefix);
	for (s = str_get(&prefix); *s; s += strspn(s, " ")) {
		size_t n = strcspn(s, " ");

		if (find_tree(s, n, &tree, &len)) {
			str_add(out, out->len ? " " : "");
			str_addn(out, tree, len);
		}
		s += n;
	}
}

bool tags_in_series(const struct tags *t)
{
	return !t->reply && !t->pull && (t->patch || t->numbered);
}
