#include "common/tally.h"

#include <stdarg.h>
#include <stdio.h>

#include "common/ktap.h"

bool tally_add(struct tally *t, bool ok, const char *fmt, ...)
{
	va_list ap;

	t->looks++;
	if (ok)
		return true;
	if (t->bad++ == 0) {
		va_start(ap, fmt);
		vsnprintf(t->first, sizeof(t->first), fmt, ap);
		va_end(ap);
	}
	return false;
}

void tally_check(const struct tally *t)
{
	if (t->looks == 0)
		ktap_check(false, t->name, "expected to look at least once, saw none");
	else
		ktap_check(t->bad == 0, t->name, "%s (%u of %u looks)", t->first, t->bad,
			   t->looks);
}
