/*
 * json-c with the checks that documents from elsewhere need: every getter
 * takes a NULL or foreign-typed object and gives the default back. Strings are
 * owned by the object. Files are read with a size limit.
 */
#ifndef SLUICE_LIB_JSON_H
#define SLUICE_LIB_JSON_H

#include <json-c/json.h>
#include <stdbool.h>

#include "lib/cleanup.h"
#include "lib/err.h"

static inline void cleanup_json(struct json_object **j)
{
	json_object_put(*j);
}
#define AUTO_JSON __attribute__((cleanup(cleanup_json)))

/* The string at key, or def when it is absent, no string, or holds a NUL. */
const char *json_str(struct json_object *o, const char *key, const char *def);
long long json_int(struct json_object *o, const char *key, long long def);
/* A whole number will do, too. */
double json_num(struct json_object *o, const char *key, double def);
/* ("json_bool" is a type of json-c's.) */
bool json_flag(struct json_object *o, const char *key, bool def);
/* The array or object at key, or NULL; borrowed. */
struct json_object *json_arr(struct json_object *o, const char *key);
struct json_object *json_obj(struct json_object *o, const char *key);
size_t json_len(struct json_object *arr); /* 0 for NULL */

/*
 * Setters; NULL text gives null, invalid UTF-8 in it becomes U+FFFD. json_set
 * hands v over.
 */
void json_set(struct json_object *o, const char *key, struct json_object *v);
void json_set_str(struct json_object *o, const char *key, const char *text);
void json_set_int(struct json_object *o, const char *key, long long v);
void json_set_num(struct json_object *o, const char *key, double v); /* 3 decimals */
void json_set_bool(struct json_object *o, const char *key, bool v);
void json_add_str(struct json_object *arr, const char *text);

/* Whole files, written by rename; the object is the caller's (json_object_put). */
int json_read_file(const char *path, size_t max, struct json_object **ret,
		   struct err *err);
int json_write_file(const char *path, struct json_object *o, struct err *err);
/*
 * One document from memory; -1 with err (ERR_INPUT) when it is none, a bare
 * null, no UTF-8, or nested over 32 deep.
 */
int json_parse(const char *text, size_t len, struct json_object **ret, struct err *err);
/*
 * As json_parse, for what a stranger sends; ERR_LIMIT when it has over max values. A
 * text of "[[],[],..." takes fifty times its size when it is parsed.
 */
int json_parse_max(const char *text, size_t len, size_t max, struct json_object **ret,
		   struct err *err);

#endif
