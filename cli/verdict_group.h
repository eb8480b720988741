/*
 * Verdicts as people read them: the passes left out, those that differ only in
 * config and topology put together, the worst first. Pure.
 */
#ifndef SLUICE_CLI_VERDICT_GROUP_H
#define SLUICE_CLI_VERDICT_GROUP_H

#include "cli/report.h"

/* Borrows from the report. */
struct verdict_group {
	const struct verdict *first;
	const struct verdict **all;
	size_t n;
	struct json_object *evidence; /* of the first that has some, or NULL */
	int64_t boot_id;              /* likewise, or DB_NO_INT */
};

struct verdict_groups {
	struct verdict_group *v;
	size_t n;
};

void verdict_groups_init(struct verdict_groups *g, const struct report *r);
void verdict_groups_done(struct verdict_groups *g);
/* Appends " on smp4, numa2", with the configs where there are several. */
void verdict_group_places(const struct report *r, const struct verdict_group *g,
			  struct str *out);
/* Appends "passes on up": where what the group charges is good; or nothing. */
void verdict_group_passes(const struct report *r, const struct verdict_group *g,
			  struct str *out);

/* The exit code's reasons, as words for the end. */
struct verdict_sum {
	bool broken; /* apply, build, boot or test: introduced, transient or flaky */
	bool broken_at_tip; /* and not repaired */
	bool failing;       /* before the first patch */
	bool lost;
	bool unsure; /* something failed; not known whether a patch is to blame */
	bool passed; /* any test, boot or build */
};
struct verdict_sum verdict_sum(const struct report *r);

#endif
