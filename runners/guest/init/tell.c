#include "init/tell.h"

#include <stdarg.h>
#include <stdio.h>

void tell(const struct teller *t, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	t->say(text, t->arg);
}
