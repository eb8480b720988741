/*
 * Whether a file can run as a test inside a guest: there is nothing there but
 * the kernel, so it has to be a static program for the guest's processor.
 * Blocks on the file.
 */
#ifndef SLUICE_RUNNERS_PROGRAM_H
#define SLUICE_RUNNERS_PROGRAM_H

#include "lib/err.h"

/* A guest of half a gigabyte holds its archive and the unpacked file at once. */
#define PROGRAM_MAX_BYTES (64u << 20)

/* 0, or -1 with err naming the file and what is wrong with it. */
int program_check(const char *path, struct err *err);

#endif
