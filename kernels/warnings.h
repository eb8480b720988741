/*
 * The warnings of a tree, kept per object and carried from build to build in
 * one output folder: an incremental make prints only what it recompiled. Pure
 * functions over one JSON document, which the supervisor stores for each build
 * and hands to the next one in the same folder, whether the build succeeded,
 * failed or was cut off:
 *
 *   {"schema":1, "step":4,
 *    "objects":{"mm/mlock.o":[{"file","line","flag","text","context"}]},
 *    "pending":{"mm/rmap.o":3}, "pending_all":null,
 *    "late":{"mm/swap.o":3}, "reconfigure":false}
 *
 * A failed build leaves objects uncompiled. Such an object keeps its old
 * warnings and stands in "pending" with the step whose change it has not seen
 * yet ("pending_all": so many that any object may be one, as after a change of
 * flags). When it compiles in a later step it stands in "late" with that
 * step: what is new in it came with any of since..step, so it is not charged
 * to this step alone.
 */
#ifndef SLUICE_KERNELS_WARNINGS_H
#define SLUICE_KERNELS_WARNINGS_H

#include <json-c/json.h>
#include <stdbool.h>

struct warnings_build {
	int step;
	bool complete;                /* make succeeded: nothing is uncompiled */
	struct json_object *compiled; /* {object:[warnings]}: made anew by this build */
	struct json_object
		*pending; /* {object:true}: touched by the change, not made; NULL: none */
	bool pending_all; /* the change may touch any object */
	bool reconfigure; /* the next build must configure anew */
	/* Whether an object is no longer in the tree; may be NULL. */
	bool (*gone)(const char *object, void *arg);
	void *arg;
};

/* The document after the build. prev NULL: nothing was ever built. The caller puts it. */
struct json_object *warnings_carry(struct json_object *prev,
				   const struct warnings_build *b);
/*
 * What cur has and prev has not, as multisets over (file, flag, text without
 * numbers): [{"file","line","flag","text","object","since","step"}]. since <
 * step: first visible now, caused by one of since..step. prev NULL: nothing is
 * new. A text that several objects show (a header's) counts once. The caller
 * puts it.
 */
struct json_object *warnings_new(struct json_object *prev, struct json_object *cur);
/* All warnings of a document, each once, for a step 0 that has no parent. */
struct json_object *warnings_all(struct json_object *doc);
/* The text without what shifts: numbers of their own, offsets; the caller frees. */
char *warnings_normal_text(const char *text);

#endif
