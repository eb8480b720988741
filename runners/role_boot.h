/*
 * The boot role: boots one image on one topology under QEMU in a sandbox, hands
 * the guest its plan, watches console, result port and QMP until QEMU is gone,
 * and reports. Runs as the build uid, opens nothing but what its job names and
 * writes console.log and qemu.log into jobdir. Job and result are described in
 * docs/ARCHITECTURE.md. Blocks until done; a guest that misbehaves is a result.
 */
#ifndef SLUICE_RUNNERS_ROLE_BOOT_H
#define SLUICE_RUNNERS_ROLE_BOOT_H

#include "lib/err.h"
#include "lib/json.h"

/* 0 with result filled; -1 with err when sluice itself could not do it. */
int role_boot(struct json_object *job, const char *jobdir, struct json_object *result,
	      struct err *err);

#endif
