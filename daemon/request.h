/*
 * What a job of the queue is asked to test: the operand and options of "sluice
 * test", as a struct, as the JSON in job.request, and as it comes over the control
 * socket.
 *
 *	{"source": "A..B", "input": "<commit>..<commit>", "repo": "/home/me/linux",
 *	 "tree": "debian-6.12", "base": "v6.12", "configs": ["mlock"],
 *	 "topologies": ["smp4"], "suites": ["mlock-migrate"], "mails": "folder",
 *	 "archive": "https://lore.kernel.org/linux-mm", "version": 2,
 *	 "trees": ["next"], "ladder": ["base-commit", "blobs", "good", "head"],
 *	 "wish": "v6.12"}
 *	{"source": "toy/beta on numa2", "tree": "mm", "test": "toy/beta", "good": "<commit>",
 *	 "bad": "<commit>", "configs": ["mlock"], "topologies": ["numa2"]}
 *
 * All but source may be absent: then the configuration of whoever runs it says, or
 * it is chosen. What follows mails is of what was found on a list: which public-inbox
 * has it, which of the versions in its thread it is, and how its base is found. Unlike
 * "base", a wish that cannot be granted is noted, and the ladder climbed.
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
	char **trees;  /* the base may be in these, too; NULL or not empty */
	char **ladder; /* rungs in order; NULL: base-commit, blobs, head */
	char *wish;    /* a revision that the author of the mails asks for */
	char **configs, **topologies, **suites; /* NULL or not empty */
	enum request_mails mails;
	char *archive;     /* NULL: fetch.archive */
	long long version; /* 0: the newest */
	/* Of a bisection: the commit of tree that broke this test is searched for, between
	 * two that are given in full; configs and topologies are one each. */
	char *test, *good, *bad;
};
void request_done(struct request *r);

/* A word of the base ladder: base-commit, blobs, good, head. */
bool request_is_rung(const char *word);

/* ERR_INPUT when o does not hold a request; it may come from a stranger. */
int request_from_json(struct json_object *o, struct request *ret, struct err *err);
/* The caller puts it. */
struct json_object *request_to_json(const struct request *r);

#endif
