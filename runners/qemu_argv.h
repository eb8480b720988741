/*
 * QEMU's argument vector for one guest, the kernel's command line, and what the
 * machine at hand offers: accelerator and QEMU version. All of it is part of a
 * boot's key. accel_pick does a few ioctls, qemu_version runs QEMU and blocks.
 */
#ifndef SLUICE_RUNNERS_QEMU_ARGV_H
#define SLUICE_RUNNERS_QEMU_ARGV_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/err.h"
#include "runners/topology.h"

/*
 * Bytes of command line that a kernel takes; the rest is cut without a word. x86's
 * COMMAND_LINE_SIZE, less the NUL (arch/x86/include/asm/setup.h).
 */
#define QEMU_CMDLINE_MAX 2047

enum accel { ACCEL_TCG, ACCEL_KVM };
const char *accel_str(enum accel a); /* "tcg", "kvm" */

struct qemu_opts {
	const char *qemu; /* NULL: qemu-system-x86_64 */
	const char *image;
	const char *initramfs;
	const struct topology *topology;
	enum accel accel;
	const char *cmdline; /* whole, from qemu_cmdline */
	/*
	 * By hand (sluice repro): console on stdio, no result port, no QMP.
	 * Else descriptors 3, 4, 5 are the console's, the result port's and
	 * QMP's sockets.
	 */
	bool manual;
};

/* NULL-terminated; strv_free. */
char **qemu_argv(const struct qemu_opts *o);

/* The kernel's command line: ours, the topology's, then extra (NULL: none). */
char *qemu_cmdline(const struct topology *t, const char *extra);

/*
 * want is "auto", "kvm" or "tcg". KVM is usable when uid may open /dev/kvm and
 * it creates a machine; "kvm" without that is an error that says why.
 */
int accel_pick(const char *want, uid_t uid, gid_t gid, enum accel *ret_accel,
	       struct err *err);

/* "7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)" as QEMU says it; the caller frees. */
int qemu_version(const char *qemu, char **ret_version, struct err *err);

#endif
