/*
 * A copy of a JSON value whose strings and keys are cleaned as text on pages
 * is (lib/text.h): json-c passes any bytes on, readers choke on bad UTF-8.
 */
#ifndef SLUICE_WEB_CLEAN_H
#define SLUICE_WEB_CLEAN_H

#include <stdint.h>

#include "lib/json.h"

/* NULL gives NULL; the caller owns the copy. */
struct json_object *json_clean(struct json_object *v);
/* text NULL is null. */
void json_set_clean(struct json_object *o, const char *key, const char *text);
/* A number below 0 is null. */
void json_set_opt_int(struct json_object *o, const char *key, int64_t v);

#endif
