/*
 * What a patch may touch, decided before any library sees it. A refusal is a
 * result, with its reason and the file; limits come from config.ini.
 */
#ifndef SLUICE_KERNELS_POLICY_H
#define SLUICE_KERNELS_POLICY_H

#include <stdbool.h>
#include <stddef.h>

struct policy_limits {
	size_t patch_bytes; /* of the diff; 0: none */
	size_t patch_files; /* 0: none */
};

struct refusal {
	char reason[256];
	char file[256]; /* cleaned for printing; "" if it is about the whole patch */
};

/*
 * Refuses: over a limit, binary hunks, symlinks (made, changed or turned into
 * one), gitlinks, odd modes, paths that are absolute, hold "..", ".", empty or
 * ".git" components (any case, and what file systems fold to it), control
 * characters or backslashes, headers that disagree (diff --git vs ---/+++),
 * the same file added twice, file and file/x. False with *ret filled.
 */
bool policy_check_diff(const char *diff, size_t len, const struct policy_limits *limits,
		       struct refusal *ret_refusal);
/* The same rule for one path and its (new) git mode; for commits of a range. */
bool policy_check_path(const char *path, unsigned mode, struct refusal *ret_refusal);

#endif
