/*
 * What images and marks say before anything is weighed: which runs are one evidence, and
 * which hypotheses cannot be. Part of daemon/bisect.c.
 */
#ifndef SLUICE_DAEMON_BISECT_IMAGES_H
#define SLUICE_DAEMON_BISECT_IMAGES_H

#include <stdint.h>

#include "daemon/bisect_posterior.h"

/* Fills b->first, adds the runs of each image up at the first commit that has it, and
 * gives its mark to all that have it. Adds to a set of commits (bisect_graph.h) those
 * that would make one commit of an image bad and another one good. */
void bisect_take_images(struct bisect *b, uint64_t *excluded);
/* After that: adds what contradicts a mark. */
void bisect_take_marks(struct bisect *b, uint64_t *excluded);

#endif
