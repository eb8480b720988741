/*
 * Asks one HTTP server, and never more of it than was agreed: time to connect, for
 * a request and for all of them, bytes a second, bytes after unpacking, how much
 * gzip may blow up. http and https only. A redirect is followed within the same
 * scheme, host and port, or from http to https on the usual ports; to elsewhere it
 * is an error that names where to. A link to a next page on the same host is taken to
 * be of the server asked, whatever port it names: servers behind a proxy get that
 * wrong. Proxies are those of the environment. Blocks.
 */
#ifndef SLUICE_LIB_HTTP_H
#define SLUICE_LIB_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"
#include "lib/str.h"

struct http_opts {
	const char *base;  /* a URL of the server; what leaves it is refused */
	const char *agent; /* NULL: "sluice" */
	const char *auth;  /* of the header Authorization; NULL: none */
	uint64_t connect_ms, request_ms;
	uint64_t end_ms;                /* CLOCK_MONOTONIC, for all requests; 0: none */
	long long stall_bytes, stall_s; /* slower than this for so long is given up */
	uint64_t bytes;                 /* of all answers together; 0: no limit */
};

struct http;
typedef int (*http_body_fn)(const char *data, size_t len, void *arg, struct err *err);

struct http_ask {
	const char *url;
	const char *accept;          /* NULL: anything */
	const char *etag, *modified; /* as an earlier answer had them; NULL */
	size_t max;                  /* bytes of the body, unpacked */
	http_body_fn body;           /* the body of a 200; NULL: into the answer */
	void *arg;
};

struct http_answer {
	long status;
	char *etag, *modified; /* NULL: none */
	char *next;            /* URL of Link: rel="next", absolute; NULL: none */
	bool next_left;        /* it was dropped: it leads to another host */
	long long retry_after; /* s; 0: not said */
	struct str body;       /* of any other status at most 4 KiB */
};

/* -1 with ERR_INPUT: base is no http or https URL. */
int http_new(const struct http_opts *opts, struct http **ret_http, struct err *err);
void http_free(struct http *h);
/*
 * 0 with an answer, whatever its status is; -1 with err, which names the URL:
 * ERR_LIMIT when this answer is too large, ERR_SYS for trouble on the way and for
 * the limits of all of them. http_answer_done the answer in either case.
 */
int http_get(struct http *h, const struct http_ask *ask, struct http_answer *ret_answer,
	     struct err *err);
void http_answer_done(struct http_answer *a);
/* -1, "URL: 503", with what the body says about it where that is short text. */
int http_status_err(const char *url, const struct http_answer *a, struct err *err);

/* Nobody on the way can read what goes there: https, or this machine. */
bool http_is_private(const char *url);
/* Appends text with all but letters, digits and - . _ ~ percent-encoded. */
void http_escape(struct str *out, const char *text);

#endif
