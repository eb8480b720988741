/*
 * Which objects a file goes into, read from the .*.cmd files that kbuild leaves
 * beside each object. A file counts for an object if it is named in its command
 * or in its list of dependencies. Blocks: reads all of them (some 60 MB, cached).
 */
#ifndef SLUICE_KERNELS_DEPS_H
#define SLUICE_KERNELS_DEPS_H

#include <stddef.h>

#include "lib/err.h"

/* Called for each pair; object is relative to out ("mm/mlock.o"). */
typedef void (*deps_fn)(size_t file, const char *object, void *arg);

/*
 * files: relative to src, n of them. What cannot be read (a build may plant
 * anything there) is passed over; -1 only when out itself cannot be read.
 */
int deps_scan(const char *src, const char *out, const char *const *files, size_t n,
	      deps_fn fn, void *arg, struct err *err);

#endif
