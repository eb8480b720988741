#include "common/meminfo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/sysfile.h"

long long meminfo_kib(const char *name)
{
	char text[4096], key[64];
	const char *p;

	if (sysfile_read("/proc/meminfo", text, sizeof(text)) <= 0)
		return -1;
	snprintf(key, sizeof(key), "\n%s:", name);
	p = strstr(text, key);
	return p ? strtoll(p + strlen(key), NULL, 10) : -1;
}
