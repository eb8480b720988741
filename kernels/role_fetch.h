/*
 * The role "fetch": from an mbox, a maildir or a message-id to the patches of
 * one series, in order and as posted, through b4. Its job and result are
 * described in docs/ARCHITECTURE.md. Blocks.
 */
#ifndef SLUICE_KERNELS_ROLE_FETCH_H
#define SLUICE_KERNELS_ROLE_FETCH_H

#include <json-c/json.h>

#include "lib/err.h"

/*
 * 0 with the result filled (status "ok", or "unusable" with the reason); -1
 * when sluice could not do its work: no b4, no answer from the archive.
 */
int role_fetch(struct json_object *job, const char *jobdir, struct json_object *result,
	       struct err *err);

#endif
