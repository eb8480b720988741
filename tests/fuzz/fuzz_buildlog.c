/*
 * Any bytes as the output of make: nothing may crash, and what is kept stays
 * bounded. The warnings found go through a carry and a diff as well.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/buildlog.h"
#include "kernels/warnings.h"
#include "lib/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buildlog *b = buildlog_new("/src", "/out");
	struct warnings_build w = { .step = 1 };
	struct json_object *first, *second, *fresh;
	const char *p = (const char *)data, *end = p + size;

	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		const char *stop = nl ? nl : end;

		buildlog_line(b, p, (size_t)(stop - p));
		p = nl ? nl + 1 : end;
	}
	buildlog_end(b);
	w.compiled = buildlog_targets(b);
	w.pending = buildlog_failed(b);
	first = warnings_carry(NULL, &w);
	w.step = 2;
	w.complete = true;
	second = warnings_carry(first, &w);
	fresh = warnings_new(first, second);
	/* The same objects with the same warnings: nothing is new. */
	if (json_len(fresh) != 0)
		abort();
	json_object_put(fresh);
	json_object_put(first);
	json_object_put(second);
	buildlog_free(b);
	return 0;
}
