/*
 * How a document of the API becomes a reply.
 */
#ifndef SLUICE_WEB_API_H
#define SLUICE_WEB_API_H

#include "lib/json.h"
#include "web/request.h"

/* Takes o over; r is what the page returns: o is printed when it is 1. */
int api_print(struct json_object *o, int r, struct reply *re);

#endif
