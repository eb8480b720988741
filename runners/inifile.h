/*
 * What topologies and suites share: one .ini file for each, found by name in a
 * folder. Blocks on the files.
 */
#ifndef SLUICE_RUNNERS_INIFILE_H
#define SLUICE_RUNNERS_INIFILE_H

#include <stdbool.h>

#include "lib/conf.h"
#include "lib/err.h"

/* Letters, digits, "-", "_", not first "-": fit for a file name and a test id. */
bool inifile_name_ok(const char *name);

/*
 * Reads DIR/NAME.ini. When there is none, the error lists those there are;
 * kind is what they are called ("topology"). The caller frees both.
 */
int inifile_read(const char *dir, const char *kind, const char *name, char **ret_path,
		 char **ret_text, struct err *err);

/* 0 without complaints, else -1 and all of them in err, joined by "; ". */
int inifile_complaints(const struct conf *c, struct err *err);

/* Names of the .ini files in dir, sorted, NULL-terminated; strv_free. */
int inifile_list(const char *dir, char ***ret_names, struct err *err);

#endif
