/*
 * What the job of apply says about the base, as a question to the ladder
 * (kernels/base.h): trees with their heads, rungs, wishes.
 */
#ifndef SLUICE_KERNELS_BASE_JOB_H
#define SLUICE_KERNELS_BASE_JOB_H

#include "kernels/base.h"

struct base_job {
	struct base_question q; /* repo and patches are the caller's to set */
	struct base_tree *trees;
	enum base_how rungs[BASE_HOWS];
};

/* Texts are borrowed from the job. Without "ladder" the rungs are base-commit, blobs,
 * head. ERR_INPUT for what is no commit or no rung. */
int base_job_read(struct base_job *b, struct json_object *job, struct err *err);
void base_job_done(struct base_job *b);

#endif
