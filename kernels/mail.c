#include "kernels/mail.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "kernels/mime.h"
#include "lib/cleanup.h"
#include "lib/sha256.h"

/* The first <x@y> in a header, or the last one. */
static char *find_id(const char *header, bool last)
{
	const char *lt, *gt;
	char *id = NULL;

	while (header && (lt = strchr(header, '<')) && (gt = strchr(lt, '>'))) {
		if (gt > lt + 1) {
			free(id);
			id = str_ndup(lt + 1, (size_t)(gt - lt) - 1);
			if (!last)
				break;
		}
		header = gt + 1;
	}
	return id;
}

/* The address of a From: header, lower case. */
static char *find_address(const char *from)
{
	const char *at = strchr(from, '@');
	const char *s = at ? at : from;
	char *address;

	while (s > from && !isspace((unsigned char)s[-1]) && s[-1] != '<')
		s--;
	address = str_ndup(s, strcspn(s, " \t>"));
	for (char *c = address; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return address;
}

/* Is address that of the list with that List-Id? "a@b.c" has "<a.b.c>". */
static bool is_of_list(const char *address, const char *list_id)
{
	AUTO_FREE char *id = list_id ? find_id(list_id, true) : NULL;

	if (!id || strlen(id) != strlen(address))
		return false;
	for (size_t i = 0; id[i]; i++)
		if (tolower((unsigned char)id[i]) !=
		    (address[i] == '@' ? '.' : address[i]))
			return false;
	return true;
}

/*
 * Lists that rewrite From: ("'A B' via list" <list@...>, for the sake of DMARC) say in
 * another header who it was; the same mail comes by other lists as it was sent.
 */
static char *find_sender(const struct mail *m, const struct mime *mime)
{
	static const char *const headers[] = { "X-Original-From", "Reply-To" };
	char *sender = find_address(m->from);

	if (!is_of_list(sender, m->list_id))
		return sender;
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++) {
		AUTO_FREE char *text = mime_header(mime, headers[i], true);
		char *address = text ? find_address(text) : NULL;

		if (address && strchr(address, '@')) {
			free(sender);
			return address;
		}
		free(address);
	}
	return sender;
}

struct texts {
	struct str plain, html;
};

static void add_text(const struct mime_part *part, void *arg)
{
	struct texts *t = arg;

	mime_to_utf8(part->html ? &t->html : &t->plain, part->data, part->len,
		     part->charset);
}

static bool line_starts(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

/* "diff --git", "--- x" above "+++ y", or a binary patch, at a line's start. */
static bool find_diff(const char *text)
{
	for (const char *s = text; *s; s += strcspn(s, "\n") + 1) {
		const char *next = s + strcspn(s, "\n");

		if (line_starts(s, "diff --git ") || line_starts(s, "GIT binary patch"))
			return true;
		if (line_starts(s, "--- ") && *next && line_starts(next + 1, "+++ "))
			return true;
		if (!*next)
			break;
	}
	return false;
}

static void fill(struct mail *m, const struct mime *mime)
{
	AUTO_FREE char *id = mime_header(mime, "Message-ID", true);
	AUTO_FREE char *reply = mime_header(mime, "In-Reply-To", true);
	AUTO_FREE char *date = mime_header(mime, "Date", true);
	struct texts t = { STR_INIT, STR_INIT };
	int tz;

	m->message_id = find_id(id, false);
	if (!m->message_id) {
		char hex[SHA256_HEX];

		sha256_of(m->raw, m->len, hex);
		m->message_id = str_printf("%.40s@sluice.invalid", hex);
		m->id_made = true;
	}
	m->refs = mime_header(mime, "References", true);
	m->list_id = mime_header(mime, "List-Id", true);
	m->parent = find_id(reply, false);
	if (!m->parent)
		m->parent = find_id(m->refs, true);
	m->subject = mime_header(mime, "Subject", true);
	if (!m->subject)
		m->subject = str_dup("");
	m->from = mime_header(mime, "From", true);
	if (!m->from)
		m->from = str_dup("");
	m->sender = find_sender(m, mime);
	if (date)
		mime_date(date, &m->date, &tz);
	mime_each_part(mime, add_text, &t);
	m->text = str_take(t.plain.len ? &t.plain : &t.html);
	str_done(&t.plain);
	str_done(&t.html);
	m->has_diff = find_diff(m->text);
	tags_read(m->subject, &m->tags);
}

int mail_parse(const char *raw, size_t len, struct mail **ret_mail, struct err *err)
{
	struct mime *mime = NULL;
	struct mail *m;

	if (mime_parse(raw, len, &mime, err) < 0)
		return -1;
	m = mem_alloc0(sizeof(*m));
	m->raw = mem_alloc0(len + 1);
	memcpy(m->raw, raw, len);
	m->len = len;
	fill(m, mime);
	mime_free(mime);
	*ret_mail = m;
	return 0;
}

struct mail *mail_known(const char *message_id, const char *parent, const char *subject,
			const char *sender, long long date, bool has_diff)
{
	struct mail *m = mem_alloc0(sizeof(*m));

	m->message_id = str_dup(message_id);
	m->parent = str_dup(parent);
	m->subject = str_dup(subject);
	m->from = str_dup(sender);
	m->sender = str_dup(sender);
	m->date = date;
	m->has_diff = has_diff;
	tags_read(m->subject, &m->tags);
	return m;
}

void mail_free(struct mail *m)
{
	if (!m)
		return;
	free(m->raw);
	free(m->message_id);
	free(m->parent);
	free(m->refs);
	free(m->list_id);
	free(m->subject);
	free(m->from);
	free(m->sender);
	free(m->text);
	free(m);
}

/* ---- repair ---- */

static bool is_field(const char *s, const char *name)
{
	size_t n = strlen(name);

	return !strncasecmp(s, name, n) && s[n] == ':';
}

/* The end of a header: behind the newline of its last continuation line. */
static const char *header_end(const char *s, const char *end)
{
	do {
		const char *nl = memchr(s, '\n', (size_t)(end - s));

		if (!nl)
			return end;
		s = nl + 1;
	} while (s < end && (*s == ' ' || *s == '\t'));
	return s;
}

/* A header on one line, its inner line breaks taken out. */
static void add_unfolded(struct str *out, const char *s, const char *end)
{
	for (; s < end; s++) {
		if (*s == '\r')
			continue;
		if (*s != '\n') {
			str_addc(out, *s);
			continue;
		}
		while (s + 1 < end && isspace((unsigned char)s[1]))
			s++;
		if (s + 1 < end)
			str_addc(out, ' ');
	}
	str_addc(out, '\n');
}

/* Is it a date that Python's email package takes? It dies of zones over a day. */
static bool date_is_sane(const char *value)
{
	const char *zone = strrchr(value, '+');

	if (!zone)
		zone = strrchr(value, '-');
	return !zone || zone[1] < '2' || (zone[1] == '2' && zone[2] < '4');
}

static void add_date(struct str *out, const struct mail *m, const char *s,
		     const char *end)
{
	AUTO_FREE char *value = str_ndup(s, (size_t)(end - s));
	time_t when = (time_t)m->date;
	struct tm tm;
	char text[64];

	if ((date_is_sane(value) && m->date) || !gmtime_r(&when, &tm) ||
	    !strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S +0000", &tm)) {
		add_unfolded(out, s, end);
		return;
	}
	str_addf(out, "Date: %s\n", text);
}

/* A broken Message-ID: makes way for the one we made. */
static void add_id(struct str *out, const struct mail *m, const char *s, const char *end)
{
	if (!m->id_made)
		add_unfolded(out, s, end);
}

void mail_repaired(const struct mail *m, const char *subject, struct str *out)
{
	const char *s = m->raw, *end = m->raw + m->len;

	if (m->id_made)
		str_addf(out, "Message-ID: <%s>\n", m->message_id);
	while (s < end && *s != '\n' && *s != '\r') {
		const char *next = header_end(s, end);

		if (is_field(s, "Subject") && subject)
			str_addf(out, "Subject: %s\n", subject);
		else if (is_field(s, "Date"))
			add_date(out, m, s, next);
		else if (is_field(s, "Subject") || is_field(s, "From") ||
			 is_field(s, "In-Reply-To"))
			add_unfolded(out, s, next);
		else if (is_field(s, "Message-ID"))
			add_id(out, m, s, next);
		else
			str_addn(out, s, (size_t)(next - s));
		s = next;
	}
	str_addn(out, s, (size_t)(end - s));
}
