/*
 * What became of a boot: a pure function from the evidence to a status and one
 * line of why. QEMU's exit code says nothing (0 for power-off, reset, triple
 * fault, panic and watchdog alike), its QMP events and our own record of whom
 * we killed do:
 *
 *   end frame, then SHUTDOWN guest-shutdown      ok
 *   end frame of a plan that init cut short      ok, and we end it
 *   GUEST_PANICKED (pvpanic), or SHUTDOWN
 *     guest-reset with "Kernel panic" shown      panic
 *   WATCHDOG (i6300esb)                          hang
 *   SHUTDOWN guest-reset (triple fault, reboot)  reset
 *   we killed it at a deadline                   timeout
 *   powered off without an end frame, flooded,
 *     or an image that QEMU cannot load          no-result
 *   anything else: host signals, EOF without an
 *     event, QEMU that did not start, bad QMP    infra
 */
#ifndef SLUICE_RUNNERS_BOOT_JUDGE_H
#define SLUICE_RUNNERS_BOOT_JUDGE_H

#include <stdbool.h>

#include "lib/job.h"

enum boot_outcome {
	BOOT_OK,
	BOOT_PANIC,
	BOOT_HANG,
	BOOT_RESET,
	BOOT_TIMEOUT,
	BOOT_NO_RESULT,
	BOOT_INFRA,
};
const char *boot_word(enum boot_outcome s);

/* Why we killed QEMU. */
enum boot_kill {
	KILL_NONE,
	KILL_BOOT_DEADLINE, /* no HELLO in time */
	KILL_TEST_DEADLINE, /* the guest's init did not end a test that was due */
	KILL_DEADLINE,      /* of the whole boot */
	KILL_END_DEADLINE,  /* end frame, but no power-off */
	KILL_CONSOLE_FLOOD,
	KILL_PORT_FLOOD,
	KILL_QMP_FLOOD,
	KILL_QMP_BROKEN,
	KILL_PROTOCOL, /* the guest's init speaks another version */
	/* The guest's init ended the plan early, since a test left what cannot be
	 * undone: a CPU that is stuck would keep it from powering off, too. */
	KILL_GAVE_UP,
};

struct boot_evidence {
	bool greeted;      /* QMP's greeting: QEMU runs and took the image */
	bool panicked;     /* GUEST_PANICKED */
	bool watchdog;     /* WATCHDOG */
	bool stopped;      /* STOP: an internal error of QEMU or KVM */
	char shutdown[32]; /* reason of SHUTDOWN; "" without one */
	enum boot_kill kill;
	enum job_how how; /* QEMU in its sandbox */
	int code;
	const char *qemu_says; /* its last line on stderr, or NULL */
	bool hello;
	bool plan;
	bool end;
	unsigned int plan_n; /* tests that the guest took over */
	unsigned int tests;  /* that were given to it */
	unsigned int done;
	const char *current; /* the test that was running, or NULL */
	const char *panic;   /* the console's panic line, or NULL */
};

struct boot_verdict {
	enum boot_outcome status;
	const char *phase; /* "boot", "test" or "end" */
	char *reason;      /* one line, never NULL; the caller frees */
};

struct boot_verdict boot_judge(const struct boot_evidence *e);

#endif
