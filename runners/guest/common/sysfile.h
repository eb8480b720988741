/*
 * Small kernel files below /proc and /sys: read one, write one, and the number
 * and CPU or node lists found in them. All paths are absolute.
 */
#ifndef SLUICE_GUEST_SYSFILE_H
#define SLUICE_GUEST_SYSFILE_H

#include <stddef.h>
#include <stdint.h>

/*
 * At most size-1 bytes, NUL-terminated, without the last newline. The length,
 * or -errno (buf is "" then).
 */
int sysfile_read(const char *path, char *buf, size_t size);
/* The first number in the file, or def. */
long long sysfile_number(const char *path, long long def);
/* The number behind a label, as "VmLck:" in /proc/self/status, or def. */
long long sysfile_field(const char *path, const char *label, long long def);
/* One write of the whole text: 0, or -errno. Creates nothing. */
int sysfile_write(const char *path, const char *text);
int sysfile_write_number(const char *path, long long n);
/* "0-1,3" as a bit mask; ids over 63 are left out. */
uint64_t sysfile_list_parse(const char *text);
uint64_t sysfile_list(const char *path);

#endif
