#include "init/system.h"

#include <fcntl.h>
#include <linux/watchdog.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/slowdown.h"
#include "common/sysfile.h"
#include "init/port.h"

/* On one CPU it must wait for the soft lockup detector, see settings.c. */
#define WATCHDOG_S 40
#define WATCHDOG_MAX_S 2046 /* of i6300esb: drivers/watchdog/i6300esb.c */

static int watchdog_fd = -1, kmsg_fd = -1;

static const struct {
	const char *source, *target, *type, *options;
} mounts[] = {
	{ "proc", "/proc", "proc", NULL },
	{ "sysfs", "/sys", "sysfs", NULL },
	{ "debugfs", "/sys/kernel/debug", "debugfs", NULL },
	{ "tmpfs", "/tmp", "tmpfs", "size=25%,mode=1777" },
	{ "cgroup2", "/sys/fs/cgroup", "cgroup2", NULL },
};

/* devtmpfs knows all devices; without it the few that we need are made. */
static void mount_dev(void)
{
	static const struct {
		const char *path;
		unsigned major, minor;
	} nodes[] = {
		{ "/dev/null", 1, 3 },    { "/dev/zero", 1, 5 },
		{ "/dev/kmsg", 1, 11 },   { "/dev/console", 5, 1 },
		{ "/dev/ttyS0", 4, 64 },  { "/dev/ttyS1", 4, 65 },
		{ "/dev/urandom", 1, 9 }, { "/dev/watchdog", 10, 130 },
	};
	size_t i;

	mkdir("/dev", 0755);
	if (mount("devtmpfs", "/dev", "devtmpfs", MS_NOSUID, NULL) == 0)
		return;
	mount("tmpfs", "/dev", "tmpfs", MS_NOSUID, "mode=0755");
	for (i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
		mknod(nodes[i].path, S_IFCHR | 0600,
		      makedev(nodes[i].major, nodes[i].minor));
}

/* A guest without a console starts with none of them: a pipe must not get one. */
static void standard_descriptors(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

void system_mount(void)
{
	size_t i;

	mount_dev();
	standard_descriptors();
	for (i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		mkdir(mounts[i].target, 0755);
		mount(mounts[i].source, mounts[i].target, mounts[i].type, 0,
		      mounts[i].options);
	}
}

void system_fresh_tmp(void)
{
	umount2("/tmp", MNT_DETACH);
	mount("tmpfs", "/tmp", "tmpfs", 0, "size=25%,mode=1777");
}

void system_first(void)
{
	const struct sched_param param = { .sched_priority =
						   sched_get_priority_max(SCHED_FIFO) };

	sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param);
}

void system_own_mounts(void)
{
	if (unshare(CLONE_NEWNS) == 0)
		mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL);
}

void watchdog_open(void)
{
	int seconds = (int)slowdown_scale(WATCHDOG_S);

	if (seconds > WATCHDOG_MAX_S)
		seconds = WATCHDOG_MAX_S;
	watchdog_fd = open("/dev/watchdog", O_WRONLY | O_CLOEXEC);
	if (watchdog_fd >= 0)
		ioctl(watchdog_fd, WDIOC_SETTIMEOUT, &seconds);
}

void watchdog_pet(void)
{
	if (watchdog_fd >= 0)
		ioctl(watchdog_fd, WDIOC_KEEPALIVE, 0);
}

void kmsg(const char *fmt, ...)
{
	char line[256] = "<5>sluice ";
	size_t head = strlen(line);
	va_list ap;
	ssize_t n;

	if (kmsg_fd < 0)
		kmsg_fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	va_start(ap, fmt);
	vsnprintf(line + head, sizeof(line) - head, fmt, ap);
	va_end(ap);
	n = write(kmsg_fd, line, strlen(line));
	(void)n; /* no kernel log: the markers are missing there */
}

void system_show_blocked(void)
{
	sysfile_write("/proc/sysrq-trigger", "w");
	sysfile_write("/proc/sysrq-trigger", "l");
}

void system_power_off(void)
{
	port_drain();
	for (;;) {
		reboot(RB_POWER_OFF);
		sleep(60);
	}
}
