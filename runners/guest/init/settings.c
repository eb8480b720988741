#include "init/settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "common/slowdown.h"
#include "common/sysfile.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define VALUE_MAX 128

static const struct {
	const char *path, *value;
} ours[] = {
	{ "/proc/sys/kernel/printk", "7 4 1 7\n" },
	/* Otherwise our markers are limited to ten in five seconds. */
	{ "/proc/sys/kernel/printk_devkmsg", "on\n" },
	{ "/proc/sys/kernel/panic_on_oops", "1\n" },
	{ "/proc/sys/kernel/panic_on_warn", "0\n" },
	{ "/proc/sys/kernel/softlockup_panic", "0\n" },
	{ "/proc/sys/kernel/hung_task_panic", "0\n" },
};

/* What the kernel takes for a hang: times slowdown, up to what it accepts. */
static const struct {
	const char *path;
	unsigned seconds, max;
	bool at_least; /* the command line may ask for more */
} limits[] = {
	{ "/proc/sys/kernel/hung_task_timeout_secs", 20, 3600, false },
	/* Told after 25 s at the latest, not after 40. */
	{ "/proc/sys/kernel/hung_task_check_interval_secs", 5, 900, false },
	{ "/proc/sys/kernel/watchdog_thresh", 10, 60, true },
	/*
	 * After the soft lockup detector, which tells within 28 s (six periods of
	 * its timer, and one more when the CPU was idle before): RCU's word on a
	 * serial console is a sign of life to it (touch_nmi_watchdog).
	 */
	{ "/sys/module/rcupdate/parameters/rcu_cpu_stall_timeout", 31, 300, true },
};

#define KERNEL "/proc/sys/kernel/"
#define VM "/proc/sys/vm/"
#define MM "/sys/kernel/mm/"

/* Not those that the kernel itself changes when memory comes or goes. */
static const char *const paths[] = {
	KERNEL "printk",
	KERNEL "printk_devkmsg",
	KERNEL "printk_ratelimit",
	KERNEL "panic",
	KERNEL "panic_on_oops",
	KERNEL "panic_on_warn",
	KERNEL "panic_on_rcu_stall",
	KERNEL "oops_limit",
	KERNEL "warn_limit",
	KERNEL "watchdog",
	KERNEL "soft_watchdog",
	KERNEL "watchdog_thresh",
	KERNEL "softlockup_panic",
	KERNEL "hung_task_panic",
	KERNEL "hung_task_check_interval_secs",
	KERNEL "hung_task_timeout_secs",
	/* Counts down with each report. */
	KERNEL "hung_task_warnings",
	KERNEL "sysrq",
	KERNEL "core_pattern",
	KERNEL "numa_balancing",
	KERNEL "threads-max",
	KERNEL "pid_max",
	KERNEL "randomize_va_space",
	KERNEL "sched_rt_runtime_us",
	KERNEL "shmmax",
	KERNEL "shmall",
	KERNEL "shm_rmid_forced",
	VM "overcommit_memory",
	VM "overcommit_ratio",
	VM "swappiness",
	VM "panic_on_oom",
	VM "oom_kill_allocating_task",
	VM "oom_dump_tasks",
	VM "compaction_proactiveness",
	VM "compact_unevictable_allowed",
	VM "extfrag_threshold",
	VM "memory_failure_early_kill",
	VM "memory_failure_recovery",
	VM "max_map_count",
	VM "zone_reclaim_mode",
	VM "watermark_boost_factor",
	VM "watermark_scale_factor",
	VM "percpu_pagelist_high_fraction",
	VM "page-cluster",
	VM "vfs_cache_pressure",
	VM "stat_interval",
	VM "unprivileged_userfaultfd",
	VM "nr_overcommit_hugepages",
	VM "nr_hugepages",
	"/sys/module/rcupdate/parameters/rcu_cpu_stall_timeout",
	MM "ksm/run",
	MM "ksm/sleep_millisecs",
	MM "ksm/pages_to_scan",
	MM "ksm/merge_across_nodes",
	MM "numa/demotion_enabled",
	MM "transparent_hugepage/enabled",
	MM "transparent_hugepage/defrag",
	MM "transparent_hugepage/shmem_enabled",
	MM "transparent_hugepage/use_zero_page",
	MM "transparent_hugepage/khugepaged/defrag",
	MM "transparent_hugepage/khugepaged/scan_sleep_millisecs",
	MM "transparent_hugepage/khugepaged/alloc_sleep_millisecs",
	MM "transparent_hugepage/khugepaged/pages_to_scan",
};

static char found[ARRAY_SIZE(paths)][VALUE_MAX];

/*
 * As it has to be written: "always [madvise] never" is "madvise", and the newline
 * stays, which printk_devkmsg insists on. False when it is not there.
 */
static bool setting_read(const char *path, char buf[VALUE_MAX])
{
	char *from, *to;

	if (sysfile_read(path, buf, VALUE_MAX - 1) <= 0)
		return false;
	from = strchr(buf, '[');
	to = from ? strchr(from, ']') : NULL;
	if (to) {
		*to = '\0';
		memmove(buf, from + 1, (size_t)(to - from));
	}
	strcat(buf, "\n");
	return true;
}

void settings_set(void)
{
	long long n;

	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		sysfile_write(ours[i].path, ours[i].value);
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		n = (long long)slowdown_scale(limits[i].seconds);
		n = n > limits[i].max ? limits[i].max : n;
		if (!limits[i].at_least || sysfile_number(limits[i].path, n) < n)
			sysfile_write_number(limits[i].path, n);
	}
}

void settings_remember(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (!setting_read(paths[i], found[i]))
			found[i][0] = '\0';
}

void settings_restore(void)
{
	char now[VALUE_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (found[i][0] && setting_read(paths[i], now) && strcmp(now, found[i]))
			sysfile_write(paths[i], found[i]);
}
