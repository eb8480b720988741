/*
 * What was not compiled is not passed: finds the changed files of a step that
 * did not go into the build. A source or header must be named by some object's
 * dependencies; a Makefile or Kconfig file counts if its folder was entered;
 * documentation and the like never count.
 */
#ifndef SLUICE_KERNELS_NOTBUILT_H
#define SLUICE_KERNELS_NOTBUILT_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/err.h"

/* How a change of this file shows, judged by its name alone. */
enum file_role {
	FILE_SOURCE,    /* through an object's dependencies */
	FILE_MAKEFILE,  /* through its folder */
	FILE_KCONFIG,   /* through its folder, and the configuration must be redone */
	FILE_CONFIGURE, /* the configuration and all flags hang on it */
	FILE_NEVER,     /* Documentation/, MAINTAINERS, … */
};
enum file_role file_role(const char *path);

/* Files of changed that no object of out depends on, in order; strv_free. */
int notbuilt_find(const char *src, const char *out, char *const *changed,
		  char ***ret_files, struct err *err);

#endif
