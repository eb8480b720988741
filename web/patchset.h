/*
 * The patches of one version of a series, and what became of each in the next: found
 * by title, else by what it changes, else by what is most like it. Pure.
 */
#ifndef SLUICE_WEB_PATCHSET_H
#define SLUICE_WEB_PATCHSET_H

#include <stdint.h>

#include "lib/json.h"

struct patch_text {
	int64_t n;     /* number in the series */
	char *subject; /* without tags */
	char *title;   /* lower case, single spaces */
	/* NULL where only the subject is known: */
	char *message;
	char *diff;    /* without what moves by itself: line numbers, blob ids */
	char *changes; /* of diff, the files and the lines that come and go */
	uint64_t id;   /* a hash of changes */
};

struct patch_set {
	struct patch_text *v;
	size_t n;
	bool has_texts; /* of any */
};
/* Those of more patches are not looked at. */
#define PATCHSET_MAX 1000

/* doc: as kernels/posted.h writes it; what is not of that form is left out. */
void patch_set_read(struct patch_set *s, struct json_object *doc);
/* A patch of which only the subject is known, tags and all. */
void patch_set_add(struct patch_set *s, int64_t n, const char *subject);
void patch_set_done(struct patch_set *s);

enum patch_change {
	PATCH_SAME,
	PATCH_REBASED, /* only what is around its changes is other */
	PATCH_MESSAGE, /* only what it says */
	PATCH_CHANGED,
	PATCH_ADDED,
	PATCH_DROPPED,
	PATCH_UNKNOWN, /* it is there in both; the texts are not */
};

struct patch_pair {
	const struct patch_text *old, *new; /* NULL: added, dropped */
	enum patch_change change;
	bool moved; /* against the others that are in both */
};
/* In the order of the new version, what was dropped at its end. The caller frees. */
struct patch_pair *patch_set_match(const struct patch_set *old,
				   const struct patch_set *new, size_t *ret_n);

#endif
