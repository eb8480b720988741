/*
 * The live view of a run: one line for each thing that is done, and on a
 * terminal a status line in place below them: elapsed, what runs and how long
 * it may take, what is left. In a pipe the status comes as a line each minute.
 */
#ifndef SLUICE_CLI_PROGRESS_H
#define SLUICE_CLI_PROGRESS_H

#include "cli/term.h"
#include "daemon/run.h"

struct progress;

/* t is borrowed. */
struct progress *progress_new(struct term *t);
/* Takes the status line away. */
void progress_free(struct progress *p);
/* A run_event_fn; arg is the progress. */
void progress_event(const struct run_event *ev, void *arg);

/* "9.1 s", "3:50", "1:02:03"; the caller frees. */
char *progress_time(double seconds);

#endif
