/*
 * SHA-256, by GLib's GChecksum (GLib comes with gmime). Digests are 64
 * lower-case hex digits; artifacts are named by them.
 */
#ifndef SLUICE_LIB_SHA256_H
#define SLUICE_LIB_SHA256_H

#include <stddef.h>

#include "lib/err.h"

#define SHA256_HEX 65 /* with the NUL */

struct sha256;

struct sha256 *sha256_new(void);
void sha256_free(struct sha256 *h);
void sha256_add(struct sha256 *h, const void *data, size_t len);
/* Adds the text and its NUL, so that "ab","c" and "a","bc" differ. */
void sha256_add_str(struct sha256 *h, const char *text);
/* Ends the sum; h can only be freed afterwards. */
void sha256_hex(struct sha256 *h, char ret_hex[SHA256_HEX]);

void sha256_of(const void *data, size_t len, char ret_hex[SHA256_HEX]);
/* Reads the whole file. 0, or -1 with err. */
int sha256_of_file(const char *path, char ret_hex[SHA256_HEX], struct err *err);

#endif
