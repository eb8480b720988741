#include "kernels/poll.h"

#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "kernels/mail.h"
#include "kernels/mail_facts.h"
#include "lib/cleanup.h"
#include "lib/str.h"
#include "lib/text.h"

enum {
	NOTES_MAX = 20,
	REFS_MAX = 200,
	LISTS_MAX = 20,
	PATHS_MAX = 500,
	ID_MAX = 900,
	HEADER_MAX = 4000,
};

uint64_t poll_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

bool poll_full(struct poll *p)
{
	if (p->mails + p->skipped >= p->limits.mails || p->bytes >= p->limits.bytes ||
	    poll_now_ms() >= p->end_ms)
		p->more = true;
	return p->more;
}

void poll_note(struct poll *p, const char *fmt, ...)
{
	AUTO_FREE char *text = NULL;
	AUTO_FREE char *clean = NULL;
	va_list ap;

	if (json_len(p->notes) >= NOTES_MAX)
		return;
	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		abort();
	va_end(ap);
	clean = text_clean_line(text, 300);
	json_add_str(p->notes, clean);
}

void poll_set_cursor(struct poll *p, struct json_object *cursor)
{
	json_object_put(p->next);
	p->next = cursor;
}

/* What stands in <>, or without any the first word. */
static struct json_object *ids_of(const char *header, size_t max)
{
	struct json_object *arr = json_object_new_array();
	const char *lt, *gt;

	for (; header && json_len(arr) < max && (lt = strchr(header, '<')) &&
	       (gt = strchr(lt, '>'));
	     header = gt + 1) {
		AUTO_FREE char *id = str_ndup(lt + 1, (size_t)(gt - lt) - 1);

		if (*id && strlen(id) <= ID_MAX)
			json_add_str(arr, id);
	}
	return arr;
}

static void set_header(struct json_object *o, const char *key, const char *text)
{
	AUTO_FREE char *cut = text ? str_ndup(text, HEADER_MAX) : NULL;

	json_set_str(o, key, cut);
}

static struct json_object *line_of(const struct mail *m)
{
	struct json_object *o = json_object_new_object();
	struct json_object *paths = json_object_new_array();
	AUTO_FREE char *change = mail_change_id(m->text);
	AUTO_FREE char *base = mail_base_commit(m->text);

	set_header(o, "message_id", m->message_id);
	set_header(o, "parent", m->parent);
	json_set(o, "references", ids_of(m->refs, REFS_MAX));
	set_header(o, "subject", m->subject);
	set_header(o, "from", m->from);
	set_header(o, "sender", m->sender);
	json_set_int(o, "date", m->date);
	json_set(o, "lists", ids_of(m->list_id, LISTS_MAX));
	json_set_bool(o, "has_diff", m->has_diff);
	if (m->has_diff)
		mail_paths(m->text, PATHS_MAX, paths);
	json_set(o, "paths", paths);
	set_header(o, "change_id", change);
	json_set_str(o, "base_commit", base);
	json_set(o, "override", mail_override(m->text));
	return o;
}

static int write_line(struct poll *p, struct json_object *o, struct err *err)
{
	size_t len;
	const char *text = json_object_to_json_string_length(
		o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);

	if (fwrite(text, 1, len, p->lines) != len || putc('\n', p->lines) == EOF)
		return err_sys(err, "write the mails");
	return 0;
}

static struct json_object *keep_raw(struct poll *p, const struct mail *m)
{
	struct json_object *where = json_object_new_array();

	/* A failure shows when the file is closed. */
	fwrite(m->raw, 1, m->len, p->raw);
	json_object_array_add(where, json_object_new_int64((int64_t)p->raw_bytes));
	json_object_array_add(where, json_object_new_int64((int64_t)m->len));
	p->raw_bytes += m->len;
	return where;
}

int poll_add(struct poll *p, const char *name, const char *mail, size_t len, bool keep,
	     struct err *err)
{
	AUTO_JSON struct json_object *o = NULL;
	struct err why = { .code = ERR_NONE };
	struct mail *m = NULL;

	p->bytes += len;
	if (len > p->limits.mail_bytes)
		err_set(&why, ERR_LIMIT, "a mail of %zu bytes, the limit is %zu", len,
			p->limits.mail_bytes);
	else if (mail_parse(mail, len, &m, &why) == 0 && strlen(m->message_id) > ID_MAX)
		err_set(&why, ERR_LIMIT, "a message-id of %zu bytes",
			strlen(m->message_id));
	if (why.code) {
		poll_note(p, "%s: %s", name, why.msg);
		p->skipped++;
		mail_free(m);
		return 0;
	}
	o = line_of(m);
	json_set_str(o, "archive_url", p->archive_url);
	json_set(o, "raw", keep ? keep_raw(p, m) : NULL);
	mail_free(m);
	p->mails++;
	return write_line(p, o, err);
}
