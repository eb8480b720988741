#include "web/clean.h"

#include <string.h>

#include "lib/str.h"
#include "lib/text.h"

static struct json_object *clean_string(struct json_object *v)
{
	AUTO(str_done) struct str s = STR_INIT;

	text_clean(&s, json_object_get_string(v), (size_t)json_object_get_string_len(v));
	return json_object_new_string_len(str_get(&s), (int)s.len);
}

static struct json_object *clean_array(struct json_object *v)
{
	struct json_object *a = json_object_new_array();

	for (size_t i = 0; i < json_object_array_length(v); i++)
		json_object_array_add(a, json_clean(json_object_array_get_idx(v, i)));
	return a;
}

static struct json_object *clean_object(struct json_object *v)
{
	struct json_object *o = json_object_new_object();

	json_object_object_foreach(v, key, value)
	{
		AUTO_FREE char *name = text_clean_line(key, 0);

		json_object_object_add(o, name, json_clean(value));
	}
	return o;
}

/* Depth is bounded: json_parse refuses what is nested over 32 deep. */
struct json_object *json_clean(struct json_object *v)
{
	switch (json_object_get_type(v)) {
	case json_type_string:
		return clean_string(v);
	case json_type_array:
		return clean_array(v);
	case json_type_object:
		return clean_object(v);
	default:
		return json_object_get(v);
	}
}

void json_set_clean(struct json_object *o, const char *key, const char *text)
{
	AUTO(str_done) struct str clean = STR_INIT;

	if (text)
		text_clean(&clean, text, strlen(text));
	json_set_str(o, key, text ? str_get(&clean) : NULL);
}

void json_set_opt_int(struct json_object *o, const char *key, int64_t v)
{
	if (v < 0)
		json_set(o, key, NULL);
	else
		json_set_int(o, key, v);
}
