/*
 * For tests that run something in the sandbox.
 */
#ifndef SLUICE_TESTS_UNIT_NEED_SANDBOX_H
#define SLUICE_TESTS_UNIT_NEED_SANDBOX_H

#include "runners/sandbox.h"
#include "tests/unit/cm.h"
#include "tests/unit/unpriv.h"

static inline int bwrap_alone(void *arg)
{
	(void)arg;
	return system("bwrap --unshare-all --unshare-user --ro-bind / / --proc /proc "
		      "--dev /dev true >/dev/null 2>&1");
}

/*
 * Skips the test on a machine that forbids user namespaces; sluice says so there.
 * Where bwrap by itself works, a probe that does not is a failure.
 */
static inline void need_sandbox(void)
{
	uid_t uid = geteuid() ? geteuid() : UNPRIV_ID;
	gid_t gid = geteuid() ? getegid() : UNPRIV_ID;
	struct err err = { .msg = "" };

	if (sandbox_probe(NULL, uid, gid, &err) == 0)
		return;
	if (unpriv_run(bwrap_alone, NULL) == 0)
		fail_msg("bwrap works, the probe does not: %s", err.msg);
	print_message("# %s\n", err.msg);
	skip();
}

#endif
