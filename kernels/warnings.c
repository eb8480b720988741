#include "kernels/warnings.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/json.h"
#include "lib/str.h"

static bool word_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Copies a quoted name unchanged; p is at its opening quote. */
static const char *copy_quoted(struct str *out, const char *p)
{
	const char *end = strchr(p + 1, '\'');

	end = end ? end + 1 : p + strlen(p);
	str_addn(out, p, (size_t)(end - p));
	return end;
}

/*
 * Numbers that stand alone become "#", and so do "+0x1f" offsets: a frame size
 * or a place in a function shifts with every change. What is inside quotes is a
 * name and stays; the quote of "doesn't" opens nothing.
 */
char *warnings_normal_text(const char *text)
{
	struct str out = STR_INIT;
	const char *p = text;

	while (*p) {
		char before = p == text ? ' ' : p[-1];

		if (*p == '\'' && !word_char(before)) {
			p = copy_quoted(&out, p);
		} else if (str_starts(p, "+0x")) {
			str_add(&out, "+#");
			p += 3;
			p += strspn(p, "0123456789abcdef");
		} else if (isdigit((unsigned char)*p) && !word_char(before)) {
			size_t n = strspn(p, "0123456789");

			if (word_char(p[n]))
				str_addn(&out, p, n);
			else
				str_addc(&out, '#');
			p += n;
		} else {
			str_addc(&out, *p++);
		}
	}
	return str_take(&out);
}

/* One text as it is seen in the objects of a document. */
static char *key_of(struct json_object *w)
{
	AUTO_FREE char *text = warnings_normal_text(json_str(w, "text", ""));

	return str_printf("%s\n%s\n%s", json_str(w, "file", ""), json_str(w, "flag", ""),
			  text);
}

/* {key:[warnings]} of one object's list; the lists' length is the multiplicity. */
static struct json_object *group(struct json_object *list)
{
	struct json_object *groups = json_object_new_object();

	for (size_t i = 0; i < json_len(list); i++) {
		struct json_object *w = json_object_array_get_idx(list, i);
		AUTO_FREE char *key = key_of(w);
		struct json_object *same = json_arr(groups, key);

		if (!same) {
			same = json_object_new_array();
			json_set(groups, key, same);
		}
		json_object_array_add(same, json_object_get(w));
	}
	return groups;
}

/* Where a text shows most often. */
static void keep_largest(struct json_object *best, const char *key,
			 struct json_object *list, const char *object, int since)
{
	struct json_object *e = json_obj(best, key);

	if (e && json_len(json_arr(e, "list")) >= json_len(list))
		return;
	e = json_object_new_object();
	json_set(e, "list", json_object_get(list));
	json_set_str(e, "object", object);
	json_set_int(e, "since", since);
	json_set(best, key, e);
}

/*
 * {key:{list,object,since}} over the objects of doc; with late only those that
 * stand in doc's "late", else only those that do not.
 */
static struct json_object *largest_of(struct json_object *doc, bool late)
{
	struct json_object *best = json_object_new_object();
	struct json_object *objects = json_obj(doc, "objects");
	struct json_object *late_set = json_obj(doc, "late");
	int step = (int)json_int(doc, "step", 0);

	if (!objects)
		return best;
	json_object_object_foreach(objects, object, list)
	{
		int since = (int)json_int(late_set, object, step);
		AUTO_JSON struct json_object *groups = NULL;

		if ((since < step) != late || !json_len(list))
			continue;
		groups = group(list);
		json_object_object_foreach(groups, key, same)
		{
			keep_largest(best, key, same, object, since);
		}
	}
	return best;
}

static int compare_warnings(const void *a, const void *b)
{
	struct json_object *x = *(struct json_object *const *)a;
	struct json_object *y = *(struct json_object *const *)b;
	int c = strcmp(json_str(x, "file", ""), json_str(y, "file", ""));
	long long lx = json_int(x, "line", 0), ly = json_int(y, "line", 0);

	if (c)
		return c;
	if (lx != ly)
		return lx < ly ? -1 : 1;
	return strcmp(json_str(x, "text", ""), json_str(y, "text", ""));
}

static void report(struct json_object *out, struct json_object *entry, size_t skip,
		   int step)
{
	struct json_object *list = json_arr(entry, "list");

	for (size_t i = skip; i < json_len(list); i++) {
		struct json_object *w = json_object_array_get_idx(list, i);
		struct json_object *n = json_object_new_object();

		json_set_str(n, "file", json_str(w, "file", ""));
		json_set_int(n, "line", json_int(w, "line", 0));
		json_set_str(n, "flag", json_str(w, "flag", ""));
		json_set_str(n, "text", json_str(w, "text", ""));
		json_set_str(n, "context", json_str(w, "context", ""));
		json_set_str(n, "object", json_str(entry, "object", ""));
		json_set_int(n, "since", json_int(entry, "since", step));
		json_set_int(n, "step", step);
		json_object_array_add(out, n);
	}
}

static size_t multiplicity(struct json_object *best, const char *key)
{
	return json_len(json_arr(json_obj(best, key), "list"));
}

/* Adds of "from" what exceeds both others; those may be NULL. */
static void report_excess(struct json_object *out, struct json_object *from,
			  struct json_object *a, struct json_object *b, int step)
{
	json_object_object_foreach(from, key, entry)
	{
		size_t known = multiplicity(a, key), other = multiplicity(b, key);

		report(out, entry, known > other ? known : other, step);
	}
}

struct json_object *warnings_new(struct json_object *prev, struct json_object *cur)
{
	struct json_object *out = json_object_new_array();
	AUTO_JSON struct json_object *own = largest_of(cur, false);
	AUTO_JSON struct json_object *late = largest_of(cur, true);
	AUTO_JSON struct json_object *old = NULL, *old_late = NULL;
	int step = (int)json_int(cur, "step", 0);

	if (!prev)
		return out;
	old = largest_of(prev, false);
	old_late = largest_of(prev, true);
	report_excess(out, own, old, old_late, step);
	/* What this step's own objects show as well is already reported. */
	json_object_object_foreach(own, key, entry)
	{
		keep_largest(old, key, json_arr(entry, "list"), "", step);
	}
	report_excess(out, late, old, old_late, step);
	json_object_array_sort(out, compare_warnings);
	return out;
}

struct json_object *warnings_all(struct json_object *doc)
{
	struct json_object *out = json_object_new_array();
	AUTO_JSON struct json_object *own = largest_of(doc, false);
	AUTO_JSON struct json_object *late = largest_of(doc, true);
	int step = (int)json_int(doc, "step", 0);

	report_excess(out, own, NULL, NULL, step);
	report_excess(out, late, own, NULL, step);
	json_object_array_sort(out, compare_warnings);
	return out;
}

static bool has(struct json_object *set, const char *key)
{
	return set && json_object_object_get_ex(set, key, NULL);
}

/* The step whose change object has not seen, or none (false). */
static bool pending_since(struct json_object *prev, const char *object, int *ret)
{
	struct json_object *pending = json_obj(prev, "pending");
	struct json_object *all = NULL;

	if (has(pending, object)) {
		*ret = (int)json_int(pending, object, 0);
		return true;
	}
	if (!prev || !json_object_object_get_ex(prev, "pending_all", &all) || !all)
		return false;
	*ret = (int)json_int(prev, "pending_all", 0);
	return true;
}

static struct json_object *carry_objects(struct json_object *prev,
					 const struct warnings_build *b)
{
	struct json_object *objects = json_object_new_object();
	struct json_object *old = json_obj(prev, "objects");

	if (old) {
		json_object_object_foreach(old, object, list)
		{
			if (!has(b->compiled, object) && json_len(list) &&
			    (!b->gone || !b->gone(object, b->arg)))
				json_set(objects, object, json_object_get(list));
		}
	}
	if (b->compiled) {
		json_object_object_foreach(b->compiled, object, list)
		{
			if (json_len(list))
				json_set(objects, object, json_object_get(list));
		}
	}
	return objects;
}

static struct json_object *carry_late(struct json_object *prev,
				      const struct warnings_build *b)
{
	struct json_object *late = json_object_new_object();
	struct json_object *before = json_obj(prev, "late");
	int since;

	/* A second attempt of the same step: what its first one found stays. */
	if (before && json_int(prev, "step", -1) == b->step) {
		json_object_object_foreach(before, object, step)
		{
			json_set(late, object, json_object_get(step));
		}
	}
	if (b->compiled) {
		json_object_object_foreach(b->compiled, object, list)
		{
			(void)list;
			if (pending_since(prev, object, &since) && since < b->step &&
			    !has(late, object))
				json_set_int(late, object, since);
		}
	}
	return late;
}

static struct json_object *carry_pending(struct json_object *prev,
					 const struct warnings_build *b)
{
	struct json_object *pending = json_object_new_object();
	struct json_object *old = json_obj(prev, "pending");

	if (b->complete)
		return pending;
	if (old) {
		json_object_object_foreach(old, object, step)
		{
			if (!has(b->compiled, object))
				json_set(pending, object, json_object_get(step));
		}
	}
	if (b->pending) {
		json_object_object_foreach(b->pending, object, yes)
		{
			(void)yes;
			if (!has(pending, object))
				json_set_int(pending, object, b->step);
		}
	}
	return pending;
}

static void set_pending_all(struct json_object *doc, struct json_object *prev,
			    const struct warnings_build *b)
{
	struct json_object *all = NULL;

	if (prev)
		json_object_object_get_ex(prev, "pending_all", &all);
	if (b->complete)
		json_set(doc, "pending_all", NULL);
	else if (all)
		json_set(doc, "pending_all", json_object_get(all));
	else if (b->pending_all || !prev)
		json_set_int(doc, "pending_all", b->step);
	else
		json_set(doc, "pending_all", NULL);
}

struct json_object *warnings_carry(struct json_object *prev,
				   const struct warnings_build *b)
{
	struct json_object *doc = json_object_new_object();

	json_set_int(doc, "schema", 1);
	json_set_int(doc, "step", b->step);
	json_set(doc, "objects", carry_objects(prev, b));
	json_set(doc, "pending", carry_pending(prev, b));
	set_pending_all(doc, prev, b);
	json_set(doc, "late", carry_late(prev, b));
	json_set_bool(doc, "reconfigure", b->reconfigure);
	return doc;
}
