/*
 * Pages that a pipe holds a reference to (vmsplice): they cannot be migrated. What goes
 * wrong here ends the case.
 */
#ifndef SLUICE_MLOCK_PIN_H
#define SLUICE_MLOCK_PIN_H

#include <stddef.h>

#define PIN_MAX 16 /* pages; a pipe holds no more */

struct pin {
	int fds[2];
};

/* bytes from addr on, both at page boundaries: at most PIN_MAX pages. */
void pin_take(struct pin *p, void *addr, size_t bytes);
/* The pages may be given back only a moment later. */
void pin_drop(struct pin *p);

#endif
