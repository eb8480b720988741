/*
 * Runs b4, shut off from everything but the archive: configured by environment
 * alone (git's GIT_CONFIG_COUNT), with home, cache and data folders of its own
 * and a working folder in which git finds no repository, for b4 obeys a
 * .b4-config that it finds in one. What its exit code says is worth nothing;
 * look at what came out, and at the log. Each call blocks until b4 is done or
 * out of time.
 */
#ifndef SLUICE_KERNELS_B4_H
#define SLUICE_KERNELS_B4_H

#include <stdint.h>

#include "lib/err.h"
#include "lib/str.h"

struct b4 {
	const char *program;
	const char *dir;         /* absolute; all its files go below it */
	const char *archive;     /* URL with "%s" for a message-id, or without */
	const char *attestation; /* off, check, softfail, hardfail */
	uint64_t timeout_ms;     /* of one call; 0: none */
	uint64_t allowed_ms;     /* of all calls together, for the message */
};

/*
 * Fetches a mail's thread into a maildir, whose path goes to *ret_maildir. 0;
 * or 1 when there is no such mail (*ret_maildir NULL, *ret_log says so); or -1.
 */
int b4_thread(const struct b4 *b, const char *msgid, char **ret_maildir, char **ret_log,
	      struct err *err);
/*
 * "b4 am" of an mbox file. *ret_mbox gets what came out (NULL: nothing did),
 * *ret_log what it printed. -1: it could not be run, or ran out of time.
 */
int b4_am(const struct b4 *b, const char *mbox, int version, char **ret_mbox,
	  size_t *ret_len, char **ret_log, struct err *err);
/* The line of a log that tells best why it failed; the caller frees. */
char *b4_complaint(const char *log);

#endif
