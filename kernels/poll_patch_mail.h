/*
 * A patch or cover letter of a Patchwork, made a mail again: of the headers, the comment
 * and the diff that its REST API gives.
 */
#ifndef SLUICE_KERNELS_POLL_PATCH_MAIL_H
#define SLUICE_KERNELS_POLL_PATCH_MAIL_H

#include "lib/json.h"
#include "lib/str.h"

/* patch: as /api/patches/ID/ or covers/ID/ answers, with "headers". Appends to out. */
void poll_patch_mail(struct json_object *patch, struct str *out);

#endif
