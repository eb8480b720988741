/*
 * How sluice calls the kernel's make, for the build role and for those who
 * print it ("sluice repro"). Pure. With the variables set here two builds of
 * one tree in the same folders give the same bytes.
 */
#ifndef SLUICE_KERNELS_MAKE_ARGV_H
#define SLUICE_KERNELS_MAKE_ARGV_H

#include <stdbool.h>

struct make_opts {
	const char *make; /* NULL: "make" */
	const char *src, *out, *arch;
	int jobs;    /* under 1: 1 */
	bool ccache; /* compile through ccache */
};

/* ARCH=…, LOCALVERSION=, KBUILD_BUILD_…: what belongs in the key. strv_free. */
char **make_vars(const char *arch);
/*
 * make -jN -Otarget --no-print-directory -C src O=out VARS… goal. -Otarget keeps
 * the output of one recipe together, or warnings could not be told apart by
 * object. strv_free.
 */
char **make_argv(const struct make_opts *o, const char *goal);
/* Where kbuild puts what a goal makes, relative to the output folder: "vmlinux",
 * "arch/x86/boot/bzImage". The caller frees. */
char *make_image(const char *arch, const char *goal);
/*
 * The whole environment: PATH and TMPDIR as ours, HOME the same as TMPDIR, LC_ALL=C;
 * with ccache_dir that folder, read-only unless ccache_write. strv_free.
 */
char **make_env(const char *ccache_dir, bool ccache_write);

#endif
