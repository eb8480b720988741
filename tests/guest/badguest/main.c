/* badguest CASE: misbehaves. See cases.h. */
#include <stdio.h>
#include <string.h>

#include "badguest/cases.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *name;
	int (*run)(void);
} cases[] = {
	{ "good", case_good },
	{ "signal", case_signal },
	{ "hang", case_hang },
	{ "fork-bomb", case_fork_bomb },
	{ "crowd", case_crowd },
	{ "kill-all", case_kill_all },
	{ "closed-stdout", case_closed_stdout },
	{ "orphans", case_orphans },
	{ "fill-memory", case_fill_memory },
	{ "fill-locked", case_fill_locked },
	{ "fill-shm", case_fill_shm },
	{ "fill-tmp", case_fill_tmp },
	{ "garbage", case_garbage },
	{ "fake-port", case_fake_port },
	{ "fake-kmsg", case_fake_kmsg },
	{ "console", case_console },
	{ "wrong-plan", case_wrong_plan },
	{ "endless", case_endless },
	{ "flood-port", case_flood_port },
	{ "flood-kmsg", case_flood_kmsg },
	{ "hang-up", case_hang_up },
	{ "settings", case_settings },
	{ "offline-cpus", case_offline_cpus },
	{ "read-only", case_read_only },
	{ "limits", case_limits },
	{ "devices", case_devices },
	{ "disks", case_disks },
	{ "huge-pages", case_huge_pages },
	{ "merged", case_merged },
	{ "hierarchy", case_hierarchy },
	{ "reboot", case_reboot },
	{ "power-off", case_power_off },
	{ "crash", case_crash },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 2 && i < ARRAY_SIZE(cases); i++)
		if (strcmp(argv[1], cases[i].name) == 0)
			return cases[i].run();
	fprintf(stderr, "usage: badguest CASE\n");
	return 2;
}
