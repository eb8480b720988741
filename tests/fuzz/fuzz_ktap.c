/* Arbitrary bytes as KTAP: capped, and a "not ok" that was kept is never a pass. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runners/ktap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ktap *k = ktap_new();
	const struct ktap_subtest *s;
	enum ktap_result r;
	char *reason = NULL;
	size_t n;

	ktap_feed(k, data, size);
	ktap_end(k);
	r = ktap_verdict(k, &reason);
	s = ktap_subtests(k, &n);
	if (n > KTAP_SUBTESTS_MAX)
		abort();
	for (size_t i = 0; i < n; i++)
		if (s[i].result == KTAP_FAIL && r != KTAP_FAIL)
			abort();
	ktap_data(k, &n);
	if (n > KTAP_DATA_MAX)
		abort();
	if (r == KTAP_FAIL && !reason)
		abort();
	free(reason);
	ktap_free(k);
	return 0;
}
