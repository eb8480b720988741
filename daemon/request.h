/*
 * What a job of the queue is asked to test: the operand and options of "sluice
 * test", as a struct, as the JSON in job.request, and as it comes over the control
 * socket.
 *
 *	{"source": "A..B", "input": "<commit>..<commit>", "repo": "/home/me/linux",
 *	 "tree": "debian-6.12", "base": "v6.12", "configs": ["mlock"],
 *	 "topologies": ["smp4"], "suites": ["mlock-migrate"], "mails": "folder",
 *	 "archive": "https://lore.kernel.org/linux-mm", "version": 2}
 *
 * All but source may be absent: then the configuration of whoever runs it says, or
 * it is chosen. archive and version are of what was found on a list: which
 * public-inbox has it, and which of the versions in its thread it is.
 */
#ifndef SLUICE_DAEMON_REQUEST_H
#define SLUICE_DAEMON_REQUEST_H

#include <stdbool.h>

#include "lib/err.h"
#include "lib/json.h"

enum request_mails {
	REQUEST_NO_MAILS,     /* source is a message-id, or input a range */
	REQUEST_MAILS_FILE,   /* job.mbox is the file */
	REQUEST_MAILS_FOLDER, /* job.mbox is the folder as daemon/mails.h packs it */
};

struct request {
	char *source; /* as people gave it */
	char *input;  /* a range of commit ids, for a range */
	char *repo, *tree, *base;
	char **configs, **topologies, **suites; /* NULL or not empty */
	enum request_mails mails;
	char *archive;     /* NULL: fetch.archive */
	long long version; /* 0: the newest */
};
void request_done(struct request *r);

/* ERR_INPUT when o does not hold a request; it may come from a stranger. */
int request_from_json(struct json_object *o, struct request *ret, struct err *err);
/* The caller puts it. */
struct json_object *request_to_json(const struct request *r);

#endif
