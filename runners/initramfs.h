/*
 * Writes the guest's initramfs: a newc cpio archive, uncompressed. The same
 * entries give the same bytes whatever their order: sorted by path, owner 0,
 * time 0, inodes counted. Parent folders and /dev/console are added. Blocks.
 */
#ifndef SLUICE_RUNNERS_INITRAMFS_H
#define SLUICE_RUNNERS_INITRAMFS_H

#include <stddef.h>
#include <sys/types.h>

#include "lib/err.h"

struct initramfs_entry {
	const char *path;   /* inside, "init" or "/init" */
	const char *source; /* file to copy; NULL: data and len */
	const void *data;
	size_t len;
	mode_t mode; /* permission bits; 0: 0755 */
};

/* Replaces path by rename. A path given twice is an error. */
int initramfs_write(const char *path, const struct initramfs_entry *entries, size_t n,
		    struct err *err);

#endif
