#include "kernels/mime.h"

#include <ctype.h>
#include <gmime/gmime.h>
#include <string.h>
#include <strings.h>

#include "lib/cleanup.h"

struct mime {
	GMimeMessage *msg;
};

static void mime_setup(void)
{
	static bool done;

	if (!done)
		g_mime_init();
	done = true;
}

/*
 * Whether a header is of any use here. A mail from a list has some forty, most of them
 * from its way, and parsing them would be half of the work.
 */
static bool is_wanted(const char *line, size_t len)
{
	static const char *const names[] = {
		"message-id:", "in-reply-to:", "references:",   "subject:",
		"from:",       "sender:",      "reply-to:",     "date:",
		"list-id:",    "content-",     "mime-version:", "x-original-from:"
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (len >= strlen(names[i]) &&
		    strncasecmp(line, names[i], strlen(names[i])) == 0)
			return true;
	/* What is no header at all is left to the parser. */
	return !memchr(line, ':', len);
}

/*
 * As git mailsplit does: CRLF becomes LF; an mbox separator is dropped. Of the header
 * only what is wanted stays, and the first line, so that a mail without any of it is
 * still one.
 */
static void normalise(struct str *out, const char *mail, size_t len)
{
	const char *end = mail + len, *nl;
	bool in_header = true, first = true, keep = true;

	while (mail < end && isspace((unsigned char)*mail))
		mail++;
	if (end - mail > 5 && !memcmp(mail, "From ", 5)) {
		nl = memchr(mail, '\n', (size_t)(end - mail));
		mail = nl ? nl + 1 : end;
	}
	for (; mail < end; mail = nl + 1) {
		nl = memchr(mail, '\n', (size_t)(end - mail));
		if (in_header && nl) {
			in_header = *mail != '\n' && *mail != '\r';
			if (!in_header || first)
				keep = true;
			else if (*mail != ' ' && *mail != '\t')
				keep = is_wanted(mail, (size_t)(nl - mail));
			first = false;
			if (!keep)
				continue;
		}
		if (!nl) {
			str_addn(out, mail, (size_t)(end - mail));
			break;
		}
		if (nl > mail && nl[-1] == '\r')
			str_addn(out, mail, (size_t)(nl - mail) - 1);
		else
			str_addn(out, mail, (size_t)(nl - mail));
		str_addc(out, '\n');
	}
}

int mime_parse(const char *mail, size_t len, struct mime **ret_mime, struct err *err)
{
	AUTO(str_done) struct str text = STR_INIT;
	GMimeStream *stream;
	GMimeParser *parser;
	GMimeMessage *msg;
	struct mime *m;

	mime_setup();
	normalise(&text, mail, len);
	stream = g_mime_stream_mem_new_with_buffer(str_get(&text), text.len);
	parser = g_mime_parser_new_with_stream(stream);
	msg = g_mime_parser_construct_message(parser, NULL);
	g_object_unref(parser);
	g_object_unref(stream);
	if (msg && !g_mime_header_list_get_count(
			   g_mime_object_get_header_list(GMIME_OBJECT(msg))))
		g_clear_object(&msg);
	if (!msg)
		return err_set(err, ERR_INPUT, "not a mail: it has no headers");
	m = mem_alloc0(sizeof(*m));
	m->msg = msg;
	*ret_mime = m;
	return 0;
}

void mime_free(struct mime *m)
{
	if (!m)
		return;
	g_object_unref(m->msg);
	free(m);
}

char *mime_decode_text(const char *raw)
{
	AUTO(str_done) struct str flat = STR_INIT;
	AUTO_FREE char *copy = NULL;
	char *decoded;

	mime_setup();
	for (; *raw; raw++) { /* unfold: a line break and the blanks behind it */
		if (*raw == '\n' || *raw == '\r') {
			str_addc(&flat, ' ');
			raw += strspn(raw, "\r\n \t") - 1;
		} else {
			str_addc(&flat, *raw);
		}
	}
	decoded = g_mime_utils_header_decode_text(NULL, str_get(&flat));
	copy = str_dup(decoded ? decoded : str_get(&flat));
	g_free(decoded);
	return str_dup(str_trim(copy));
}

char *mime_encode_text(const char *text)
{
	char *encoded, *copy;

	mime_setup();
	encoded = g_mime_utils_header_encode_text(NULL, text, "utf-8");
	copy = str_dup(encoded ? encoded : "");
	g_free(encoded);
	for (char *c = copy; *c; c++)
		if (*c == '\n' || *c == '\r' || *c == '\t')
			*c = ' ';
	return copy;
}

char *mime_header(const struct mime *m, const char *name, bool first)
{
	GMimeHeaderList *list = g_mime_object_get_header_list(GMIME_OBJECT(m->msg));
	int count = g_mime_header_list_get_count(list);
	const char *raw = NULL;

	for (int i = 0; i < count; i++) {
		GMimeHeader *h = g_mime_header_list_get_header_at(list, i);

		if (strcasecmp(g_mime_header_get_name(h), name) != 0)
			continue;
		raw = g_mime_header_get_raw_value(h);
		if (first)
			break;
	}
	return raw ? mime_decode_text(raw) : NULL;
}

/* Undoes format=flowed as git's mailinfo does. */
struct flow {
	struct str *out;
	struct str held; /* a line that ended in a soft break */
	bool delsp;
};

static void flow_line(struct flow *f, const char *s, size_t len)
{
	bool signature;

	if (len && s[len - 1] == '\r')
		len--;
	signature = len == 3 && !memcmp(s, "-- ", 3);
	if (!signature) {
		if (len && *s == ' ') {
			s++;
			len--;
		}
		if (len && s[len - 1] == ' ') {
			str_addn(&f->held, s, f->delsp ? len - 1 : len);
			return;
		}
	}
	str_addn(f->out, str_get(&f->held), f->held.len);
	if (signature && f->held.len)
		str_addc(f->out, '\n');
	str_clear(&f->held);
	str_addn(f->out, s, len);
	str_addc(f->out, '\n');
}

static void unflow(struct str *out, const char *s, size_t len, bool delsp)
{
	struct flow f = { .out = out, .delsp = delsp };
	const char *end = s + len, *nl;

	for (; s < end; s = nl + 1) {
		nl = memchr(s, '\n', (size_t)(end - s));
		if (!nl)
			nl = end;
		flow_line(&f, s, (size_t)(nl - s));
	}
	if (f.held.len) {
		str_addn(out, str_get(&f.held), f.held.len);
		str_addc(out, '\n');
	}
	str_done(&f.held);
}

struct each {
	mime_part_fn fn;
	void *arg;
};

static bool param_is(GMimeContentType *type, const char *name, const char *value)
{
	const char *v = type ? g_mime_content_type_get_parameter(type, name) : NULL;

	return v && !strcasecmp(v, value);
}

static void each_part(GMimeObject *parent, GMimeObject *object, gpointer arg)
{
	struct each *e = arg;
	AUTO(str_done) struct str text = STR_INIT;
	GMimeContentType *type;
	GMimeDataWrapper *content;
	GMimeStream *stream;
	GByteArray *bytes;
	const char *charset;

	(void)parent;
	if (!GMIME_IS_PART(object))
		return;
	content = g_mime_part_get_content(GMIME_PART(object));
	if (!content)
		return;
	stream = g_mime_stream_mem_new();
	g_mime_data_wrapper_write_to_stream(content, stream);
	bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
	type = g_mime_object_get_content_type(object);
	if (param_is(type, "format", "flowed"))
		unflow(&text, (const char *)bytes->data, bytes->len,
		       param_is(type, "delsp", "yes"));
	else
		str_addn(&text, bytes->data, bytes->len);
	g_object_unref(stream);
	if (text.len && text.data[text.len - 1] != '\n')
		str_addc(&text, '\n');
	charset = type ? g_mime_content_type_get_parameter(type, "charset") : NULL;
	e->fn(
		&(struct mime_part){
			.data = str_get(&text),
			.len = text.len,
			.charset = charset ? charset : "",
			.html = type && g_mime_content_type_is_type(type, "text", "html"),
		},
		e->arg);
}

void mime_each_part(const struct mime *m, mime_part_fn fn, void *arg)
{
	struct each e = { .fn = fn, .arg = arg };

	g_mime_message_foreach(m->msg, each_part, &e);
}

void mime_to_utf8(struct str *out, const char *data, size_t len, const char *charset)
{
	char *converted = NULL;
	gsize converted_len = 0;

	if (*charset && strcasecmp(charset, "utf-8") != 0 &&
	    strcasecmp(charset, "utf8") != 0 && strcasecmp(charset, "us-ascii") != 0)
		converted = g_convert(data, (gssize)len, "UTF-8",
				      g_mime_charset_iconv_name(charset), NULL,
				      &converted_len, NULL);
	if (converted)
		str_addn(out, converted, converted_len);
	else
		str_addn(out, data, len);
	g_free(converted);
}

/*
 * The numeric zone at the end of a date if it is none that can be, by git's
 * rule: hhmm with hh < 24 and mm < 60. Else NULL.
 */
static char *insane_zone(char *text)
{
	char *z = text + strlen(text);

	while (z > text && !(isspace((unsigned char)z[-1]) && (*z == '+' || *z == '-')))
		z--;
	if (z == text || strspn(z + 1, "0123456789") < 3)
		return NULL;
	if (strspn(z + 1, "0123456789") == 4 && (z[1] - '0') * 10 + z[2] - '0' < 24 &&
	    z[3] < '6')
		return NULL;
	return z;
}

bool mime_date(const char *text, long long *ret_time, int *ret_tz)
{
	AUTO_FREE char *copy = str_dup(text);
	GDateTime *date;
	char *z;

	mime_setup();
	z = insane_zone(copy);
	if (z)
		*z = '\0';
	date = g_mime_utils_header_decode_date(copy);
	if (!date)
		return false;
	*ret_time = g_date_time_to_unix(date);
	*ret_tz = (int)(g_date_time_get_utc_offset(date) / G_TIME_SPAN_MINUTE);
	g_date_time_unref(date);
	return true;
}
