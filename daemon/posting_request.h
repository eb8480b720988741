/*
 * What a job for a posting is asked to test: as its source's section says, but for
 * what its author asks for in the cover letter. Pure, but for is_tree.
 */
#ifndef SLUICE_DAEMON_POSTING_REQUEST_H
#define SLUICE_DAEMON_POSTING_REQUEST_H

#include "daemon/config_source.h"
#include "daemon/request.h"
#include "db/posting.h"
#include "lib/str.h"

/* Is there a tree of that name? */
typedef bool (*posting_tree_fn)(const char *name, void *arg);

/*
 * source NULL: its source is not configured any more. A wish of the author's that
 * cannot be granted (it names nothing that may be a name, or a tree that there is not)
 * is as if it was not there, and unheard has a line on it; whether there is a commit
 * that it names, only who fetched the trees can say. Who names a tree means that one
 * alone. Where the mails' own bytes are kept, ret->mails is
 * REQUEST_MAILS_FILE. The caller does request_done.
 */
void posting_request(const struct posting_row *p, const struct source_conf *source,
		     posting_tree_fn is_tree, void *arg, struct request *ret,
		     struct str *unheard);

#endif
