#include "common/ktap.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static struct ktap_state ktap;
static unsigned besides;

void ktap_save(struct ktap_state *ret)
{
	*ret = ktap;
}

void ktap_restore(const struct ktap_state *state)
{
	ktap = *state;
}

/* A reader must see each line at once: the process may not live to flush. */
static void ktap_line_end(void)
{
	putchar('\n');
	fflush(stdout);
}

void ktap_besides(unsigned checks)
{
	besides = checks;
}

void ktap_begin(unsigned planned)
{
	ktap.planned = planned + besides;
	printf("KTAP version 1\n1..%u", ktap.planned);
	ktap_line_end();
}

bool ktap_check(bool ok, const char *name, const char *fmt, ...)
{
	va_list ap;

	ktap.run++;
	printf("%s %u %s", ok ? "ok" : "not ok", ktap.run, name);
	if (!ok) {
		ktap.failed++;
		fputs(" # ", stdout);
		va_start(ap, fmt);
		vprintf(fmt, ap);
		va_end(ap);
	}
	ktap_line_end();
	return ok;
}

void ktap_skip(const char *name, const char *fmt, ...)
{
	va_list ap;

	ktap.run++;
	ktap.skipped++;
	printf("ok %u %s # SKIP ", ktap.run, name);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	ktap_line_end();
}

void ktap_data(const char *name, long long value)
{
	printf("# data %s=%lld", name, value);
	ktap_line_end();
}

void ktap_note(const char *fmt, ...)
{
	va_list ap;

	fputs("# ", stdout);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	ktap_line_end();
}

int ktap_end(void)
{
	if (ktap.run != ktap.planned) {
		ktap_note("expected %u results, saw %u", ktap.planned, ktap.run);
		return KTAP_FAIL;
	}
	if (ktap.failed)
		return KTAP_FAIL;
	return ktap.run == ktap.skipped ? KTAP_SKIP : KTAP_PASS;
}

void ktap_skip_all(const char *fmt, ...)
{
	va_list ap;

	printf("KTAP version 1\n1..0 # SKIP ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	ktap_line_end();
	exit(KTAP_SKIP);
}

void ktap_bail(const char *fmt, ...)
{
	va_list ap;

	printf("Bail out! ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	ktap_line_end();
	exit(KTAP_FAIL);
}
