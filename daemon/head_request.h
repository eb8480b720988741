/*
 * What a job for the head of a tree is asked to test: all that the sources want tested
 * which may take their base from that tree, so that one test tells whether it is good
 * for any of them; where there is none, what [sluice] says. Pure.
 */
#ifndef SLUICE_DAEMON_HEAD_REQUEST_H
#define SLUICE_DAEMON_HEAD_REQUEST_H

#include "daemon/config.h"
#include "daemon/request.h"

/* The caller does request_done. */
void head_request(const struct config *c, const char *tree, struct request *ret);

#endif
