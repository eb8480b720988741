#include "common/vmstat.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/sysfile.h"

#define TEXT_MAX 32768 /* 6.12 has 5 KiB of it */

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

static void vmstat_line(struct vmstat *v, const char *line)
{
	size_t i, len;

	for (i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		len = strlen(counters[i].name);
		if (strncmp(line, counters[i].name, len) == 0 && line[len] == ' ')
			*(long long *)((char *)v + counters[i].offset) =
				strtoll(line + len, NULL, 10);
	}
}

void vmstat_read(struct vmstat *ret)
{
	static char text[TEXT_MAX];
	const char *line;

	memset(ret, 0, sizeof(*ret));
	sysfile_write("/proc/sys/vm/stat_refresh", "1\n");
	if (sysfile_read("/proc/vmstat", text, sizeof(text)) <= 0)
		return;
	for (line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		vmstat_line(ret, line);
	}
}

bool vmstat_has_events(void)
{
	return sysfile_field("/proc/vmstat", "unevictable_pgs_mlocked", -1) >= 0;
}

long long vmstat_oom_kills(void)
{
	return sysfile_field("/proc/vmstat", "oom_kill ", 0);
}
