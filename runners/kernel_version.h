/*
 * Which kernel it is: the first word of "Linux version 6.12.117 (...", which a
 * kernel prints before anything else, and ranges of such versions. Pure.
 */
#ifndef SLUICE_RUNNERS_KERNEL_VERSION_H
#define SLUICE_RUNNERS_KERNEL_VERSION_H

#include <stdbool.h>
#include <stddef.h>

/* From a console log or a vmlinux; the caller frees. NULL where there is none. */
char *kernel_version_find(const void *data, size_t len);

#define KERNEL_VERSION_PARTS 3

/* From first to last, both in it. A part that is not named (-1) is any. */
struct kernel_range {
	long first[KERNEL_VERSION_PARTS], last[KERNEL_VERSION_PARTS];
};

/* "6.1", "6.1.192", "6.1..6.5", "6.11.." without an end; false when it is none, or runs backwards. */
bool kernel_range_parse(const char *text, struct kernel_range *ret);
/* What follows the numbers ("-rc3", "+") is not looked at; NULL is in no range. */
bool kernel_range_has(const struct kernel_range *r, const char *version);

#endif
