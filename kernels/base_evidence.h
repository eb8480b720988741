/*
 * What the patches of a series say about the files that they were made on: the blobs
 * that their index lines name, and files that must not be there. Commits are held
 * against it.
 */
#ifndef SLUICE_KERNELS_BASE_EVIDENCE_H
#define SLUICE_KERNELS_BASE_EVIDENCE_H

#include "kernels/filepatch.h"
#include "kernels/git.h"

struct base_evidence {
	struct base_fact *v; /* names of files are borrowed from the patches */
	size_t n, blobs;     /* blobs: those that name one */
};

void base_evidence_collect(struct base_evidence *e, const struct filepatches *patches,
			   size_t npatches);
void base_evidence_done(struct base_evidence *e);

/* How many of the facts hold for a commit; *ret_bad: the first file whose does not. */
int base_evidence_score(const struct base_evidence *e, git_repository *repo,
			const git_oid *commit, size_t *ret, const char **ret_bad,
			struct err *err);
/* The first file whose blob no commit here can have, since it is not there at all. */
const char *base_evidence_unknown(const struct base_evidence *e, git_repository *repo);

#endif
