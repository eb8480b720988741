/*
 * The daemon's documents of the API (docs/json.md): queue, sources, postings. Strings
 * are cleaned as on pages. The caller owns what is returned.
 */
#ifndef SLUICE_WEB_DOCUMENT_QUEUE_H
#define SLUICE_WEB_DOCUMENT_QUEUE_H

#include "web/changes.h"
#include "web/jobs.h"
#include "web/postings.h"
#include "web/sources.h"

struct json_object *document_queue(const struct jobs_view *v);
struct json_object *document_sources(const struct sources_view *v);
struct json_object *document_postings(const struct postings_view *v, int64_t page);
struct json_object *document_posting(const struct posting_full *v);
struct json_object *document_changes(const struct changes_view *v);

#endif
