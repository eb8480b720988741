/*
 * Processes that a child left behind. A subreaper (or pid 1) becomes their
 * parent and must reap them, and must know them gone before it trusts the files
 * they could still write.
 */
#ifndef SLUICE_KERNELS_STRAYS_H
#define SLUICE_KERNELS_STRAYS_H

#include <sys/types.h>

#include "lib/err.h"

/* From now on orphans below us become our children. */
int strays_adopt(struct err *err);
/* Reaps the dead among our children, but never keep (0: none is spared). */
void strays_reap(pid_t keep);
/*
 * Kills and reaps all our children until none is left, at most 10 s. Call it
 * only when no child of ours is wanted any more. -1 if one does not go.
 */
int strays_kill(struct err *err);

#endif
