/*
 * The configuration of one output folder: tinyconfig, the fragments on top,
 * olddefconfig, and a look at what stuck. It is always done in full: redone
 * from an old .config, a new symbol would get its default where a fresh folder
 * says no, and the result would hang on the steps before.
 */
#ifndef SLUICE_KERNELS_BUILD_CONFIGURE_H
#define SLUICE_KERNELS_BUILD_CONFIGURE_H

#include <stdbool.h>

#include "kernels/kconfig.h"
#include "kernels/make_argv.h"
#include "kernels/make_run.h"

struct build_configure {
	const struct make_opts *make;
	struct make_run run; /* argv is filled in here */
	const struct kconfig_fragment *fragments;
	size_t nfragments;
};

/* Whether out has to be configured (again) after a change of these files. */
bool build_configure_needed(const char *out, char *const *changed);
/*
 * 0 with how each run of make ended: *ret_how, *ret_code are those of the last
 * one, and *ret_missing (strv_free) is filled when both succeeded, else NULL.
 * If .config comes out as it was, its time stays and make rebuilds nothing.
 */
int build_configure(struct build_configure *c, enum make_how *ret_how, int *ret_code,
		    char ***ret_missing, struct err *err);

#endif
