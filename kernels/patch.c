/*
 * Follows git's mailinfo and am (2.39) rule by rule, for what they decide is
 * what everybody else will see of a mail; tests compare the two on real mails.
 */
#include "kernels/patch.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "kernels/mime.h"
#include "lib/cleanup.h"
#include "lib/str.h"

enum field { FROM, SUBJECT, DATE, FIELDS };
static const char *const field_names[FIELDS] = { "From", "Subject", "Date" };

enum { NAME_MAX_BYTES = 60 }; /* a longer name is none, says git */

/* One pass over the body, line by line. */
struct reader {
	char *inbody[FIELDS];
	struct str pending; /* an in-body header that may go on */
	bool at_top;        /* in-body headers may still come */
	bool in_patch;      /* behind the line that ends the message */
	struct str message;
	struct str rest;
};

static void reader_done(struct reader *r)
{
	for (int i = 0; i < FIELDS; i++)
		free(r->inbody[i]);
	str_done(&r->pending);
	str_done(&r->message);
	str_done(&r->rest);
}

static void take_pending(struct reader *r)
{
	const char *text = str_get(&r->pending);

	for (int i = 0; r->pending.len && i < FIELDS; i++) {
		size_t n = strlen(field_names[i]);

		if (!r->inbody[i] && !strncasecmp(text, field_names[i], n) &&
		    text[n] == ':')
			r->inbody[i] = mime_decode_text(text + n + 1);
	}
	str_clear(&r->pending);
}

static bool starts_field(const struct reader *r, const char *s, size_t len)
{
	for (int i = 0; i < FIELDS; i++) {
		size_t n = strlen(field_names[i]);

		if (!r->inbody[i] && len > n && !strncasecmp(s, field_names[i], n) &&
		    s[n] == ':')
			return true;
	}
	return false;
}

/* ">From <40 hex> Mon Sep 17 00:00:00 2001": what format-patch puts on top. */
static bool is_format_patch_line(const char *s, size_t len)
{
	static const char date[] = " Mon Sep 17 00:00:00 2001";

	return len == 6 + 40 + sizeof(date) - 1 && !memcmp(s, ">From ", 6) &&
	       strspn(s + 6, "0123456789abcdef") >= 40 &&
	       !memcmp(s + 46, date, sizeof(date) - 1);
}

/* Is this line (without its newline) one of the headers at a body's top? */
static bool take_top_line(struct reader *r, const char *s, size_t len)
{
	if (!len) {
		if (r->pending.len) {
			take_pending(r);
			r->at_top = false;
		}
		return true;
	}
	if (r->pending.len && (*s == ' ' || *s == '\t')) {
		str_addn(&r->pending, s, len);
		return true;
	}
	take_pending(r);
	if (len > 7 && !memcmp(s, "[PATCH]", 7) && isspace((unsigned char)s[7])) {
		free(r->inbody[SUBJECT]);
		r->inbody[SUBJECT] = str_ndup(s, len);
		return true;
	}
	if (len > 5 && !memcmp(s, ">From", 5) && isspace((unsigned char)s[5]))
		r->at_top = is_format_patch_line(s, len);
	else
		r->at_top = starts_field(r, s, len);
	if (r->at_top && *s != '>')
		str_addn(&r->pending, s, len);
	return r->at_top;
}

/* The line that ends the message: "---", or a diff that begins without it. */
static bool ends_message(const char *s, size_t len)
{
	size_t i = 3;

	if ((len >= 6 && !memcmp(s, "diff -", 6)) ||
	    (len >= 7 && !memcmp(s, "Index: ", 7)))
		return true;
	if (len < 3 || memcmp(s, "---", 3) != 0)
		return false;
	if (len > 4 && s[3] == ' ' && !isspace((unsigned char)s[4]))
		return true;
	while (i < len && isspace((unsigned char)s[i]))
		i++;
	return i == len;
}

static void read_part(const struct mime_part *part, void *arg)
{
	struct reader *r = arg;
	const char *s = part->data, *end = s + part->len, *nl;

	for (; s < end && !r->in_patch; s = nl + 1) {
		nl = memchr(s, '\n', (size_t)(end - s));
		if (!nl)
			nl = end;
		if (r->at_top && take_top_line(r, s, (size_t)(nl - s)))
			continue;
		if (ends_message(s, (size_t)(nl - s))) {
			r->in_patch = true;
			break;
		}
		mime_to_utf8(&r->message, s, (size_t)(nl - s), part->charset);
		str_addc(&r->message, '\n');
	}
	if (s < end)
		str_addn(&r->rest, s, (size_t)(end - s));
}

/* Drops quotes and backslashes of RFC 822; a comment keeps its brackets. */
static char *unquote(const char *s)
{
	struct str out = STR_INIT;
	bool quoted = false;
	int comment = 0;

	for (; *s; s++) {
		if (*s == '\\' && (quoted || comment)) {
			if (!*++s)
				break;
		} else if (*s == '"' && !comment) {
			quoted = !quoted;
			continue;
		} else if (*s == '(' && !quoted) {
			comment++;
		} else if (*s == ')' && comment) {
			comment--;
		}
		str_addc(&out, *s);
	}
	return str_take(&out);
}

static void squeeze_spaces(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (!isspace((unsigned char)*s))
			*to++ = *s;
		else if (!isspace((unsigned char)s[1]))
			*to++ = ' ';
	}
	*to = '\0';
}

/* What is left of a From: when the address was cut out of it. */
static char *sane_name(char *s, const char *email)
{
	size_t len;

	squeeze_spaces(s);
	s = str_trim(s);
	len = strlen(s);
	if (len > 1 && s[0] == '(' && s[len - 1] == ')') {
		s[len - 1] = '\0';
		s++;
		len -= 2;
	}
	if (!len || len > NAME_MAX_BYTES || strpbrk(s, "@<>"))
		return str_dup(email);
	return str_dup(s);
}

/* "Name <mail>" or "mail (Name)" and everything people make of it. */
static bool split_from(const char *from, char **ret_name, char **ret_email)
{
	AUTO_FREE char *s = unquote(from);
	char *at = strchr(s, '@'), *end;
	size_t len;

	if (!at) { /* "Name <local>" */
		at = strchr(s, '<');
		end = at ? strchr(at, '>') : NULL;
		if (!end || end == at + 1)
			return false;
		*ret_email = str_ndup(at + 1, (size_t)(end - at) - 1);
		*at = '\0';
		*ret_name = sane_name(s, *ret_email);
		return true;
	}
	while (at > s && !isspace((unsigned char)at[-1])) {
		if (at[-1] == '<') {
			at[-1] = ' ';
			break;
		}
		at--;
	}
	len = strcspn(at, " \n\t\r\v\f>");
	*ret_email = str_ndup(at, len);
	end = at + len + (at[len] ? 1 : 0);
	memmove(at, end, strlen(end) + 1);
	*ret_name = sane_name(s, *ret_email);
	return true;
}

/*
 * What git does to a name before it goes into a commit: no line breaks or angle
 * brackets in it, none of some more characters at its ends.
 */
static void strip_crud(char *s)
{
	static const char crud[] = ".,:;<>\"\\'";
	size_t len = strlen(s), from = 0;
	char *to = s;

	while (from < len && ((unsigned char)s[from] <= ' ' || strchr(crud, s[from])))
		from++;
	while (len > from &&
	       ((unsigned char)s[len - 1] <= ' ' || strchr(crud, s[len - 1])))
		len--;
	for (; from < len; from++)
		if (!strchr("\n<>", s[from]))
			*to++ = s[from];
	*to = '\0';
}

/* Drops "Re:", blanks, colons and [tags] in front. */
static char *clean_subject(const char *subject)
{
	AUTO_FREE char *copy = str_dup(subject);
	char *s = copy, *end;

	for (;;) {
		if (*s == ' ' || *s == '\t' || *s == ':')
			s++;
		else if (!strncasecmp(s, "re:", 3) && s[3])
			s += 3;
		else if (*s == '[' && (end = strchr(s, ']')))
			s = end + 1;
		else
			break;
	}
	squeeze_spaces(s);
	return str_dup(str_trim(s));
}

/* git stripspace: no blanks at line ends, no blank lines but single ones inside. */
static char *strip_space(const char *text)
{
	struct str out = STR_INIT;
	bool gap = false;

	while (*text) {
		size_t line = strcspn(text, "\n"), len = line;

		while (len && isspace((unsigned char)text[len - 1]))
			len--;
		if (!len) {
			gap = true;
		} else {
			if (gap && out.len)
				str_addc(&out, '\n');
			gap = false;
			str_addn(&out, text, len);
			str_addc(&out, '\n');
		}
		text += line + (text[line] ? 1 : 0);
	}
	return str_take(&out);
}

/* Where git apply sees a patch begin; s + len if nowhere. */
static const char *find_diff(const char *s, size_t len)
{
	const char *end = s + len, *nl, *next;

	for (; s < end; s = nl + 1) {
		size_t left = (size_t)(end - s);

		if (left > 11 && !memcmp(s, "diff --git ", 11))
			return s;
		nl = memchr(s, '\n', left);
		if (!nl)
			break;
		if (left < 5 || memcmp(s, "--- ", 4) != 0)
			continue;
		if (end - nl < 6 || memcmp(nl + 1, "+++ ", 4) != 0)
			continue;
		next = memchr(nl + 1, '\n', (size_t)(end - nl) - 1);
		if (next && end - next > 4 && !memcmp(next + 1, "@@ -", 4))
			return s;
	}
	return end;
}

static void set_message(struct patch *p, const struct reader *r, const char *subject)
{
	AUTO_FREE char *all = NULL;

	p->subject = clean_subject(subject);
	all = str_printf("%s\n\n%s", p->subject, str_get(&r->message));
	p->message = strip_space(all);
}

/* "<x@y>" of a header; "" if there is none. */
static char *bare_id(const char *header)
{
	const char *lt = header ? strchr(header, '<') : NULL;
	const char *gt = lt ? strchr(lt, '>') : NULL;

	return gt ? str_ndup(lt + 1, (size_t)(gt - lt) - 1) : str_dup("");
}

static int fill(struct patch *p, const struct mime *m, const struct reader *r,
		struct err *err)
{
	char *head[FIELDS];
	AUTO_FREE char *id = mime_header(m, "Message-ID", true);
	const char *diff;
	int rc = 0;

	for (int i = 0; i < FIELDS; i++)
		head[i] = r->inbody[i] ? str_dup(r->inbody[i]) :
					 mime_header(m, field_names[i], false);
	p->message_id = bare_id(id);
	if (!head[FROM] || !split_from(head[FROM], &p->author_name, &p->author_email))
		rc = err_set(err, ERR_INPUT, "%s: no author in From:",
			     *p->message_id ? p->message_id : "mail");
	if (!rc) {
		strip_crud(p->author_name);
		strip_crud(p->author_email);
		if (!*p->author_name)
			rc = err_set(err, ERR_INPUT,
				     "%s: no author in From:", p->message_id);
	}
	if (head[DATE])
		mime_date(head[DATE], &p->author_time, &p->author_tz);
	set_message(p, r, head[SUBJECT] ? head[SUBJECT] : "");
	diff = find_diff(str_get(&r->rest), r->rest.len);
	p->diff_len = r->rest.len - (size_t)(diff - str_get(&r->rest));
	p->diff = mem_alloc0(p->diff_len + 1);
	memcpy(p->diff, diff, p->diff_len);
	for (int i = 0; i < FIELDS; i++)
		free(head[i]);
	return rc;
}

int patch_parse(const char *mail, size_t len, struct patch **ret_patch, struct err *err)
{
	AUTO(reader_done) struct reader r = { .at_top = true };
	struct mime *m = NULL;
	struct patch *p;

	if (mime_parse(mail, len, &m, err) < 0)
		return -1;
	mime_each_part(m, read_part, &r);
	take_pending(&r);
	p = mem_alloc0(sizeof(*p));
	if (fill(p, m, &r, err) < 0) {
		patch_free(p);
		p = NULL;
	}
	mime_free(m);
	if (!p)
		return -1;
	*ret_patch = p;
	return 0;
}

void patch_free(struct patch *p)
{
	if (!p)
		return;
	free(p->message_id);
	free(p->subject);
	free(p->author_name);
	free(p->author_email);
	free(p->message);
	free(p->diff);
	free(p);
}
