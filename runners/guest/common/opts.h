/*
 * What a case was told on its command line beside its name: "rounds=20",
 * "seed=7". Numbers only; a suite's file says which.
 */
#ifndef SLUICE_GUEST_OPTS_H
#define SLUICE_GUEST_OPTS_H

/*
 * Takes argv[from..]: NULL, or the first word that is no NAME=NUMBER. The
 * strings are borrowed.
 */
const char *opts_parse(int argc, char **argv, int from);
/* The number given for name, or def. */
long long opts_number(const char *name, long long def);
/* A name that was given and that nobody asked for, or NULL. */
const char *opts_unused(void);

#endif
