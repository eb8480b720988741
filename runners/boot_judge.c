#include "runners/boot_judge.h"

#include <string.h>

#include "lib/cleanup.h"
#include "lib/str.h"

const char *boot_word(enum boot_outcome s)
{
	static const char *const names[] = {
		[BOOT_OK] = "ok",           [BOOT_PANIC] = "panic",
		[BOOT_HANG] = "hang",       [BOOT_RESET] = "reset",
		[BOOT_TIMEOUT] = "timeout", [BOOT_NO_RESULT] = "no-result",
		[BOOT_INFRA] = "infra",
	};

	return names[s];
}

static const char *phase(const struct boot_evidence *e)
{
	return e->end ? "end" : e->plan ? "test" : "boot";
}

/* " before the guest's init spoke", " in test x", ... */
static char *where(const struct boot_evidence *e)
{
	if (e->current)
		return str_printf(" in test %s", e->current);
	if (e->end)
		return str_dup(" after the last test");
	if (!e->hello)
		return str_dup(" before the guest's init spoke");
	if (!e->plan)
		return str_dup(" before the guest's init took its plan");
	return str_printf(" between tests, %u of %u done", e->done, e->tests);
}

static struct boot_verdict verdict(const struct boot_evidence *e, enum boot_outcome s,
				   const char *what)
{
	AUTO_FREE char *place = where(e);

	return (struct boot_verdict){
		.status = s,
		.phase = phase(e),
		.reason = str_printf("%s%s", what, s == BOOT_OK ? "" : place),
	};
}

static struct boot_verdict judge_kill(const struct boot_evidence *e)
{
	static const struct {
		enum boot_outcome status;
		const char *what;
	} table[] = {
		[KILL_BOOT_DEADLINE] = { BOOT_TIMEOUT,
					 "no sign of life until the boot deadline" },
		[KILL_TEST_DEADLINE] = { BOOT_TIMEOUT, "test not ended at its deadline" },
		[KILL_DEADLINE] = { BOOT_TIMEOUT,
				    "not done at the deadline of the boot" },
		[KILL_END_DEADLINE] = { BOOT_TIMEOUT, "no power-off" },
		[KILL_CONSOLE_FLOOD] = { BOOT_NO_RESULT, "console flooded" },
		[KILL_PORT_FLOOD] = { BOOT_NO_RESULT, "result port flooded" },
		[KILL_QMP_FLOOD] = { BOOT_NO_RESULT,
				     "guest caused a flood of QMP events" },
		[KILL_QMP_BROKEN] = { BOOT_INFRA, "QEMU speaks broken QMP" },
		[KILL_PROTOCOL] = { BOOT_INFRA,
				    "the guest's init speaks another protocol" },
		[KILL_GAVE_UP] = { BOOT_OK, "ended early, after a test that left what "
					    "cannot be undone" },
	};

	/* A panic that pvpanic did not tell of leaves a guest that stands still. */
	if (e->panic && table[e->kill].status == BOOT_TIMEOUT)
		return verdict(e, BOOT_PANIC, e->panic);
	return verdict(e, table[e->kill].status, table[e->kill].what);
}

/* QEMU refuses an image without saying so by its exit code. */
static bool image_refused(const char *says)
{
	static const char *const signs[] = {
		"PVH ELF Note",
		"could not load kernel",
		"invalid kernel header",
		"kernel too old",
		"Error loading uncompressed kernel",
		"linux kernel",
	};

	for (size_t i = 0; says && i < ARRAY_SIZE(signs); i++)
		if (strstr(says, signs[i]))
			return true;
	return false;
}

static struct boot_verdict judge_silent(const struct boot_evidence *e)
{
	AUTO_FREE char *how =
		str_printf("QEMU %s (%s %d)",
			   e->greeted ? "ended without an event" : "did not start",
			   job_how_str(e->how), e->code);
	AUTO_FREE char *all = str_printf("%s%s%s", how, e->qemu_says ? ": " : "",
					 e->qemu_says ? e->qemu_says : "");

	if (!e->greeted && image_refused(e->qemu_says))
		return verdict(e, BOOT_NO_RESULT, all);
	return verdict(e, BOOT_INFRA, all);
}

static struct boot_verdict judge_shutdown(const struct boot_evidence *e)
{
	AUTO_FREE char *other = NULL;

	if (strcmp(e->shutdown, "guest-reset") == 0)
		return e->panic ? verdict(e, BOOT_PANIC, e->panic) :
				  verdict(e, BOOT_RESET,
					  "guest reset itself (triple fault or reboot)");
	if (strcmp(e->shutdown, "guest-shutdown") == 0) {
		if (e->end && e->plan_n != e->tests)
			return verdict(e, BOOT_INFRA,
				       "guest took another plan than it was given");
		return e->end ? verdict(e, BOOT_OK, "all frames came, powered off") :
				verdict(e, BOOT_NO_RESULT, "guest powered off too early");
	}
	other = str_printf("QEMU was ended from outside (%s)", e->shutdown);
	return verdict(e, BOOT_INFRA, other);
}

struct boot_verdict boot_judge(const struct boot_evidence *e)
{
	if (e->panicked || strcmp(e->shutdown, "guest-panic") == 0)
		return verdict(e, BOOT_PANIC, e->panic ? e->panic : "guest panicked");
	if (e->watchdog)
		return e->panic ? verdict(e, BOOT_PANIC, e->panic) :
				  verdict(e, BOOT_HANG, "watchdog: guest hung");
	if (e->stopped)
		return verdict(e, BOOT_INFRA, "QEMU stopped the guest (internal error)");
	if (e->kill != KILL_NONE && !str_starts(e->shutdown, "guest-"))
		return judge_kill(e);
	if (e->shutdown[0])
		return judge_shutdown(e);
	return judge_silent(e);
}
