#include "daemon/keep_report.h"

#include <stdio.h>

#include "lib/cleanup.h"
#include "lib/str.h"

static char *size_text(int64_t bytes)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
	double v = (double)bytes / 1024;
	size_t u = 0;

	while (v >= 1024 && u + 1 < ARRAY_SIZE(units)) {
		v /= 1024;
		u++;
	}
	return str_printf(v < 10 ? "%.1f %s" : "%.0f %s", v, units[u]);
}

/* The key that says it. */
static const char *key_of(enum keep_kind kind)
{
	static const char *const keys[] = {
		[KEEP_SERIES] = "series", [KEEP_OUT] = "folders",  [KEEP_SRC] = "folders",
		[KEEP_OTHER] = "newest",  [KEEP_IMAGE] = "images", [KEEP_LOG] = "logs",
		[KEEP_QUIET] = "quiet",   [KEEP_MAIL] = "mails",
	};

	return keys[kind];
}

static char *reason(enum keep_kind kind, enum keep_why why)
{
	if (why == KEEP_DISK)
		return str_dup("since the disk runs full (daemon.min_free)");
	if (why == KEEP_SIZE)
		return str_printf("over keep.%s_size", key_of(kind));
	return str_printf("not used for longer than keep.%s", key_of(kind));
}

bool keep_report_tell(const struct keep_report *r,
		      void (*fn)(const char *line, void *arg), void *arg)
{
	bool any = false;

	for (int kind = 0; kind < KEEP_KINDS; kind++)
		for (int why = KEEP_AGE; why <= KEEP_DISK; why++) {
			const struct keep_sum *s = &r->sums[kind][why];
			AUTO_FREE char *size = size_text(s->bytes);
			AUTO_FREE char *text =
				reason((enum keep_kind)kind, (enum keep_why)why);
			AUTO_FREE char *line = str_printf(
				"%lld %s (%s), %s", (long long)s->n,
				keep_kind_str((enum keep_kind)kind), size, text);

			if (s->n == 0)
				continue;
			any = true;
			fn(line, arg);
		}
	return any;
}
