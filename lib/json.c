#include "lib/json.h"

#include <ctype.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lib/file.h"
#include "lib/str.h"
#include "lib/text.h"

#define JSON_DEPTH 32

static struct json_object *json_find(struct json_object *o, const char *key,
				     enum json_type type)
{
	struct json_object *v = NULL;

	if (!json_object_is_type(o, json_type_object) ||
	    !json_object_object_get_ex(o, key, &v) || !json_object_is_type(v, type))
		return NULL;
	return v;
}

const char *json_str(struct json_object *o, const char *key, const char *def)
{
	struct json_object *v = json_find(o, key, json_type_string);
	const char *s;

	if (!v)
		return def;
	/* A string with a NUL inside would be taken for its first half. */
	s = json_object_get_string(v);
	return strlen(s) == (size_t)json_object_get_string_len(v) ? s : def;
}

long long json_int(struct json_object *o, const char *key, long long def)
{
	struct json_object *v = json_find(o, key, json_type_int);

	return v ? json_object_get_int64(v) : def;
}

double json_num(struct json_object *o, const char *key, double def)
{
	struct json_object *v = json_find(o, key, json_type_double);

	if (!v)
		v = json_find(o, key, json_type_int);
	return v ? json_object_get_double(v) : def;
}

bool json_flag(struct json_object *o, const char *key, bool def)
{
	struct json_object *v = json_find(o, key, json_type_boolean);

	return v ? json_object_get_boolean(v) : def;
}

struct json_object *json_arr(struct json_object *o, const char *key)
{
	return json_find(o, key, json_type_array);
}

struct json_object *json_obj(struct json_object *o, const char *key)
{
	return json_find(o, key, json_type_object);
}

size_t json_len(struct json_object *arr)
{
	return json_object_is_type(arr, json_type_array) ? json_object_array_length(arr) :
							   0;
}

void json_set(struct json_object *o, const char *key, struct json_object *v)
{
	json_object_object_add(o, key, v);
}

/* json-c copies bytes as they are, and a JSON text must be UTF-8. */
static struct json_object *json_text(const char *text)
{
	AUTO(str_done) struct str s = STR_INIT;

	if (!text)
		return NULL;
	if (text_is_utf8(text, strlen(text)))
		return json_object_new_string(text);
	text_utf8(&s, text, strlen(text));
	return json_object_new_string(str_get(&s));
}

void json_set_str(struct json_object *o, const char *key, const char *text)
{
	json_set(o, key, json_text(text));
}

void json_set_int(struct json_object *o, const char *key, long long v)
{
	json_set(o, key, json_object_new_int64(v));
}

void json_set_num(struct json_object *o, const char *key, double v)
{
	char text[400];

	if (!isfinite(v)) {
		json_set(o, key, NULL);
		return;
	}
	snprintf(text, sizeof(text), "%.3f", v);
	json_set(o, key, json_object_new_double_s(v, text));
}

void json_set_bool(struct json_object *o, const char *key, bool v)
{
	json_set(o, key, json_object_new_boolean(v));
}

void json_add_str(struct json_object *arr, const char *text)
{
	json_object_array_add(arr, json_text(text));
}

int json_parse(const char *text, size_t len, struct json_object **ret, struct err *err)
{
	struct json_tokener *tok;
	AUTO_JSON struct json_object *o = NULL;
	enum json_tokener_error e;

	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	if (!len)
		return err_set(err, ERR_INPUT, "JSON: empty");
	/* json-c takes a NUL for the end and says that all is well. */
	if (len > INT_MAX || memchr(text, '\0', len))
		return err_set(err, ERR_INPUT, "JSON: holds a NUL byte, or is too long");
	tok = json_tokener_new_ex(JSON_DEPTH);
	if (!tok)
		return err_set(err, ERR_SYS, "JSON: out of memory");
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	o = json_tokener_parse_ex(tok, text, (int)len);
	e = json_tokener_get_error(tok);
	/* A bare number goes on until something that is no digit comes. */
	if (e == json_tokener_continue) {
		o = json_tokener_parse_ex(tok, "", 1);
		e = json_tokener_get_error(tok);
	}
	if (e != json_tokener_success)
		err_set(err, ERR_INPUT, "JSON: %s at byte %zu",
			json_tokener_error_desc(e), json_tokener_get_parse_end(tok));
	json_tokener_free(tok);
	if (e != json_tokener_success)
		return -1;
	if (!o)
		return err_set(err, ERR_INPUT, "JSON: a bare null");
	*ret = TAKE_PTR(o);
	return 0;
}

/* Values begin after a bracket or a comma; what is no JSON may count as more. */
static bool has_over(const char *text, size_t len, size_t max)
{
	bool in_string = false;
	size_t n = 1;

	for (size_t i = 0; i < len && n <= max; i++) {
		if (in_string && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			in_string = !in_string;
		else if (!in_string)
			n += text[i] == '[' || text[i] == '{' || text[i] == ',';
	}
	return n > max;
}

int json_parse_max(const char *text, size_t len, size_t max, struct json_object **ret,
		   struct err *err)
{
	if (has_over(text, len, max))
		return err_set(err, ERR_LIMIT, "JSON: over %zu values", max);
	return json_parse(text, len, ret, err);
}

int json_read_file(const char *path, size_t max, struct json_object **ret,
		   struct err *err)
{
	AUTO_FREE char *text = NULL;
	size_t len;

	if (file_read(path, max, &text, &len, err) < 0)
		return -1;
	if (json_parse(text, len, ret, err) < 0)
		return err_prefix(err, "%s", path);
	return 0;
}

int json_write_file(const char *path, struct json_object *o, struct err *err)
{
	AUTO_FREE char *text =
		str_printf("%s\n", json_object_to_json_string_ext(
					   o, JSON_C_TO_STRING_PRETTY |
						      JSON_C_TO_STRING_NOSLASHESCAPE));

	return file_write_atomic(path, text, strlen(text), 0644, err);
}
