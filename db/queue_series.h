/* What a job that came to nothing leaves of its series. */
#ifndef SLUICE_DB_QUEUE_SERIES_H
#define SLUICE_DB_QUEUE_SERIES_H

#include <stdint.h>

#include "db/db.h"

/*
 * The series of jobs that failed for good or were set apart is SERIES_FAILED, with the
 * job's reason, where it has no verdicts and no later job is at it. Else it would be
 * unfinished for ever. job: only that one's; 0: those of all jobs. 0, or -1 on error.
 */
int queue_fail_series(struct db *db, int64_t job, struct err *err);

#endif
