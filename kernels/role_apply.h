/*
 * The role "apply": a series onto its base, a commit for each step, under
 * <ref_prefix>/<k> of the series' repository. Patches come as mails, or as a
 * range of commits of a local repository, which are then the steps themselves.
 * A patch that is refused or does not apply is a result. Or there are no patches: the
 * base that the job names is all, the head of "tree", or has one "commit" of the tree as
 * its only step, however far that is.
 *
 * job: {"store", "repo", "source":"mail"|"range"|"head", "patches":[{"n","message_id",
 *   "file"}], "range":{"repo","from","to"}, "trees":[{"name","heads":[{"ref","commit"}],
 *   "good":[hex]}], "ladder":["base-commit","blobs","good","head"],
 *   "base":null|hex, "how":"head"|"option" (of a head, why it is this commit),
 *   "commit":null|hex, "revert":null|hex (taken back on commit, that is the step),
 *   "wish":null|{"revision","commit":null|hex}, "base_commit":null|hex,
 *   "ref_prefix", "git", "committer",
 *   "limits":{"patch_bytes","patch_files","base_candidates","mail_bytes"}}
 * result: {"status":"ok", "base":{"commit","tree","tree_name","how",
 *   "tried":[{"rung","tree","commit","ref","why_not"}]},
 *   "steps":[{"step","apply","commit","tree","parent_tree","subject","author",
 *   "message_id","reason","file","hunk","files":[{"path","change"}]}],
 *   "series": for a range or a head, as fetch gives it, "posted": for mails, the file in
 *   the job folder that kernels/posted.h describes},
 *   or {"status":"unusable","reason"}, with "base":{"tried"} where no base was found.
 */
#ifndef SLUICE_KERNELS_ROLE_APPLY_H
#define SLUICE_KERNELS_ROLE_APPLY_H

#include "lib/err.h"
#include "lib/json.h"

int role_apply(struct json_object *job, const char *jobdir, struct json_object *result,
	       struct err *err);

#endif
