/*
 * What a posting is and what became of it, for lists and for its own page.
 */
#ifndef SLUICE_WEB_POSTING_TEXT_H
#define SLUICE_WEB_POSTING_TEXT_H

#include "web/html.h"
#include "web/postings.h"

/* Its state, and what its job or series came to: tags. */
void html_posting_tags(struct html *h, const struct posting_line *l);
/* What is missing, why it is ignored, ...: a line, or nothing. */
void html_posting_why(struct html *h, const struct posting_line *l);

#endif
