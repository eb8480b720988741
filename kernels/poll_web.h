/*
 * What the kinds of the role "poll" that speak HTTP share.
 */
#ifndef SLUICE_KERNELS_POLL_WEB_H
#define SLUICE_KERNELS_POLL_WEB_H

#include "kernels/poll.h"
#include "kernels/poll_later.h"
#include "lib/http.h"

/* A feed, a document, a mailbox: unpacked. */
#define POLL_ANSWER_MAX (64UL << 20)

/* To the server of p->url, within the job's limits. */
int poll_http_new(const struct poll *p, const char *auth, struct http **ret_http,
		  struct err *err);
/*
 * 0 with an answer of 200, 304 or 404; anything else is an error, and a wish not
 * to be asked for a while is kept for the result.
 */
int poll_http_get(struct poll *p, struct http *h, const struct http_ask *ask,
		  struct http_answer *ret_answer, struct err *err);
/* Likewise for one of many: LATER_GOT, or LATER_ONE or LATER_ALL with err. */
int poll_http_try(struct poll *p, struct http *h, const struct http_ask *ask,
		  struct http_answer *ret_answer, struct err *err);

#endif
