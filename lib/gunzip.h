/*
 * gzip undone as it comes in, with an end to how much may come out: bytes in all,
 * and bytes out for each byte in (a bomb is told by that early). What is cut short
 * is an error.
 */
#ifndef SLUICE_LIB_GUNZIP_H
#define SLUICE_LIB_GUNZIP_H

#include <stddef.h>

#include "lib/err.h"
#include "lib/str.h"

/* Honest text is at most about 1:100, zlib's own limit is 1:1032. */
#define GUNZIP_RATIO_MAX 250

struct gunzip;
typedef int (*gunzip_fn)(const char *data, size_t len, void *arg, struct err *err);

struct gunzip *gunzip_new(size_t max, gunzip_fn fn, void *arg);
void gunzip_free(struct gunzip *g);
/* -1 with err: no gzip (ERR_INPUT), too much of it (ERR_LIMIT), or fn's. */
int gunzip_feed(struct gunzip *g, const char *data, size_t len, struct err *err);
/* -1 when the end has not come. */
int gunzip_end(struct gunzip *g, struct err *err);

/* All of it, from memory; appends. */
int gunzip_all(const char *data, size_t len, size_t max, struct str *out,
	       struct err *err);

#endif
