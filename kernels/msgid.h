/*
 * What people paste when they mean a mail: a message-id with or without angle
 * brackets, "id:x@y", or the URL of a mail in a public-inbox or Patchwork.
 */
#ifndef SLUICE_KERNELS_MSGID_H
#define SLUICE_KERNELS_MSGID_H

#include <stdbool.h>

#include "lib/err.h"

/*
 * The bare message-id in text (percent-decoded when text is a URL); the caller
 * frees. -1 with ERR_INPUT when there is none. The URL's host is not looked
 * at: mails are fetched from the configured archive.
 */
int msgid_from_text(const char *text, char **ret_msgid, struct err *err);
/* Has an '@', no white space, controls or angle brackets; at most 900 bytes. */
bool msgid_is_valid(const char *msgid);

#endif
