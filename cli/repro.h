/*
 * A POSIX shell script that repeats one run by hand with git, make and QEMU
 * alone: the step's source out of the series' repository, the kernel built as
 * sluice builds it, the guest started without our sockets. Its init takes the
 * plan from the kernel command line and reports on the console.
 */
#ifndef SLUICE_CLI_REPRO_H
#define SLUICE_CLI_REPRO_H

#include "daemon/config.h"
#include "db/artifact.h"
#include "db/boot.h"

struct repro_from {
	struct db *db;
	struct artifact_store *artifacts;
	const struct config *config;
	const char *state_dir;
};

/* The caller frees. */
int repro_script(const struct repro_from *from, const struct boot *boot, char **ret_text,
		 struct err *err);

#endif
