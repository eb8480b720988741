/*
 * The job document of the boot role, checked and completed: programs found,
 * topology parsed, accelerator picked, arguments built. Blocks on QEMU
 * --version.
 */
#ifndef SLUICE_RUNNERS_BOOT_JOB_H
#define SLUICE_RUNNERS_BOOT_JOB_H

#include <stdint.h>

#include "lib/err.h"
#include "lib/json.h"
#include "runners/qemu_argv.h"
#include "runners/sandbox.h"
#include "runners/topology.h"

struct boot_job {
	char *image;
	char *initramfs;
	char *qemu; /* full path */
	char *bwrap;
	char *nonce;
	char *cmdline;
	char *qemu_version;
	struct topology *topology;
	enum accel accel;
	uint64_t boot_deadline_ms;
	uint64_t deadline_ms;
	uint64_t slowdown;    /* 1 to 100: how much longer graces are */
	uint64_t console_max; /* bytes that are kept */
	uint64_t events_max;
	char **argv; /* QEMU's */
};

/* Reads the job; the result is freed with boot_job_free. */
int boot_job_read(struct json_object *o, struct boot_job **ret_job, struct err *err);
void boot_job_free(struct boot_job *j);

/* QEMU in its sandbox; fds are the console's, the result port's and QMP's. */
int boot_job_sandbox(const struct boot_job *j, const int fds[3],
		     struct sandbox **ret_sandbox, struct err *err);

#endif
