/*
 * The entries of an Atom feed (RFC 4287) as it comes in: for each its link and when
 * it was updated. The content is not kept. Nesting, names, values and the number of
 * entries have limits, and a document type is refused, so that a feed cannot grow in
 * memory. Pure.
 */
#ifndef SLUICE_KERNELS_ATOM_H
#define SLUICE_KERNELS_ATOM_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/err.h"

struct atom_entry {
	const char *href;  /* of its link, as it stands there */
	long long updated; /* 0: none that can be read */
};
/* Not 0 ends it with that. */
typedef int (*atom_fn)(const struct atom_entry *entry, void *arg, struct err *err);

struct atom;
struct atom *atom_new(atom_fn fn, void *arg);
void atom_free(struct atom *a);
/* -1 with err (ERR_INPUT, ERR_LIMIT, or fn's). The signature is an http_body_fn's. */
int atom_feed(const char *data, size_t len, void *atom, struct err *err);
/* -1 when the document is not whole, or was no feed. */
int atom_end(struct atom *a, struct err *err);

/* "2024-01-02T13:00:00Z", with fractions or a zone; false when it is none. */
bool atom_time(const char *text, long long *ret);

#endif
