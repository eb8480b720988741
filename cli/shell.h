/*
 * Words of a POSIX shell script, quoted where they need it.
 */
#ifndef SLUICE_CLI_SHELL_H
#define SLUICE_CLI_SHELL_H

#include "lib/str.h"

/* As one word, in single quotes unless every character is harmless. */
void shell_word(struct str *out, const char *text);
/* The words with a blank between, lines broken with a backslash near 78 columns. */
void shell_argv(struct str *out, char *const *argv);

#endif
