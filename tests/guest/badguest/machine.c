/* What changes or ends the machine that all tests share. */
#include <stdio.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <unistd.h>

#include "badguest/cases.h"
#include "common/sysfile.h"

/* As good.c knows them. */
int case_settings(void)
{
	static const struct {
		const char *path, *value;
	} settings[] = {
		{ "/proc/sys/kernel/panic_on_oops", "0\n" },
		{ "/proc/sys/kernel/hung_task_timeout_secs", "1000\n" },
		{ "/proc/sys/kernel/printk", "1 1 1 1\n" },
		{ "/proc/sys/kernel/printk_devkmsg", "off\n" },
		{ "/proc/sys/vm/nr_hugepages", "16\n" },
		{ "/proc/sys/vm/swappiness", "1\n" },
		{ "/proc/sys/vm/dirty_bytes", "1048576\n" },
		{ "/proc/sys/vm/min_free_kbytes", "9999\n" },
		{ "/proc/sys/fs/pipe-max-size", "4096\n" },
		{ "/sys/kernel/mm/transparent_hugepage/enabled", "always\n" },
		{ "/sys/kernel/mm/transparent_hugepage/defrag", "never\n" },
		{ "/sys/kernel/mm/transparent_hugepage/khugepaged/max_ptes_none", "1\n" },
		{ "/sys/kernel/mm/ksm/max_page_sharing", "2\n" },
		{ "/sys/devices/system/memory/auto_online_blocks", "online_movable\n" },
		{ "/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages",
		  "18\n" },
		{ "/sys/kernel/debug/sched/numa_balancing/scan_size_mb", "7\n" },
		{ "/sys/module/printk/parameters/time", "N\n" },
		{ "/sys/fs/cgroup/cgroup.subtree_control", "+memory\n" },
	};
	int bad = 0;

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		bad |= sysfile_write(settings[i].path, settings[i].value) != 0;
	printf("KTAP version 1\n1..1\n%s 1 settings # expected all to be taken\n",
	       bad ? "not ok" : "ok");
	return bad;
}

int case_offline_cpus(void)
{
	char path[64];
	int n = 0;

	for (int i = 1; i < 64; i++) {
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online", i);
		n += sysfile_write(path, "0\n") == 0;
	}
	printf("KTAP version 1\n1..1\n%s 1 offline # expected some CPUs to go\n",
	       n ? "ok" : "not ok");
	return n == 0;
}

/* Of the file systems that all share, not of this process's mounts. */
int case_read_only(void)
{
	static const char *const paths[] = { "/sys/fs/cgroup", "/sys/kernel/debug",
					     "/sys", "/dev", "/proc" };
	int bad = 0;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		bad |= mount(NULL, paths[i], NULL, MS_REMOUNT | MS_RDONLY, NULL) != 0;
	bad |= sysfile_write("/proc/sys/vm/swappiness", "1\n") == 0;
	printf("KTAP version 1\n1..1\n%s 1 read-only # expected all to be taken\n",
	       bad ? "not ok" : "ok");
	return bad;
}

/* Init's, which everything inherits. */
int case_limits(void)
{
	static const int kinds[] = { RLIMIT_NOFILE, RLIMIT_MEMLOCK, RLIMIT_AS,
				     RLIMIT_NPROC };
	const struct rlimit none = { 3, 3 };
	int bad = 0;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		bad |= prlimit(1, kinds[i], &none, NULL) != 0;
	printf("KTAP version 1\n1..1\n%s 1 limits # expected all to be taken\n",
	       bad ? "not ok" : "ok");
	return bad;
}

int case_reboot(void)
{
	reboot(RB_AUTOBOOT);
	return 3;
}

int case_power_off(void)
{
	reboot(RB_POWER_OFF);
	return 3;
}

int case_crash(void)
{
	sysfile_write("/proc/sysrq-trigger", "c");
	return 3;
}
