#include "init/limits.h"

#include <stdbool.h>
#include <stddef.h>

#include "common/slowdown.h"
#include "common/sysfile.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

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

void limits_set(void)
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
