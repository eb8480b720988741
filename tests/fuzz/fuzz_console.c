/* Arbitrary bytes as a console: what is found lies within them and is capped. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "runners/console.h"

#define NONCE "N"
#define TESTS 3

static void check(const struct console *c, size_t size)
{
	size_t n;
	const struct console_splat *s = console_splats(c, &n);

	if (console_bytes(c) != size || n > CONSOLE_SPLATS_MAX + TESTS)
		abort();
	for (size_t i = 0; i < n; i++)
		if (s[i].offset >= size || !s[i].title || !s[i].key || !*s[i].title)
			abort();
	for (unsigned int i = 0; i < TESTS; i++) {
		struct console_span span = console_span(c, i);

		if (span.from == CONSOLE_NOWHERE && span.to != CONSOLE_NOWHERE)
			abort();
		if (span.to != CONSOLE_NOWHERE &&
		    (span.to <= span.from || span.to > size))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct console *whole = console_new(NONCE, TESTS),
		       *parts = console_new(NONCE, TESTS);
	size_t na, nb;
	char **tail;

	console_feed(whole, data, size);
	console_end(whole);
	for (size_t i = 0; i < size; i++)
		console_feed(parts, data + i, 1);
	console_end(parts);
	check(whole, size);
	console_splats(whole, &na);
	console_splats(parts, &nb);
	if (na != nb)
		abort();
	tail = console_tail(whole, 5);
	if (strv_len(tail) > 5)
		abort();
	strv_free(tail);
	console_free(whole);
	console_free(parts);
	return 0;
}
