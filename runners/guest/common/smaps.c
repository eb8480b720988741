#include "common/smaps.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

long long smaps_kib(const void *addr, const char *label)
{
	unsigned long from, to;
	bool inside = false;
	long long kib = -1;
	char line[512];
	FILE *f = fopen("/proc/self/smaps", "re");

	if (!f)
		return -1;
	while (kib < 0 && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			inside = from <= (uintptr_t)addr && (uintptr_t)addr < to;
		else if (inside && strncmp(line, label, strlen(label)) == 0)
			kib = strtoll(line + strlen(label), NULL, 10);
	}
	fclose(f);
	return kib;
}
