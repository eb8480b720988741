/*
 * What a command opens before it works: configuration, state folder, database,
 * artifacts, and the lock for writers. Each call tells what went wrong itself
 * and returns the exit code, 0 when all is well. context_done takes a zeroed or
 * half-opened one.
 */
#ifndef SLUICE_CLI_CONTEXT_H
#define SLUICE_CLI_CONTEXT_H

#include "cli/cmd.h"
#include "daemon/config.h"
#include "db/artifact.h"
#include "db/db.h"

struct context {
	struct config *config;
	char *dir; /* the state folder, absolute */
	struct db *db;
	struct artifact_store *artifacts;
	int lock;       /* valid when locked */
	int trees_lock; /* likewise */
	bool locked, trees_locked;
	struct err why; /* what was told last when a call below failed */
};

#define CONTEXT_INIT           \
	{                      \
		.config = NULL \
	}
#define AUTO_CONTEXT AUTO(context_done)

/* Configuration and the folder's name. */
int context_config(struct context *cx, const struct cmd_common *common);
/* After context_config: database and artifacts, beside a writer. Where there are none
 * yet they are empty, and nothing is made. */
int context_open_read(struct context *cx);
/* Likewise for the one writer, see context_write. */
int context_open_write(struct context *cx, const char *command);
/* Likewise to write beside a writer who lets us: where the database is of this sluice's
 * version, and what is written is nobody else's. */
int context_open_beside(struct context *cx);
/* For readers: both of these. */
int context_read(struct context *cx, const struct cmd_common *common);
/* For the one writer: made when missing, locked. command is shown to others. */
int context_write(struct context *cx, const struct cmd_common *common,
		  const char *command);
/* For who writes trees and nothing else: beside the one writer (a daemon runs on, or
 * starts), one at a time. */
int context_write_trees(struct context *cx, const struct cmd_common *common,
			const char *command);
void context_done(struct context *cx);

#endif
