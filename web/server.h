/*
 * The web view: a process of its own on a read-only connection, libmicrohttpd
 * in an sd-event loop, one thread. A database that is missing, busy, replaced
 * or broken gives a page that says so, and is opened anew with the next
 * request.
 */
#ifndef SLUICE_WEB_SERVER_H
#define SLUICE_WEB_SERVER_H

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

struct db;
struct queue_line;

/*
 * The commands that repeat a run by hand, for its page: 1 with *ret_text (the
 * page frees it), 0 when there are none, -1. db is the server's.
 */
typedef int (*web_repro_fn)(struct db *db, int64_t run, char **ret_text, void *arg,
			    struct err *err);

/*
 * Asks for a job to be run again, for at most some seconds: 0, or -1 with what to tell
 * whoever asked.
 */
typedef int (*web_rerun_fn)(int64_t job, void *arg, struct err *err);

struct web_opts {
	const char *listen; /* numeric address; NULL: 127.0.0.1 */
	uint16_t port;      /* 0: any free one */
	const char *db_path;
	const char *artifacts;  /* folder of the store */
	const char *static_dir; /* holds sluice.css; NULL: the shipped one */
	void (*on_ready)(const char *url, void *arg); /* listening; may be NULL */
	web_repro_fn repro;                           /* may be NULL */
	web_rerun_fn rerun; /* NULL: pages only read. Only on a loopback address */
	/* Sorts waiting jobs as they will be taken, which is policy (rank 3);
	 * NULL: nothing is said of their order. */
	void (*queue_order)(struct queue_line *lines, size_t n);
	void *arg; /* of those above */
};

/* Serves until SIGTERM or SIGINT (both blocked on return); 0 then, -1 when it could not start. */
int web_serve(const struct web_opts *opts, struct err *err);

#endif
