#include "daemon/disk.h"

#include <sys/statvfs.h>

unsigned int disk_free_percent(const char *dir)
{
	struct statvfs v;

	if (statvfs(dir, &v) < 0 || v.f_blocks == 0)
		return 100;
	return (unsigned int)((unsigned long long)v.f_bavail * 100 / v.f_blocks);
}

int64_t disk_lack(const char *dir, uint64_t percent)
{
	struct statvfs v;
	uint64_t want;

	if (statvfs(dir, &v) < 0 || v.f_blocks == 0)
		return 0;
	want = (uint64_t)v.f_blocks * (percent < 100 ? percent : 100) / 100;
	return want > v.f_bavail ? (int64_t)((want - v.f_bavail) * v.f_frsize) : 0;
}
