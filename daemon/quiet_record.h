/*
 * One boot of "sluice quiet" as the JSON document that is kept of it. Pure.
 *
 *   { "schema": "sluice-quiet/2", "boot": 7, "topology": "numa2",
 *     "machine": "...", "started": 1795000000, "finished": 1795000040,
 *     "state": "done", "status": "ok", "phase": "end", "reason": "...",
 *     "kernel": "6.12.117", "seconds": 39.1, "boot_seconds": 1.9,
 *     "splats": [ titles of those outside any test ],
 *     "tests": [ { "test": "mlock-migrate/compaction", "round": 1,
 *                  "result": "fail", "reason": "...", "seconds": 1.25,
 *                  "seed": "42", "lines": [ "not ok 2 ..." ] } ],
 *     "kept": "failed/00007-numa2" }
 *
 * "state" is "lost" for one that was lost to our own trouble or ended by us, with
 * the "reason"; it counts for nothing and is told. status, phase and result are
 * the words of docs/json.md. machine is a sha256 of the topology's text and of what
 * becomes of it: QEMU's arguments and the kernel command line. seed and lines are there where a test named them;
 * kept names the folder with console and documents, where there is one.
 */
#ifndef SLUICE_DAEMON_QUIET_RECORD_H
#define SLUICE_DAEMON_QUIET_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/json.h"
#include "runners/known_issues.h"
#include "runners/topology.h"

#define QUIET_SCHEMA "sluice-quiet/2"

/* What is known when a boot begins; a new object. */
struct json_object *quiet_record_new(int64_t boot, const struct topology *topology);
/* It is lost, and why. */
void quiet_record_lose(struct json_object *record, const char *why);
/* It is done: takes what counts out of the boot role's result; kernel may be NULL. */
void quiet_record_fill(struct json_object *record, struct json_object *result,
		       const char *kernel);

bool quiet_record_lost(struct json_object *record);
/* A boot on the topology as it is now. */
bool quiet_record_is_on(struct json_object *record, const struct topology *topology);

/* One thing in a boot that is not as on a good kernel. All borrowed. */
struct quiet_failure {
	const char *test; /* NULL: the boot itself */
	long long round;  /* from 1; 0 for the boot */
	const char *word; /* "fail", "panic" */
	const char *reason;
	const char *seed;          /* or NULL */
	struct json_object *lines; /* array of text, or NULL */
	const struct known_issue *known;
};
typedef void (*quiet_failure_fn)(const struct quiet_failure *f, void *arg);

/*
 * Calls fn (may be NULL) for each; returns how many no known issue explains. A
 * boot that died in a test is that test's failure and not the boot's own.
 */
unsigned int quiet_record_failures(struct json_object *record,
				   const struct known_issues *known, quiet_failure_fn fn,
				   void *arg);

#endif
