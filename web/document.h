/*
 * The JSON document "sluice/1" (docs/json.md): what "sluice test --json",
 * "sluice show --json" and the API give. Strings are cleaned as on pages, so
 * the document is valid UTF-8 whatever a mail or a guest sent.
 */
#ifndef SLUICE_WEB_DOCUMENT_H
#define SLUICE_WEB_DOCUMENT_H

#include "db/db.h"
#include "lib/json.h"
#include "web/view.h"

/* Each: 1 with the caller's document, 0 no such row, -1 error. */
int document_series(struct db *db, int64_t id, struct json_object **ret, struct err *err);
int document_run(struct db *db, int64_t run, struct json_object **ret, struct err *err);
/* Page from 1; its number of series. */
#define DOCUMENT_PAGE 50
int document_series_list(struct db *db, int64_t page, struct json_object **ret,
			 struct err *err);

/* From what is loaded already. */
struct json_object *document_of_view(const struct series_view *v);

#endif
