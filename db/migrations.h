/*
 * What makes an empty file, or one of an older sluice, into today's schema:
 * migration i brings user_version from i to i+1. They are never changed once
 * released; schema.sql always shows their sum.
 */
#ifndef SLUICE_DB_MIGRATIONS_H
#define SLUICE_DB_MIGRATIONS_H

#include <stddef.h>

extern const char *const db_migrations[];
extern const size_t db_migrations_n;

#endif
