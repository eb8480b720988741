/*
 * A copy of a JSON value whose strings and keys are cleaned as text on pages
 * is (lib/text.h): json-c passes any bytes on, readers choke on bad UTF-8.
 */
#ifndef SLUICE_WEB_CLEAN_H
#define SLUICE_WEB_CLEAN_H

#include "lib/json.h"

/* NULL gives NULL; the caller owns the copy. */
struct json_object *json_clean(struct json_object *v);

#endif
