/*
 * Which postings a source takes: by the lists they came by, by the words of their
 * subject, by the files they touch. Pure.
 *
 * Each is a list of globs (fnmatch's, "*" takes slashes too, case does not count);
 * one with "!" before it takes away. A text passes when a glob takes it, or all are
 * "!", and none takes it away. "mm/" means all below mm/.
 */
#ifndef SLUICE_DAEMON_SOURCE_FILTER_H
#define SLUICE_DAEMON_SOURCE_FILTER_H

#include <stdbool.h>

#include "lib/json.h"

struct source_filter {
	char *const *lists; /* NULL-terminated; NULL or empty: all pass. Of List-Ids */
	/* Of the words of the tag ("PATCH bpf-next", "RFC PATCH") or of the title. */
	char *const *subject;
	char *const *paths;
};

bool filter_passes(char *const *globs, const char *text);
/* NULL when both pass, else why not; the caller frees. */
char *filter_headers(const struct source_filter *f, struct json_object *lists,
		     const char *subject);
/* Likewise, when one of the paths passes; none at all do not. */
char *filter_paths(const struct source_filter *f, struct json_object *paths);

#endif
