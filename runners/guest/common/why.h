/*
 * What is wrong with the many things that one result line stands for: the first
 * complaint is kept, the others are counted.
 */
#ifndef SLUICE_GUEST_WHY_H
#define SLUICE_GUEST_WHY_H

struct why {
	unsigned n; /* complaints; 0: all is well. Begin with { 0 } */
	char text[320];
};

/* "expected ..., saw ...". */
void why_add(struct why *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* One result line of common/ktap.h, which fails when there was a complaint. */
void why_check(const struct why *w, const char *name);

#endif
