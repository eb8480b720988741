#include "kernels/fetch_result.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "kernels/mail_facts.h"
#include "lib/cleanup.h"
#include "lib/json.h"
#include "lib/str.h"
#include "lib/text.h"

enum {
	LINE_POINTS = 1000,
	COVER_BYTES = 64 * 1024,
	TRAILERS_MAX = 500,
	MISSING_MAX = 1000,
	DEPTH_MAX = 1000,
	ATTESTATIONS_MAX = 100,
};

static void set_line(struct json_object *o, const char *key, const char *text)
{
	AUTO_FREE char *clean = text ? text_clean_line(text, LINE_POINTS) : NULL;

	json_set_str(o, key, clean);
}

static struct json_object *array_at(struct json_object *o, const char *key)
{
	struct json_object *arr = json_arr(o, key);

	if (!arr) {
		arr = json_object_new_array();
		json_set(o, key, arr);
	}
	return arr;
}

static void add_note(struct json_object *result, const char *text)
{
	json_add_str(array_at(result, "notes"), text);
}

static void add_notes(struct json_object *result, const struct mail_series *s)
{
	char **lines = strv_split(str_get(&s->notes), "\n");

	for (size_t i = 0; i < strv_len(lines); i++)
		add_note(result, lines[i]);
	strv_free(lines);
}

void fetch_result_patch(struct json_object *result, int k, const struct mail *m,
			const struct patch *p, const char *file)
{
	AUTO_FREE char *author = str_printf("%s <%s>", p->author_name, p->author_email);
	struct json_object *o = json_object_new_object();

	json_set_int(o, "n", k);
	set_line(o, "message_id", m->message_id);
	set_line(o, "subject", p->subject);
	set_line(o, "author", author);
	json_set_str(o, "file", file);
	json_object_array_add(array_at(result, "patches"), o);
}

void fetch_result_assembled(struct json_object *result, const char *why,
			    const char *complaint)
{
	AUTO_FREE char *note = str_printf("not through b4, but as they were posted: %s "
					  "(b4: %s)",
					  why, complaint);

	json_object_object_del(result, "patches");
	json_set_str(result, "assembled", "sluice");
	add_note(result, note);
}

void fetch_result_attestation(struct json_object *result, const char *log)
{
	static const char *const marks[] = { "\xe2\x9c\x93", "\xe2\x9c\x97", "[v]",
					     "[x]" };
	char **lines = strv_split(log, "\n");

	for (size_t i = 0; i < strv_len(lines) && i < ATTESTATIONS_MAX; i++) {
		bool marked = false;

		for (size_t j = 0; j < ARRAY_SIZE(marks); j++)
			marked = marked || strstr(lines[i], marks[j]);
		if (marked) {
			AUTO_FREE char *clean = text_clean_line(lines[i], LINE_POINTS);

			json_add_str(array_at(result, "attestation"), clean);
		}
	}
	strv_free(lines);
}

/* ---- the series ---- */

/* "Reviewed-by: ... @ ..." and its like; who signs off a reply adds a patch to it. */
static bool is_trailer(const char *line)
{
	size_t n = 0;

	if (!isupper((unsigned char)*line) || !strncmp(line, "Signed-off-by:", 14))
		return false;
	while (isalpha((unsigned char)line[n]) || line[n] == '-')
		n++;
	return n > 3 && n < 40 && !strncmp(line + n - 3, "-by", 3) && line[n] == ':' &&
	       strchr(line + n, '@');
}

/* The patch that a reply is about: 1..total, 0 for the cover, -1 for neither. */
static int about(const struct thread *t, const struct mail_series *s,
		 const struct mail *m)
{
	for (int i = 0; i < DEPTH_MAX; i++) {
		m = thread_by_id(t, m->parent);
		if (!m)
			return -1;
		if (m == s->cover)
			return 0;
		for (int k = 0; k < s->total; k++)
			if (m == s->patches[k])
				return k + 1;
	}
	return -1;
}

static void add_trailers(struct json_object *arr, int patch, const char *text)
{
	for (const char *s = text; s && *s; s = strchr(s, '\n'), s = s ? s + 1 : s) {
		AUTO_FREE char *line = NULL;
		struct json_object *o;

		if (json_len(arr) >= TRAILERS_MAX)
			return;
		line = str_ndup(s, strcspn(s, "\r\n"));
		if (!is_trailer(line))
			continue;
		o = json_object_new_object();
		json_set_int(o, "patch", patch);
		set_line(o, "trailer", line);
		json_object_array_add(arr, o);
	}
}

static struct json_object *trailers(const struct thread *t, const struct mail_series *s)
{
	struct json_object *arr = json_object_new_array();

	for (size_t i = 0; i < thread_count(t); i++) {
		const struct mail *m = thread_mail(t, i);
		int patch = m->has_diff && !m->tags.reply ? -1 : about(t, s, m);

		if (patch >= 0 && m != s->cover)
			add_trailers(arr, patch, m->text);
	}
	return arr;
}

static void set_cover(struct json_object *o, const struct mail_series *s)
{
	AUTO(str_done) struct str text = { .limit = COVER_BYTES };
	AUTO(str_done) struct str clean = STR_INIT;

	if (!s->cover) {
		json_set_str(o, "cover", NULL);
		return;
	}
	str_add(&text, s->cover->text);
	text_clean(&clean, str_get(&text), text.len);
	json_set_str(o, "cover", str_get(&clean));
}

static void set_base(struct json_object *o, const struct mail_series *s)
{
	AUTO_FREE char *base = s->cover ? mail_base_commit(s->cover->text) : NULL;
	AUTO_FREE char *change = s->cover ? mail_change_id(s->cover->text) : NULL;

	for (int k = 0; k < s->total; k++) {
		if (!base && s->patches[k])
			base = mail_base_commit(s->patches[k]->text);
		if (!change && s->patches[k])
			change = mail_change_id(s->patches[k]->text);
	}
	set_line(o, "base_commit", base);
	set_line(o, "change_id", change);
}

/* What is known of a series, also of one with holes. */
static struct json_object *describe(const struct mail_series *s)
{
	const struct mail *top = s->cover;
	struct json_object *o = json_object_new_object();

	for (int k = 0; !top && k < s->total; k++)
		top = s->patches[k];
	set_line(o, "message_id", top ? top->message_id : NULL);
	set_line(o, "subject", top ? top->tags.title : NULL);
	set_line(o, "author", top ? top->from : NULL);
	json_set_int(o, "version", s->version);
	json_set_int(o, "patches", s->total);
	set_cover(o, s);
	set_base(o, s);
	json_set_int(o, "date", top ? top->date : 0);
	return o;
}

void fetch_result_ok(struct json_object *result, const struct thread *t,
		     const struct mail_series *s)
{
	struct json_object *o = describe(s);

	json_set(o, "trailers", trailers(t, s));
	json_set_str(result, "status", "ok");
	json_set(result, "missing", json_object_new_array());
	json_set(result, "series", o);
	if (!json_object_object_get(result, "assembled"))
		json_set_str(result, "assembled", "b4");
	add_notes(result, s);
}

void fetch_result_unusable(struct json_object *result, const struct mail_series *s,
			   const char *reason)
{
	struct json_object *missing = json_object_new_array();

	for (int k = 0; k < s->total && k < MISSING_MAX; k++)
		if (!s->patches[k])
			json_object_array_add(missing, json_object_new_int(k + 1));
	json_object_object_del(result, "patches");
	json_set_str(result, "status", "unusable");
	set_line(result, "reason", reason);
	json_set(result, "missing", missing);
	if (s->total)
		json_set(result, "series", describe(s));
	add_notes(result, s);
}
