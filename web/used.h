/*
 * "Used by": the patches that a build or a boot stands for, on its page.
 */
#ifndef SLUICE_WEB_USED_H
#define SLUICE_WEB_USED_H

#include "db/used_by.h"
#include "web/html.h"

void html_used_by(struct html *h, const struct used_by *u, size_t n);

#endif
