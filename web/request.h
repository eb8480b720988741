/*
 * One request and its reply, as a page sees them. A page loads, then prints:
 * nothing of the database is asked after the first byte.
 */
#ifndef SLUICE_WEB_REQUEST_H
#define SLUICE_WEB_REQUEST_H

#include <stdbool.h>

#include "db/artifact.h"
#include "db/db.h"
#include "lib/str.h"
#include "web/server.h"

struct request {
	struct db *db;
	struct artifact_store *store;
	const struct web_opts *opts;
	int64_t id;   /* the number in the path */
	int64_t page; /* ?page=, from 1 */
	int64_t from; /* ?from=, 0: not there */
	/* Of the query, of a stranger's making, NULL: not there. */
	const char *state, *source, *list, *msgid;
	const char *token; /* for html_rerun; NULL: nothing is run again from here */
};
#define REQUEST_TEXT 1024 /* bytes of one at most, with its escapes and NUL */

struct reply {
	const char *type; /* MIME */
	struct str body;
	struct artifact *stream; /* instead of body */
	bool gone;               /* body says what became of it: 410 */
	char etag[72];           /* of stream: its hash; "": the server hashes body */
};

/* 1 printed, 0 there is no such thing, -1 error. */
typedef int (*route_fn)(struct request *rq, struct reply *re, struct err *err);

enum route_flag {
	ROUTE_JSON = 1, /* errors in JSON too */
};

struct route {
	const char *pattern; /* "#" stands for a number */
	route_fn fn;
	unsigned int flags;
};

/* NULL when no pattern fits; *ret_id is the number. */
const struct route *route_find(const char *path, int64_t *ret_id);

int page_series_list(struct request *rq, struct reply *re, struct err *err);
int page_series(struct request *rq, struct reply *re, struct err *err);
int page_run(struct request *rq, struct reply *re, struct err *err);
int page_build(struct request *rq, struct reply *re, struct err *err);
int page_queue(struct request *rq, struct reply *re, struct err *err);
int page_sources(struct request *rq, struct reply *re, struct err *err);
int page_bisections(struct request *rq, struct reply *re, struct err *err);
int page_bisection(struct request *rq, struct reply *re, struct err *err);
int page_postings(struct request *rq, struct reply *re, struct err *err);
int page_posting(struct request *rq, struct reply *re, struct err *err);
int page_changes(struct request *rq, struct reply *re, struct err *err);
int stream_console(struct request *rq, struct reply *re, struct err *err);
int stream_build_log(struct request *rq, struct reply *re, struct err *err);
int stream_build_config(struct request *rq, struct reply *re, struct err *err);
int api_series_list(struct request *rq, struct reply *re, struct err *err);
int api_series(struct request *rq, struct reply *re, struct err *err);
int api_run(struct request *rq, struct reply *re, struct err *err);
int api_queue(struct request *rq, struct reply *re, struct err *err);
int api_sources(struct request *rq, struct reply *re, struct err *err);
int api_bisections(struct request *rq, struct reply *re, struct err *err);
int api_bisection(struct request *rq, struct reply *re, struct err *err);
int api_postings(struct request *rq, struct reply *re, struct err *err);
int api_posting(struct request *rq, struct reply *re, struct err *err);
int api_changes(struct request *rq, struct reply *re, struct err *err);

#endif
