/*
 * Hands a series to the daemon: what SERIES stands for here and now, mails and
 * commits, goes along with the request. And watches the job like a test of one's
 * own.
 */
#ifndef SLUICE_CLI_SUBMIT_H
#define SLUICE_CLI_SUBMIT_H

#include "cli/client.h"
#include "daemon/request.h"
#include "daemon/run.h"

/* The options of "sluice test" that say what to test; NULL where not given. */
struct submit_args {
	const char *tree, *base, *config, *topology, *suite, *repo;
};

struct submit {
	struct context *cx;
	struct client *client;
	const struct submit_args *args;
	bool interactive, watch;
	int64_t bisection; /* out: of the job that was watched; 0: it is none */
};

/* Queues what is asked; fd has the mails that go along, or -1. Errors as below. */
int submit_request(struct submit *s, const struct request *q, int fd, int64_t *ret_job,
		   struct err *err);

/* Queues it: 0 with the job. ERR_INPUT when SERIES or the daemon will not have it. */
int submit_series(struct submit *s, const char *source, int64_t *ret_job,
		  struct err *err);
/*
 * What happens in the job, until it is over: the exit code of "sluice test", with
 * the series and why as run_series gives them. SIGINT and SIGTERM cancel the job. A
 * daemon that ends is waited for.
 */
int submit_watch(struct submit *s, int64_t job, run_event_fn on_event, void *arg,
		 long long *ret_series_id, struct err *err);

#endif
