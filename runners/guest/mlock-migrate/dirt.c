#include "mlock-migrate/dirt.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/ktap.h"
#include "common/sysfile.h"

void dirt_read(struct dirt *ret)
{
	char line[128];
	long long value;
	int node = 0, n;
	FILE *f;

	memset(ret, 0, sizeof(*ret));
	sysfile_write("/proc/sys/vm/stat_refresh", "1\n");
	f = fopen("/proc/zoneinfo", "re");
	if (!f)
		ktap_bail("/proc/zoneinfo: %s", strerror(errno));
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "Node %d, zone", &n) == 1)
			node = n >= 0 && n < DIRT_NODES ? n : DIRT_NODES - 1;
		else if (sscanf(line, " nr_dirty %lld", &value) == 1)
			ret->dirty[node] += value;
		else if (sscanf(line, " nr_zone_write_pending %lld", &value) == 1)
			ret->pending[node] += value;
	}
	fclose(f);
}
