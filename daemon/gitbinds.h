/*
 * The binds that a sandboxed role needs to read a repository: the repository
 * itself and, read-only, every object folder that it borrows from, however
 * deep, each at its own path.
 */
#ifndef SLUICE_DAEMON_GITBINDS_H
#define SLUICE_DAEMON_GITBINDS_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/state.h"
#include "lib/err.h"
#include "runners/sandbox.h"

struct gitbinds {
	struct sandbox_bind *v;
	size_t n;
};

/*
 * repo: bare, or a work tree's folder (its .git is bound). A folder that is
 * there already is not bound twice. ERR_INPUT when the build user cannot reach
 * one, with the folder that stands in the way.
 */
int gitbinds_add(struct gitbinds *b, const struct state *st, const char *repo, bool rw,
		 struct err *err);
void gitbinds_done(struct gitbinds *b);

#endif
