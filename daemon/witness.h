/*
 * Which tests of a config, on whatever topology and in whatever tier, speak for a patch by
 * their own runs (belief_share.h), and what the others take from them.
 */
#ifndef SLUICE_DAEMON_WITNESS_H
#define SLUICE_DAEMON_WITNESS_H

#include "daemon/belief_share.h"
#include "daemon/cells.h"

struct witnesses {
	struct witness {
		struct subject s;
		bool many; /* others of its boots have the same runs and failures */
		struct belief *own;
	} * v;
	size_t n;
};

/* The caller calls done. Points into the plan. Without [verdict] repeats = sure: none. */
int witnesses_of(struct series_run *r, size_t config, struct witnesses *ret,
		 struct err *err);
void witnesses_done(struct witnesses *w);
/* The chance of each patch to break the subject: [ntested], or NULL where no other one
 * speaks. The caller frees. */
double *witnesses_tell(const struct series_run *r, const struct witnesses *w,
		       const struct subject *s);

#endif
