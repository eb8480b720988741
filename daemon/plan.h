/*
 * What is run on every step: the configs, topologies and suites that were asked
 * for, the initramfs that holds the tests, and what this machine brings
 * (toolchain, QEMU, accelerator). Loaded once for a run, constant afterwards.
 */
#ifndef SLUICE_DAEMON_PLAN_H
#define SLUICE_DAEMON_PLAN_H

#include <stddef.h>

#include "daemon/config.h"
#include "daemon/state.h"
#include "kernels/kconfig.h"
#include "lib/err.h"
#include "lib/json.h"
#include "lib/sha256.h"
#include "runners/initramfs.h"
#include "runners/known_issues.h"
#include "runners/qemu_argv.h"
#include "runners/suite.h"
#include "runners/topology.h"

struct plan {
	struct kconfig **configs;
	size_t nconfigs;
	struct topology **topologies;
	size_t ntopologies;
	struct suite **suites;
	size_t nsuites;
	struct json_object **tests; /* plan_tests has them */
	struct known_issues *known_issues;
	char **expired; /* of these, a line each: told, and looked at no more */
	char toolchain[SHA256_HEX]; /* what a build's key holds */
	char *toolchain_text;       /* one line for people */
	char libraries[SHA256_HEX]; /* of selftests of the tree; "" without any */
	enum accel accel;
	char *accel_note; /* why not KVM although /dev/kvm is there, or NULL */
	char *qemu_version;
	char *cpu_model; /* of this machine where guests see it (KVM), else "" */
};

/* ERR_INPUT for a name that is none; ERR_MISSING for a program. The caller frees. */
int plan_load(const struct config *config, const struct state *st, char *const *configs,
	      char *const *topologies, char *const *suites, struct plan **ret_plan,
	      struct err *err);
void plan_free(struct plan *p);
/* Whether plan_load would know these names: ERR_INPUT or ERR_MISSING when not. A list that
 * is NULL is not looked at. Blocks on small files. */
int plan_check(const struct config *config, char *const *configs, char *const *topologies,
	       char *const *suites, struct err *err);

/* A plan of what is named, without what this machine brings: enough for plan_tests. All
 * lists are needed. Errors as above; the caller frees. Blocks on small files. */
int plan_load_names(const struct config *config, char *const *configs,
		    char *const *topologies, char *const *suites, struct plan **ret_plan,
		    struct err *err);

/*
 * Writes the initramfs with the guest's init and the programs of all suites, or of
 * the quick ones alone: what those boot does not hang on the others. more: what else
 * goes in, under other names (selftests of a tree); may be NULL.
 */
int plan_write_initramfs(const struct plan *p, const struct state *st, bool deep,
			 const struct initramfs_entry *more, size_t nmore,
			 const char *path, struct err *err);

/* What is tested of a config on a topology, in one tier: these boots are apart. */
struct plan_cell {
	size_t config, topology; /* indexes into the plan's */
	bool deep;
};
/*
 * The tests of a boot: [{"test","argv","deadline_ms"}], the plan's own array. NULL
 * when there are none: all suites are deep on a deep config.
 */
struct json_object *plan_tests(const struct plan *p, const struct plan_cell *cell);
/* Whether the suite's tests are among them. */
bool plan_has_suite(const struct plan *p, size_t suite, const struct plan_cell *cell);
/* The test of that id and its suite, if its program is the tree's; else NULL. */
const struct suite_test *plan_selftest(const struct plan *p, const char *test,
				       size_t *ret_suite);
/*
 * Words for the kernel command line beside the topology's: the config's, its slowdown
 * for the guest (runners/guest/common/slowdown.h), then extra; the caller frees.
 */
char *plan_cmdline(const struct plan *p, size_t config, const char *extra);

#endif
