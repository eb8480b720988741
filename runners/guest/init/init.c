/*
 * /init of the guest: asks the host for a plan on the second serial port, runs
 * its tests one after the other, reports, and powers off. It never exits (that
 * would panic a good kernel) and keeps nothing on the heap. A guest that was started by
 * hand has its plan on the kernel command line and reports on the console.
 */
#include <signal.h>
#include <unistd.h>

#include "init/limits.h"
#include "init/plan.h"
#include "init/port.h"
#include "init/run.h"
#include "init/system.h"
#include "init/tidy.h"

#define PORT "/dev/ttyS1"
#define CONSOLE "/dev/console"

static struct plan plan;

/* The frames that end the boot; a plan that was not finished shows in n. */
static void run_plan(void)
{
	size_t i;

	port_frame("plan %zu", plan.n);
	for (i = 0; i < plan.n; i++) {
		if (!run_test(&plan.tests[i])) {
			i++;
			break;
		}
	}
	port_frame("end %zu", i);
}

int main(void)
{
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	system_mount();
	limits_set();
	tidy_remember();
	system_first();
	watchdog_open();
	run_init();
	if (plan_from_cmdline(&plan)) {
		port_open_plain(CONSOLE);
		run_plan();
	} else if (port_open(PORT) < 0)
		kmsg("init: no result port " PORT);
	else if (!plan_fetch(&plan, watchdog_pet))
		kmsg("init: the host sent no plan");
	else
		run_plan();
	system_power_off();
}
