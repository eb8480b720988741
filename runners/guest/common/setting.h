/*
 * Settings of the whole system, below /proc/sys and /sys, that a case changes for
 * as long as it runs. A case that is killed leaves them changed.
 */
#ifndef SLUICE_GUEST_SETTING_H
#define SLUICE_GUEST_SETTING_H

/*
 * Writes text, and at exit of this process (not of one forked from it, which must
 * not hold anything itself) what was read before. For files of the form "always [madvise] never" that is the word in
 * brackets. 0, or -errno (-ENOENT: this kernel has no such setting).
 */
int setting_hold(const char *path, const char *text);

#endif
