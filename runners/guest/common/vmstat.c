#include "common/vmstat.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "common/sysfile.h"

static const struct {
	const char *name;
	size_t offset;
} counters[] = {
	{ "nr_mlock", offsetof(struct vmstat, nr_mlock) },
	{ "nr_unevictable", offsetof(struct vmstat, nr_unevictable) },
	{ "pgmigrate_success", offsetof(struct vmstat, pgmigrate_success) },
	{ "pgmigrate_fail", offsetof(struct vmstat, pgmigrate_fail) },
	{ "unevictable_pgs_mlocked", offsetof(struct vmstat, pgs_mlocked) },
	{ "unevictable_pgs_munlocked", offsetof(struct vmstat, pgs_munlocked) },
	{ "unevictable_pgs_cleared", offsetof(struct vmstat, pgs_cleared) },
	{ "unevictable_pgs_stranded", offsetof(struct vmstat, stranded) },
	{ "thp_migration_split", offsetof(struct vmstat, thp_split) },
	{ "numa_hint_faults", offsetof(struct vmstat, numa_hint_faults) },
	{ "numa_pages_migrated", offsetof(struct vmstat, numa_pages_migrated) },
	{ "compact_migrate_scanned", offsetof(struct vmstat, compact_migrate_scanned) },
};

static void vmstat_set(struct vmstat *v, const char *name, long long value)
{
	size_t i;

	for (i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		if (strcmp(counters[i].name, name) == 0)
			*(long long *)((char *)v + counters[i].offset) = value;
	}
}

void vmstat_read(struct vmstat *ret)
{
	char name[64];
	long long value;
	FILE *f;

	memset(ret, 0, sizeof(*ret));
	sysfile_write("/proc/sys/vm/stat_refresh", "1\n");
	f = fopen("/proc/vmstat", "re");
	if (!f)
		return;
	while (fscanf(f, "%63s %lld", name, &value) == 2)
		vmstat_set(ret, name, value);
	fclose(f);
}

bool vmstat_has_events(void)
{
	return sysfile_field("/proc/vmstat", "unevictable_pgs_mlocked", -1) >= 0;
}

long long vmstat_oom_kills(void)
{
	char name[64];
	long long value = 0, kills = 0;
	FILE *f = fopen("/proc/vmstat", "re");

	while (f && fscanf(f, "%63s %lld", name, &value) == 2)
		if (strcmp(name, "oom_kill") == 0)
			kills = value;
	if (f)
		fclose(f);
	return kills;
}
