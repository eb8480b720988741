#include "common/slowdown.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/sysfile.h"

static unsigned from_cmdline(void)
{
	static const char key[] = " sluice.slowdown=";
	static char cmdline[8192] = " ";
	const char *at;
	unsigned long n;

	sysfile_read("/proc/cmdline", cmdline + 1, sizeof(cmdline) - 1);
	at = strstr(cmdline, key);
	n = at ? strtoul(at + strlen(key), NULL, 10) : 1;
	return n < 1 ? 1 : n > SLOWDOWN_MAX ? SLOWDOWN_MAX : (unsigned)n;
}

unsigned slowdown(void)
{
	static unsigned times;

	if (!times)
		times = from_cmdline();
	return times;
}

uint64_t slowdown_scale(uint64_t n)
{
	return n * slowdown();
}

void slowdown_pause_ms(unsigned ms)
{
	uint64_t all = slowdown_scale(ms);
	struct timespec ts = { .tv_sec = (time_t)(all / 1000),
			       .tv_nsec = (long)(all % 1000) * 1000000 };

	nanosleep(&ts, NULL);
}
