/*
 * What the server serves from: the connection (opened when first needed,
 * again after trouble or when the file was replaced), the store, the style
 * sheet.
 */
#ifndef SLUICE_WEB_SITE_H
#define SLUICE_WEB_SITE_H

#include <sys/types.h>

#include "db/artifact.h"
#include "lib/str.h"
#include "web/rerun.h"
#include "web/server.h"

struct site {
	const struct web_opts *opts;
	struct db *db;
	struct artifact_store *store;
	dev_t dev; /* of the open file */
	ino_t ino;
	char *css;
	size_t css_len;
	bool loopback;           /* only names of this machine are answered */
	char token[RERUN_TOKEN]; /* "": nothing is run again from here */
};

/* Reads the style sheet; the database may be missing still. */
int site_init(struct site *s, const struct web_opts *opts, struct err *err);
void site_done(struct site *s);
/* s->db and s->store are good after 0. */
int site_db(struct site *s, struct err *err);
/* After an error: the next request opens anew. */
void site_close_db(struct site *s);

#endif
