/*
 * The git program as a child: an environment in which no configuration, hook
 * or prompt of this machine has a say.
 */
#ifndef SLUICE_KERNELS_GITCMD_H
#define SLUICE_KERNELS_GITCMD_H

#include "lib/cleanup.h"
#include "lib/str.h"

/*
 * PATH and TMPDIR of ours, everything else fixed; home is where HOME points
 * to. Freed with strv_free.
 */
char **gitcmd_env(const char *home);

static inline void cleanup_strv(char ***v)
{
	strv_free(*v);
}
#define AUTO_STRV AUTO(cleanup_strv)

#endif
