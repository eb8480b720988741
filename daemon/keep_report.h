/*
 * What retention did, in words.
 */
#ifndef SLUICE_DAEMON_KEEP_REPORT_H
#define SLUICE_DAEMON_KEEP_REPORT_H

#include "daemon/keep.h"

/* A line for each kind and reason: fn gets "12 images (3.1 GiB), not used for longer than
 * keep.images". True when there was any. */
bool keep_report_tell(const struct keep_report *r,
		      void (*fn)(const char *line, void *arg), void *arg);

#endif
