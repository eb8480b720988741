/*
 * What a mail's text says that the queue needs before the series is fetched:
 * the files its diff touches, the lines b4 puts below a cover letter, and an
 * author's own wishes. Pure; the text is a stranger's.
 */
#ifndef SLUICE_KERNELS_MAIL_FACTS_H
#define SLUICE_KERNELS_MAIL_FACTS_H

#include <stddef.h>

#include "lib/json.h"

/* The hex behind "base-commit:" at a line's start; NULL if there is none. */
char *mail_base_commit(const char *text);
/* The word behind "change-id:"; NULL if there is none. */
char *mail_change_id(const char *text);

/*
 * Adds the names of the files in the text's diffs to arr, each once, at most
 * max of them; both names of a rename. Of a file whose hunks are broken, by its headers.
 */
void mail_paths(const char *text, size_t max, struct json_object *arr);

/*
 * What a line "sluice: tree=NAME base=REV topology=a,b config=c suite=d" asks
 * for, as an object of those five keys; NULL when there is no such line. A word
 * that is none of these makes no line of it.
 */
struct json_object *mail_override(const char *text);

#endif
