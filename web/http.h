/*
 * From libmicrohttpd's callback to a page and back: methods, limits, headers,
 * ETags, error pages, and the one form that is taken.
 */
#ifndef SLUICE_WEB_HTTP_H
#define SLUICE_WEB_HTTP_H

#include <microhttpd.h>

#include "web/site.h"

/* An MHD_AccessHandlerCallback; cls is a struct site. */
enum MHD_Result http_handle(void *cls, struct MHD_Connection *c, const char *url,
			    const char *method, const char *version, const char *upload,
			    size_t *upload_size, void **state);
/* Frees what http_handle kept between its calls for a request. */
void http_end(void *state);

#endif
