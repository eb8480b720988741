/*
 * What a subject says about its mail: "[RFC PATCH v3 2/5] mm: x" is patch 2 of
 * 5 of version 3. Pure.
 */
#ifndef SLUICE_KERNELS_TAGS_H
#define SLUICE_KERNELS_TAGS_H

#include <stdbool.h>

#include "lib/str.h"

struct tags {
	bool reply;     /* Re:, Fwd: ... ; nothing else is read then */
	bool pull;      /* a pull request */
	bool patch;     /* a PATCH or RFC tag */
	bool numbered;  /* k/n was given; else k and n are 1 */
	bool versioned; /* a version was given; else it is 1 */
	bool minor;     /* "v2.1": one patch of v2 posted anew */
	bool odd;       /* b4 0.12 would read other numbers from it */
	bool rfc, resend;
	int version, k, n;
	const char *title; /* the subject behind the tags; into the subject */
};

/* Of an unfolded and decoded subject. Numbers are below 10000. */
void tags_read(const char *subject, struct tags *ret_tags);
/*
 * Appends the words between its brackets but for version and numbers, with one
 * space between two: "PATCH bpf-next" of "[PATCH bpf-next v2, 1/3] x".
 */
void tags_prefix(const char *subject, struct str *out);
/* Likewise without PATCH, RFC and RESEND: "bpf-next" of "[RFC PATCH bpf-next] x". */
void tags_rest(const char *subject, struct str *out);
/*
 * Appends the kernel versions that its tags name, with one space between two: "6.1"
 * of "[PATCH AUTOSEL 6.1 1/3] x" and of "[PATCH 6.1.y v2] x". Patches for two trees
 * are two series, even where all else is the same.
 */
void tags_trees(const char *subject, struct str *out);
/* Could it be a mail of a series, by its subject alone? */
bool tags_in_series(const struct tags *t);

#endif
