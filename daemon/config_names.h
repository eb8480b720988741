/*
 * What only the files beside config.ini can tell: whether the configs, topologies and
 * suites that it names are there, for all and for each source. A daemon whose
 * configuration names what is not there would fail each series for it.
 */
#ifndef SLUICE_DAEMON_CONFIG_NAMES_H
#define SLUICE_DAEMON_CONFIG_NAMES_H

#include "daemon/config.h"
#include "lib/str.h"

/* -1 with ERR_INPUT, and a line for each mistake in complaints. Blocks on small files. */
int config_check_names(const struct config *c, struct str *complaints, struct err *err);

#endif
