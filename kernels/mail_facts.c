#include "kernels/mail_facts.h"

#include <glib.h>
#include <string.h>

#include "kernels/diffread.h"
#include "lib/cleanup.h"
#include "lib/str.h"

enum { PATH_BYTES_MAX = 4096, WISH_MAX = 200 };

char *mail_base_commit(const char *text)
{
	static const char key[] = "base-commit:";

	for (const char *s = text; s && *s; s = strchr(s, '\n'), s = s ? s + 1 : s) {
		const char *hex = s + sizeof(key) - 1;
		size_t len;

		if (strncmp(s, key, sizeof(key) - 1) != 0)
			continue;
		hex += strspn(hex, " \t");
		len = strspn(hex, "0123456789abcdef");
		if (len >= 12 && len <= 64)
			return str_ndup(hex, len);
	}
	return NULL;
}

char *mail_change_id(const char *text)
{
	static const char key[] = "change-id:";

	for (const char *s = text; s && *s; s = strchr(s, '\n'), s = s ? s + 1 : s) {
		const char *id = s + sizeof(key) - 1;
		size_t len;

		if (strncmp(s, key, sizeof(key) - 1) != 0)
			continue;
		id += strspn(id, " \t");
		len = strcspn(id, " \t\r\n");
		if (len)
			return str_ndup(id, len);
	}
	return NULL;
}

/* ---- files ---- */

struct paths {
	struct json_object *arr;
	GHashTable *seen; /* owns the names */
	size_t max;
};

static void add_path(struct paths *p, const char *name)
{
	char *copy;

	if (!name || !*name || strlen(name) > PATH_BYTES_MAX ||
	    json_len(p->arr) >= p->max || g_hash_table_contains(p->seen, name))
		return;
	copy = str_dup(name);
	g_hash_table_insert(p->seen, copy, copy);
	json_add_str(p->arr, name);
}

static void add_file(struct paths *p, const struct diff_file *f)
{
	if (f->renamed || f->copied) {
		add_path(p, f->from);
		add_path(p, f->to);
	}
	add_path(p, f->minus);
	add_path(p, f->plus);
	add_path(p, f->old_name);
	add_path(p, f->new_name);
}

/* What the headers of a file name whose hunks are damaged: it is of that file still. */
static void add_damaged(struct paths *p, const char *s, const char *end)
{
	static const char *const marks[] = { "--- a/", "+++ b/" };

	for (; s && s < end; s = strchr(s, '\n'), s = s ? s + 1 : s)
		for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
			const char *name = s + strlen(marks[i]);
			AUTO_FREE char *copy = NULL;

			if (strncmp(s, marks[i], strlen(marks[i])) != 0)
				continue;
			copy = str_ndup(name, strcspn(name, "\t\r\n"));
			add_path(p, copy);
		}
}

/*
 * The diff --git line behind the file that begins at from (or in prose before it) and
 * broke near broken; NULL: there is none.
 */
static const char *next_file(const char *from, const char *broken)
{
	const char *next = strstr(broken > from ? broken - 1 : from, "\ndiff --git ");

	return next && next + 1 <= from ? strstr(from, "\ndiff --git ") : next;
}

void mail_paths(const char *text, size_t max, struct json_object *arr)
{
	struct paths p = { .arr = arr, .max = max };
	const char *end = text + strlen(text);
	struct diff_reader r;
	struct diff_file f;
	int rc;

	p.seen = g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL);
	diff_reader_init(&r, text, (size_t)(end - text));
	while (json_len(arr) < max) {
		const char *from = r.p, *next;

		rc = diff_read_file(&r, &f);
		if (rc == 0)
			break;
		if (rc > 0) {
			add_file(&p, &f);
			diff_file_done(&f);
			continue;
		}
		/* Broken, or prose that looks like a hunk: on with the next file. */
		next = next_file(from, r.p);
		add_damaged(&p, from, next ? next : end);
		if (!next)
			break;
		r.p = next + 1;
	}
	g_hash_table_unref(p.seen);
}

/* ---- wishes ---- */

static bool add_wish(struct json_object *o, const char *word)
{
	static const char *const keys[] = { "tree", "base", "topology", "config",
					    "suite" };
	const char *eq = strchr(word, '=');

	if (!eq || !eq[1] || strlen(eq + 1) > WISH_MAX)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (strlen(keys[i]) == (size_t)(eq - word) &&
		    !strncmp(word, keys[i], (size_t)(eq - word))) {
			json_set_str(o, keys[i], eq + 1);
			return true;
		}
	return false;
}

static struct json_object *read_wishes(const char *line, size_t len)
{
	AUTO_FREE char *copy = str_ndup(line, len);
	AUTO_JSON struct json_object *o = json_object_new_object();
	char **words = strv_split(copy, " \t\r");
	bool good = words[0] != NULL;

	for (size_t i = 0; words[i]; i++)
		good = good && add_wish(o, words[i]);
	strv_free(words);
	return good ? TAKE_PTR(o) : NULL;
}

struct json_object *mail_override(const char *text)
{
	static const char key[] = "sluice:";
	struct json_object *o = NULL;

	for (const char *s = text; !o && s && *s; s = strchr(s, '\n'), s = s ? s + 1 : s)
		if (!strncmp(s, key, sizeof(key) - 1))
			o = read_wishes(s + sizeof(key) - 1,
					strcspn(s + sizeof(key) - 1, "\n"));
	return o;
}
