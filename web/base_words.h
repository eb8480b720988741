/*
 * The base ladder in plain words, for pages and the terminal alike.
 */
#ifndef SLUICE_WEB_BASE_WORDS_H
#define SLUICE_WEB_BASE_WORDS_H

#include "lib/json.h"
#include "lib/str.h"

/* Why a base was taken, from series.base_how; NULL when it says nothing. Borrowed. */
const char *base_how_words(const char *how);
/*
 * One of series.base_tried: "blobs, mm at 0123456789ab: 2 of 3 files are as ...".
 * Text of strangers comes as it is. The caller frees.
 */
char *base_try_words(struct json_object *o);

#endif
