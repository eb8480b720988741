/* The machine is as a first test finds it. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "badguest/cases.h"
#include "common/ktap.h"
#include "common/slowdown.h"
#include "common/sysfile.h"

#define HUNG "/proc/sys/kernel/hung_task_timeout_secs"

static const struct {
	const char *path, *value;
} settings[] = {
	{ "/proc/sys/kernel/panic_on_oops", "1" },
	{ "/proc/sys/kernel/printk", "7\t4\t1\t7" },
	{ "/proc/sys/kernel/printk_devkmsg", "on" },
	{ "/proc/sys/vm/nr_hugepages", "0" },
	{ "/proc/sys/vm/swappiness", "60" },
	{ "/proc/sys/vm/overcommit_memory", "0" },
	{ "/proc/sys/vm/dirty_bytes", "0" },
	{ "/proc/sys/vm/dirty_ratio", "20" },
	{ "/proc/sys/fs/pipe-max-size", "1048576" },
	{ "/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never" },
	{ "/sys/kernel/mm/transparent_hugepage/defrag",
	  "always defer defer+madvise [madvise] never" },
	{ "/sys/kernel/mm/transparent_hugepage/khugepaged/max_ptes_none", "511" },
	{ "/sys/kernel/mm/ksm/run", "0" },
	{ "/sys/kernel/mm/ksm/pages_shared", "0" },
	{ "/sys/kernel/mm/ksm/pages_sharing", "0" },
	{ "/sys/kernel/mm/ksm/sleep_millisecs", "20" },
	{ "/sys/kernel/mm/ksm/max_page_sharing", "256" },
	{ "/sys/devices/system/memory/auto_online_blocks", "offline" },
	{ "/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages", "0" },
	{ "/sys/kernel/debug/sched/numa_balancing/scan_size_mb", "256" },
	{ "/sys/module/printk/parameters/time", "Y" },
	{ "/sys/fs/cgroup/cgroup.subtree_control", "" },
};

static void check_settings(void)
{
	char value[128] = "", path[128] = "all";
	const char *want = "";
	bool ok = true;

	for (size_t i = 0; ok && i < sizeof(settings) / sizeof(settings[0]); i++) {
		sysfile_read(settings[i].path, value, sizeof(value));
		want = settings[i].value;
		snprintf(path, sizeof(path), "%s", settings[i].path);
		ok = strcmp(value, want) == 0;
	}
	/* The one of init's that a slow kernel has longer. */
	if (ok && sysfile_number(HUNG, -1) != (long long)slowdown_scale(20)) {
		ok = false;
		snprintf(path, sizeof(path), HUNG);
		sysfile_read(HUNG, value, sizeof(value));
		want = "20 times slowdown";
	}
	ktap_check(ok, "settings", "%s: expected \"%s\", saw \"%s\"", path, want, value);
}

/* Each takes the value that it has, and a new entry. */
static void check_writable(void)
{
	int proc = sysfile_write("/proc/sys/vm/swappiness", "60\n");
	int sys = sysfile_write("/sys/kernel/mm/ksm/sleep_millisecs", "20\n");
	bool groups = mkdir("/sys/fs/cgroup/room", 0755) == 0 &&
		      rmdir("/sys/fs/cgroup/room") == 0;
	bool dev = mkdir("/dev/room", 0755) == 0 && rmdir("/dev/room") == 0;

	ktap_check(proc == 0 && sys == 0 && groups && dev, "writable",
		   "expected /proc, /sys, cgroups and /dev, saw %d, %d, %d, %d", proc,
		   sys, groups, dev);
}

static int entries(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	int n = 0;

	while (d && (e = readdir(d)))
		n += e->d_name[0] != '.';
	if (d)
		closedir(d);
	return n;
}

static int folders(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	int n = 0;

	while (d && (e = readdir(d)))
		n += e->d_type == DT_DIR && e->d_name[0] != '.';
	if (d)
		closedir(d);
	return n;
}

/* Processes with memory of their own, so not the kernel's threads. */
static int processes(void)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	char path[300], line[64];
	int n = 0;

	while (d && (e = readdir(d))) {
		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/statm", e->d_name);
		n += sysfile_read(path, line, sizeof(line)) > 0 && atoi(line) > 0;
	}
	if (d)
		closedir(d);
	return n;
}

static long meminfo_kb(const char *name)
{
	FILE *f = fopen("/proc/meminfo", "re");
	char line[128];
	long kb = 0;

	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, name, strlen(name)) == 0)
			kb = atol(line + strlen(name));
	if (f)
		fclose(f);
	return kb;
}

static void check_memory(void)
{
	long total = meminfo_kb("MemTotal:"), free_kb = meminfo_kb("MemAvailable:");
	size_t want = (size_t)total * 1024 / 16;
	char *p = mmap(NULL, want, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);

	ktap_check(free_kb > total / 10 * 7, "memory-free",
		   "expected 70 %% of %ld kB, saw %ld", total, free_kb);
	if (ktap_check(p != MAP_FAILED, "memory-mapped", "expected %zu bytes", want))
		memset(p, 1, want);
}

static void check_cpus(void)
{
	unsigned long long present = sysfile_list("/sys/devices/system/cpu/present");
	unsigned long long online = sysfile_list("/sys/devices/system/cpu/online");

	ktap_check(present == online, "cpus-online", "expected %llx, saw %llx", present,
		   online);
}

static void check_process(void)
{
	pid_t pid = fork();
	int status = -1, policy = sched_getscheduler(0);

	if (pid == 0)
		_exit(7);
	ktap_check(waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
			   WEXITSTATUS(status) == 7,
		   "fork", "expected a child to end with 7, saw status %x", status);
	ktap_check(policy == SCHED_OTHER && getpriority(PRIO_PROCESS, 0) == 0, "priority",
		   "expected a usual one, saw policy %d", policy);
}

static void check_limits(void)
{
	struct rlimit files = { 0, 0 }, memory = { 0, 0 };

	getrlimit(RLIMIT_NOFILE, &files);
	getrlimit(RLIMIT_AS, &memory);
	ktap_check(files.rlim_cur >= 1024 && memory.rlim_cur == RLIM_INFINITY, "limits",
		   "expected the usual ones, saw %llu files and %llu bytes",
		   (unsigned long long)files.rlim_cur,
		   (unsigned long long)memory.rlim_cur);
}

static void check_files(void)
{
	int fd;

	ktap_check(entries("/tmp") == 0, "tmp-empty", "expected 0 entries, saw %d",
		   entries("/tmp"));
	fd = open("/tmp/file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	ktap_check(fd >= 0 && posix_fallocate(fd, 0, 8 << 20) == 0, "tmp-room",
		   "expected 8 MiB, saw %s", strerror(errno));
	ktap_check(mkdir("/tests/folder", 0700) < 0 && errno == EROFS, "read-only",
		   "expected the root to be read-only, saw %s", strerror(errno));
}

static bool is_device(const char *path, mode_t mode, unsigned major_no, unsigned minor_no)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_mode == mode && st.st_uid == 0 &&
	       st.st_gid == 0 && st.st_rdev == makedev(major_no, minor_no);
}

static void check_devices(void)
{
	ktap_check(is_device("/dev/null", S_IFCHR | 0666, 1, 3) &&
			   is_device("/dev/zero", S_IFCHR | 0666, 1, 5) &&
			   is_device("/dev/ram0", S_IFBLK | 0600, 1, 0),
		   "devices", "expected /dev/null, /dev/zero and /dev/ram0 as usual");
	ktap_check(access("/dev/shm", F_OK) < 0 && access("/dev/stray", F_OK) < 0,
		   "dev-clean", "expected no files of a test");
}

/* Both ends of a disk: 0 when they read as zeros. */
static int disk_used(const char *path)
{
	static char ends[2][64 << 10];
	int fd = open(path, O_RDONLY | O_CLOEXEC), used = 0;

	if (fd < 0 || read(fd, ends[0], sizeof(ends[0])) != sizeof(ends[0]) ||
	    lseek(fd, -(off_t)sizeof(ends[1]), SEEK_END) < 0 ||
	    read(fd, ends[1], sizeof(ends[1])) != sizeof(ends[1]))
		return -1;
	close(fd);
	for (size_t i = 0; i < sizeof(ends[0]); i++)
		used += ends[0][i] || ends[1][i];
	return used;
}

static void check_disks(void)
{
	int used[2] = { disk_used("/dev/ram0"), disk_used("/dev/ram1") };

	ktap_check(used[0] == 0 && used[1] == 0, "disks",
		   "expected zeros at the ends of both, saw %d and %d bytes that are not",
		   used[0], used[1]);
}

static void check_controllers(void)
{
	char list[256], own[512];

	sysfile_read("/sys/fs/cgroup/cgroup.controllers", list, sizeof(list));
	sysfile_read("/proc/self/cgroup", own, sizeof(own));
	ktap_check(strstr(list, "memory") && strcmp(own, "0::/") == 0, "controllers",
		   "expected memory among them and one hierarchy, saw %s and %s", list,
		   own);
}

int case_good(void)
{
	struct shm_info shm = { .used_ids = 0 };
	char swaps[512];

	ktap_begin(19);
	check_settings();
	check_writable();
	check_cpus();
	ktap_check(processes() == 2, "processes", "expected init and this one, saw %d",
		   processes());
	check_memory();
	check_process();
	check_limits();
	check_files();
	check_devices();
	check_disks();
	check_controllers();
	shmctl(0, SHM_INFO, (struct shmid_ds *)&shm);
	ktap_check(shm.used_ids == 0, "shm", "expected no segment, saw %d", shm.used_ids);
	ktap_check(folders("/sys/fs/cgroup") == 0, "cgroups", "expected none, saw %d",
		   folders("/sys/fs/cgroup"));
	sysfile_read("/proc/swaps", swaps, sizeof(swaps));
	ktap_check(!strchr(swaps, '/'), "swap", "expected none, saw %s", swaps);
	return ktap_end();
}
