/*
 * What the files of the walk share; for everybody else series_run.h has its four
 * functions. All of it belongs to the one run.
 */
#ifndef SLUICE_DAEMON_WALK_H
#define SLUICE_DAEMON_WALK_H

#include "daemon/series_run.h"

#define WARNINGS_MAX (64UL << 20) /* of one document */

/* Ends the run: our own trouble, r->err says which. */
void walk_failed(struct series_run *r);

/* walk_known.c. The base key has no trees: what may share a folder. */
void walk_base_key(struct series_run *r, size_t c, char ret[SHA256_HEX]);
void walk_key(struct series_run *r, size_t c, const char *chain, char ret[SHA256_HEX]);
/* What all processes of a build may take together, bytes. */
uint64_t walk_memory(const struct series_run *r);
/* The limits that a build hangs on, as its row keeps them; the caller frees. */
char *walk_limits(const struct series_run *r);
/* Takes a known build over; the build stays undecided when there is none. */
int walk_decide(struct series_run *r, int step, size_t c, struct err *err);
/* Never to be built. */
int walk_skip(struct series_run *r, int step, size_t c, const char *why, struct err *err);
/*
 * Those of files that the step's own patch changes; on a deep config, whose builds
 * leave steps out, those that any patch up to it changes. A new array.
 */
struct json_object *walk_own_files(struct series_run *r, int step, size_t c,
				   struct json_object *files);
/* After a build of a deep config: what is new in the next step that was built
 * before it. */
int walk_tell_next(struct series_run *r, int step, size_t c, struct err *err);
/* The row of a step; step_build_done. */
void walk_fill_step_build(struct series_run *r, int step, size_t c,
			  struct step_build *sb);
void walk_emit_end(struct series_run *r, int step, size_t c, double seconds,
		   const char *reason);

/* walk_folders.c. Each starts a child; flow->advance follows its end. */
int walk_link_src(struct series_run *r, struct err *err);
int walk_copy_out(struct series_run *r, struct err *err);
/* Into the series' source folder: what differs is written, with a time of now. */
int walk_checkout_step(struct series_run *r, int step, struct err *err);
int walk_checkout_base(struct series_run *r, struct err *err);
/* Forgets and removes an output folder that is not to be trusted. */
void walk_out_drop(struct walk_out *o);
/* All is built: removes the folders, in a child of its own. */
void walk_retire(struct series_run *r);

/* walk_selftests.c. As walk_decide, walk_step and walk_done do for builds. */
int walk_selftests_decide(struct series_run *r, int step, size_t suite, struct err *err);
int walk_selftests_step(struct series_run *r, struct err *err);
void walk_selftests_done(struct series_run *r);

/* walk_build.c. What a job of make may use. */
void walk_job_limits(const struct series_run *r, struct json_object *job);
/* The second builds the base in a fresh folder, everybody's clean output. */
int walk_build_step(struct series_run *r, int step, size_t c, const char *src,
		    const char *out, struct err *err);
int walk_build_base(struct series_run *r, size_t c, struct err *err);

#endif
