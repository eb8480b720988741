/*
 * The versions of a series: on the page of a posting and of a series.
 */
#ifndef SLUICE_WEB_VERSIONS_H
#define SLUICE_WEB_VERSIONS_H

#include "web/html.h"
#include "web/postings.h"

/* Links to all of them, with what became of each; nothing when there is only one.
 * self: the posting's id that the page is about. */
void html_versions(struct html *h, const struct posting_line *list, size_t n,
		   int64_t self);

#endif
