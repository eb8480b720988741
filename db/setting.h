/* What the daemon must remember over a restart: names with a text. */
#ifndef SLUICE_DB_SETTING_H
#define SLUICE_DB_SETTING_H

#include "db/db.h"

/* NULL value removes it. */
int setting_put(struct db *db, const char *name, const char *value, struct err *err);
/* *ret_value NULL: not set; the caller frees. */
int setting_get(struct db *db, const char *name, char **ret_value, struct err *err);

#endif
