/*
 * What comes by mailing lists, into the queue: the service's sources
 * (daemon/source_poll.h) give their mails to the postings (daemon/postings.h), and
 * those say which jobs are to be queued and which are of no use any more. Mails,
 * postings, jobs and cursors are written in the same transaction; nothing in it
 * waits for a disk but its commit. Who is told of it is told after that.
 */
#ifndef SLUICE_DAEMON_SERVICE_INTAKE_H
#define SLUICE_DAEMON_SERVICE_INTAKE_H

#include "daemon/service.h"

/* Polls nothing yet; what the last daemon left half done is put right. */
int service_intake_new(struct service *s, struct err *err);
void service_intake_free(struct service *s);
void service_intake_start(struct service *s);
/* Takes s->config; the one before it may be freed then. */
void service_intake_configure(struct service *s);
/* Polls end; when the last did, service_maybe_end. */
void service_intake_stop(struct service *s);
bool service_intake_quiet(const struct service *s);

/* A job for a posting ended, in whatever way. */
void service_intake_job_over(struct service *s);
/* Before a job begins: the mails of its posting become its own, where we have them. */
int service_intake_prepare(struct service *s, int64_t job, struct err *err);

#endif
