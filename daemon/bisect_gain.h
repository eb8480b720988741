/*
 * What one more run of a commit would tell, for daemon/bisect_next.h. Pure.
 */
#ifndef SLUICE_DAEMON_BISECT_GAIN_H
#define SLUICE_DAEMON_BISECT_GAIN_H

#include "daemon/bisect.h"

/* Nats: the mutual information of the next outcome and the hypothesis. gain has one for
 * each commit, 0 where nothing is to be run; of commits with one image the first has it.
 * 10,000 commits take some 20 ms. */
void bisect_gains(const struct bisect *b, double *gain);
/* Nats that are to be told before it is known what to call. */
double bisect_entropy(const struct bisect *b);
/* Of a coin, nats. */
double bisect_entropy2(double p);

#endif
