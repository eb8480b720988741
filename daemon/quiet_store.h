/*
 * Where the boots of "sluice quiet" are kept: STATE/quiet/<key>/, a folder for all
 * that makes one measurement (kernel, initramfs, tests, machine). In it
 *
 *   key.json            what the key is made of
 *   boots/00007.json    a boot (quiet_record.h), in the order in which they began
 *   boots/00007.running one that is under way; after a crash: one that is lost
 *   failed/00007-numa2/ console.log and documents of one that was bad
 *
 * Each is written by rename. Whoever holds the state folder's lock may use it.
 */
#ifndef SLUICE_DAEMON_QUIET_STORE_H
#define SLUICE_DAEMON_QUIET_STORE_H

#include "lib/err.h"
#include "lib/json.h"
#include "runners/topology.h"

struct quiet_store;

/*
 * The folder for a key document, made when it is new. Boots that were under way
 * when their supervisor died become lost ones.
 */
int quiet_store_open(const char *state_dir, struct json_object *key,
		     struct quiet_store **ret_store, struct err *err);
void quiet_store_free(struct quiet_store *s);
const char *quiet_store_dir(const struct quiet_store *s);

/* A boot begins: its record, with the next number. */
int quiet_store_begin(struct quiet_store *s, const struct topology *topology,
		      struct json_object **ret_record, struct err *err);
/* It ended, however it did. */
int quiet_store_end(struct quiet_store *s, struct json_object *record, struct err *err);

/*
 * Calls fn for each boot that ended, by number. One whose file cannot be read is
 * told as lost: it is never left out.
 */
typedef void (*quiet_store_fn)(struct json_object *record, void *arg);
int quiet_store_each(struct quiet_store *s, quiet_store_fn fn, void *arg,
		     struct err *err);

/*
 * Makes the folder for what a bad boot left, and names it in the record ("kept").
 * The caller frees.
 */
int quiet_store_keep(struct quiet_store *s, struct json_object *record, char **ret_dir,
		     struct err *err);

#endif
