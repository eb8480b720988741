/* One line of /proc/meminfo. */
#ifndef SLUICE_GUEST_MEMINFO_H
#define SLUICE_GUEST_MEMINFO_H

/* name without its colon: "Mlocked". KiB, or -1 when there is no such line. */
long long meminfo_kib(const char *name);

#endif
