/*
 * Many looks at one property, one result line: a case that repeats its steps
 * adds each look here and prints the result at the end. The first look that
 * failed is the one that is told, with the number of those that did.
 */
#ifndef SLUICE_GUEST_TALLY_H
#define SLUICE_GUEST_TALLY_H

#include <stdbool.h>

struct tally {
	const char *name; /* of the result; borrowed */
	unsigned looks, bad;
	char first[320];
};

/* Gives ok back. The text says "expected ..., saw ...". */
bool tally_add(struct tally *t, bool ok, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The result line. Never to have looked is a failure. */
void tally_check(const struct tally *t);

#endif
