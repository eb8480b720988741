/*
 * Runs a command in bubblewrap: new namespaces of every kind, no network, no
 * capabilities, an empty environment, only the binds that are asked for, and a
 * seccomp filter over all of it. sandbox_new builds the argument vector and the
 * filter; running it is lib/job.c's work (sandbox_job_opts fills the opts).
 *
 * Started as uid 0 bubblewrap is no sandbox at all, so everything here refuses
 * uid 0: a caller that is root names the uid that the job drops to. Nothing
 * here blocks but sandbox_probe.
 */
#ifndef SLUICE_RUNNERS_SANDBOX_H
#define SLUICE_RUNNERS_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/err.h"
#include "lib/job.h"

struct sandbox_bind {
	const char *src;
	const char *dst;
	bool rw;
	bool optional; /* left out when src is not there */
	bool dev;      /* a device node, /dev/kvm */
};

struct sandbox_spec {
	const char *bwrap; /* NULL: "bwrap" by $PATH */
	uid_t uid;         /* who it runs as; never 0 */
	gid_t gid;
	const struct sandbox_bind
		*binds; /* /usr, /etc/alternatives ... are there already */
	size_t nbinds;
	uint64_t tmp_size;    /* of the tmpfs /tmp, bytes; 0: 64 MiB */
	const char *chdir;    /* inside; NULL: / */
	const char *hostname; /* NULL: "sluice" */
	const char *const *
		env; /* "NAME=value", NULL-terminated; PATH, HOME, LC_ALL are set before it */
	const int *fds; /* become 3, 4, ... of the command; stay the caller's */
	size_t nfds;
};

struct sandbox;

/* 0 when uid may run a sandbox: not root, and ours unless we are root. */
int sandbox_check(uid_t uid, struct err *err);

/*
 * Whether uid gets at path: search permission on every folder above it, by the
 * mode bits alone (supplementary groups are dropped). The error names the
 * folder that stands in the way.
 */
int sandbox_reachable(const char *path, uid_t uid, gid_t gid, struct err *err);

/*
 * Builds "bwrap ... argv[0] ...". argv and the spec are copied, descriptors are
 * not: they stay open until the job was started. The sandbox is the caller's.
 */
int sandbox_new(const struct sandbox_spec *spec, const char *const *argv,
		struct sandbox **ret_sandbox, struct err *err);
void sandbox_free(struct sandbox *s);

/*
 * Sets argv, envp, cwd, fds, nfds, uid and gid of opts; they point into s,
 * which must live until job_start returned.
 */
void sandbox_job_opts(const struct sandbox *s, struct job_opts *opts);
char *const *sandbox_argv(const struct sandbox *s);

/*
 * Starts "true" in a sandbox as uid and waits for it: tells early and in plain
 * words that bwrap is missing or that this system forbids user namespaces.
 */
int sandbox_probe(const char *bwrap, uid_t uid, gid_t gid, struct err *err);

#endif
