/*
 * Which targets a run of make has really made, told by the time stamps of the
 * output folder: kbuild writes .x.o.cmd after x.o, so a target cut off half-way
 * has none that is new. From that: what is still uncompiled after a failure.
 */
#ifndef SLUICE_KERNELS_BUILD_MADE_H
#define SLUICE_KERNELS_BUILD_MADE_H

#include <json-c/json.h>
#include <stdbool.h>
#include <time.h>

#include "kernels/buildlog.h"
#include "lib/err.h"

struct build_made {
	const char *src, *out;
	struct timespec start; /* build_made_now before make */
	bool complete;         /* make succeeded: all it announced is made */
	bool killed;           /* make was stopped by force */
	bool configured;       /* .config is new and whole */
};

/* The clock that stamps files. */
struct timespec build_made_now(void);
/* {target:[warnings]} of the targets made; the caller puts it. */
struct json_object *build_made_targets(const struct build_made *m, struct buildlog *log);
/*
 * {object:true}: announced or failed but not made, and objects that changed
 * files go into and that were not made. *ret_all: the change may reach any.
 */
int build_made_pending(const struct build_made *m, struct buildlog *log,
		       char *const *changed, struct json_object **ret_pending,
		       bool *ret_all, struct err *err);
/*
 * After a kill: removes half-written targets that kbuild would take for good
 * (new file, old .cmd).
 */
void build_made_drop_partial(const struct build_made *m, struct buildlog *log);
/* Object gone: its file is not there, or the source that .cmd names is not. */
bool build_made_gone(const struct build_made *m, const char *object);

#endif
