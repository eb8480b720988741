/*
 * What keeps a worker from writing after its job was taken from it: the handle
 * refuses every INSERT, UPDATE and DELETE, in a transaction or alone, unless the
 * job is still running with that epoch. The check is part of the same statement,
 * so nobody gets in between. What it refuses is ERR_STALE, and rolled back as a
 * whole.
 */
#ifndef SLUICE_DB_LEASE_H
#define SLUICE_DB_LEASE_H

#include "db/db.h"

/* Once for a handle, before its first write. */
int db_set_lease(struct db *db, int64_t job, int64_t epoch, struct err *err);

#endif
