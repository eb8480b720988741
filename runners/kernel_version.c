#include "runners/kernel_version.h"

#include <ctype.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/str.h"

#define ANY (-1L)
#define NUMBER_MAX 1000000
#define VERSION_MAX 64

char *kernel_version_find(const void *data, size_t len)
{
	static const char mark[] = "Linux version ";
	const char *p = data, *end = p + len;

	/* A format string, "Linux version %s", is no version. */
	while (p && (p = memmem(p, (size_t)(end - p), mark, sizeof(mark) - 1))) {
		size_t n = 0;

		p += sizeof(mark) - 1;
		while (p + n < end && n < VERSION_MAX && isgraph((unsigned char)p[n]))
			n++;
		if (n && isdigit((unsigned char)*p))
			return str_ndup(p, n);
	}
	return NULL;
}

/* "6.1" to {6, 1, ANY}. With whole, nothing may follow the numbers. */
static bool version_parse(const char *text, bool whole, long ret[KERNEL_VERSION_PARTS])
{
	int n = 0;

	for (int i = 0; i < KERNEL_VERSION_PARTS; i++)
		ret[i] = ANY;
	while (n < KERNEL_VERSION_PARTS && isdigit((unsigned char)*text)) {
		long v = 0;

		while (isdigit((unsigned char)*text) && v < NUMBER_MAX)
			v = v * 10 + (*text++ - '0');
		ret[n++] = v;
		if (*text != '.' || !isdigit((unsigned char)text[1]))
			break;
		text++;
	}
	return n >= 2 && (!whole || !*text);
}

/* A part that is not named counts as any on the left, and as 0 on the right. */
static int version_compare(const long a[KERNEL_VERSION_PARTS],
			   const long b[KERNEL_VERSION_PARTS])
{
	for (int i = 0; i < KERNEL_VERSION_PARTS && a[i] != ANY; i++) {
		long other = b[i] == ANY ? 0 : b[i];

		if (a[i] != other)
			return a[i] < other ? -1 : 1;
	}
	return 0;
}

bool kernel_range_parse(const char *text, struct kernel_range *ret)
{
	const char *dots = strstr(text, "..");
	AUTO_FREE char *first = dots ? str_ndup(text, (size_t)(dots - text)) :
				       str_dup(text);

	if (!version_parse(first, true, ret->first))
		return false;
	if (dots && !dots[2]) {
		for (int i = 0; i < KERNEL_VERSION_PARTS; i++)
			ret->last[i] = ANY;
		return true;
	}
	if (!version_parse(dots ? dots + 2 : text, true, ret->last))
		return false;
	return version_compare(ret->last, ret->first) >= 0;
}

bool kernel_range_has(const struct kernel_range *r, const char *version)
{
	long v[KERNEL_VERSION_PARTS];

	return version && version_parse(version, false, v) &&
	       version_compare(r->first, v) <= 0 && version_compare(r->last, v) >= 0;
}
