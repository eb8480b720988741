/*
 * "Run again" from a page: the one thing that is asked by POST. Only where it is
 * configured, on a loopback address, and from a page of ours: a browser says which one
 * it comes from, and the form holds a token that no other page can read. The server
 * hands it to web_opts.rerun, which asks the daemon; it still only reads itself.
 */
#ifndef SLUICE_WEB_RERUN_H
#define SLUICE_WEB_RERUN_H

#include <stdint.h>

#include "lib/err.h"
#include "web/html.h"

#define RERUN_PATH "/rerun"
#define RERUN_BODY 256 /* bytes of a form that is ours, at most */
#define RERUN_TOKEN 33 /* with its NUL */

/* Random digits, new with each start of the server. */
int rerun_token(char ret_token[RERUN_TOKEN], struct err *err);

struct rerun_ask {
	const char *host, *origin, *fetch_site; /* headers; NULL: not there */
	const char *body;                       /* the form as it came */
	const char *token;                      /* the server's */
};
/* NULL and *ret_job when it comes from a page of ours, else why not. Pure. */
const char *rerun_check(const struct rerun_ask *ask, int64_t *ret_job);

/* A button; without a token the command that does the same. */
void html_rerun(struct html *h, const char *token, int64_t job);

#endif
