/*
 * The seccomp filter of the sandbox: what neither a compiler, make, git nor
 * QEMU needs and what has been a way into kernels before is refused (EPERM),
 * or missing where programs have a fallback (ENOSYS); sockets are local or end
 * in the empty network namespace. Everything else stays allowed.
 */
#ifndef SLUICE_RUNNERS_SANDBOX_FILTER_H
#define SLUICE_RUNNERS_SANDBOX_FILTER_H

#include "lib/err.h"

/* A memfd at offset 0 with the BPF program, for bwrap --seccomp; -1 with err. */
int sandbox_filter(struct err *err);

#endif
