/*
 * What a job for a posting is asked to test: as its source's section says, but for
 * what its author asks for in the cover letter. Pure, but for is_there.
 */
#ifndef SLUICE_DAEMON_POSTING_REQUEST_H
#define SLUICE_DAEMON_POSTING_REQUEST_H

#include "daemon/config_source.h"
#include "daemon/request.h"
#include "db/posting.h"
#include "lib/str.h"

/* Is there a tree, config, topology or suite of that name? what: one of these words. */
typedef bool (*posting_name_fn)(const char *what, const char *name, void *arg);

/*
 * source NULL: its source is not configured any more. A wish of the author's that
 * cannot be granted (it names what there is not, or something twice) is as if it was
 * not there, and unheard has a line on it; whether there is a commit
 * that it names, only who fetched the trees can say. Who names a tree means that one
 * alone. Where the mails' own bytes are kept, ret->mails is
 * REQUEST_MAILS_FILE. The caller does request_done.
 */
void posting_request(const struct posting_row *p, const struct source_conf *source,
		     posting_name_fn is_there, void *arg, struct request *ret,
		     struct str *unheard);

#endif
