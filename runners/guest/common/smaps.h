/* What /proc/self/smaps says about the mapping that holds an address. */
#ifndef SLUICE_GUEST_SMAPS_H
#define SLUICE_GUEST_SMAPS_H

/* The KiB behind a label, as "Locked:"; -1 when there is no such line. */
long long smaps_kib(const void *addr, const char *label);

#endif
