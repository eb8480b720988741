/*
 * The patches of a series as they were posted, in one document that is kept to compare
 * its versions: what they say, where mail headers and encodings are gone.
 *
 * {"patches":[{"n":1,"subject","author","message","diff"}]}: message is what will be the
 * commit's, diff is null of a patch that is none or too long. Bytes that are no UTF-8
 * become U+FFFD.
 */
#ifndef SLUICE_KERNELS_POSTED_H
#define SLUICE_KERNELS_POSTED_H

#include "kernels/patch.h"
#include "lib/json.h"

/* Bytes of message and diff of one patch, and of all, that are kept. */
#define POSTED_PATCH_MAX (512u << 10)
#define POSTED_ALL_MAX (6u << 20)

struct posted {
	struct json_object *doc;
	size_t bytes;
};
/* posted_done after it. */
void posted_init(struct posted *p);
/* The next one; NULL: it could not be read. */
void posted_add(struct posted *p, const struct patch *patch);
int posted_write(const struct posted *p, const char *path, struct err *err);
void posted_done(struct posted *p);

#endif
