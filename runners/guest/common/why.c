#include "common/why.h"

#include <stdarg.h>
#include <stdio.h>

#include "common/ktap.h"

void why_add(struct why *w, const char *fmt, ...)
{
	va_list ap;

	if (w->n++)
		return;
	va_start(ap, fmt);
	vsnprintf(w->text, sizeof(w->text), fmt, ap);
	va_end(ap);
}

void why_check(const struct why *w, const char *name)
{
	if (w->n > 1)
		ktap_check(false, name, "%s (and %u more)", w->text, w->n - 1);
	else
		ktap_check(w->n == 0, name, "%s", w->text);
}
