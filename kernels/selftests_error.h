/*
 * Why a selftest did not build, from the log of its make. Looks whether files are
 * there, nothing else.
 */
#ifndef SLUICE_KERNELS_SELFTESTS_ERROR_H
#define SLUICE_KERNELS_SELFTESTS_ERROR_H

#include "kernels/buildlog.h"

/* Headers outside of the tree that selftests are known to include; a NULL header ends. */
struct selftests_library {
	const char *header, *library;
};
extern const struct selftests_library selftests_libraries[];

/*
 * The library that is missing on this machine ("libnuma"), if that is why, else
 * NULL. The caller frees.
 */
char *selftests_error_library(const struct buildlog_error *e);
/*
 * "tools/testing/selftests/mm/cow.c:12: text", the file relative to src. e may be
 * NULL: then reason. The caller frees.
 */
char *selftests_error_text(const struct buildlog_error *e, const char *reason,
			   const char *src, const char *folder);

#endif
