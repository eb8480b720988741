/*
 * Where suites are found: those that are shipped, and beside them the user's
 * own. Nothing overrides anything: a name that is there twice is a complaint.
 * Blocks on the files.
 */
#ifndef SLUICE_DAEMON_SUITES_H
#define SLUICE_DAEMON_SUITES_H

#include <stddef.h>

#include "daemon/config.h"
#include "lib/err.h"
#include "runners/suite.h"

/*
 * The folders, NULL-terminated, strv_free: the data folder's runners/suites,
 * then sluice.suites_dir of the configuration or, without one,
 * /etc/sluice/suites and ~/.config/sluice/suites where they are.
 */
char **suites_dirs(const struct config *config);

/* ERR_MISSING lists all names there are; ERR_INPUT what is wrong with the file. */
int suites_load(const struct config *config, const char *name, struct suite **ret_suite,
		struct err *err);

/*
 * That no two suites mean different files by the same program name, and that no
 * program has the name of a suite of selftests: that is a folder in the guest.
 */
int suites_check_programs(struct suite *const *v, size_t n, struct err *err);

#endif
