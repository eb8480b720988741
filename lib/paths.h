/*
 * Where sluice finds what it is shipped with. The defaults are compiled in: the
 * source folder for a build in a clone, PREFIX for an installed one.
 */
#ifndef SLUICE_LIB_PATHS_H
#define SLUICE_LIB_PATHS_H

/* Holds config.ini, kernels/configs, runners/..., web/static. $SLUICE_DATADIR wins. */
const char *paths_data(void);
/* Holds the static programs that run in the guest. $SLUICE_GUESTDIR wins. */
const char *paths_guest(void);
/* Our own binary, for children in a role; the caller frees. NULL without /proc. */
char *paths_self(void);

#endif
