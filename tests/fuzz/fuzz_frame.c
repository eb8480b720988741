/*
 * Arbitrary bytes to the result port's reader. A '!' in the input is replaced
 * by the rest of its line as a good frame, or nothing would get past the
 * checksum.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "runners/frame.h"

#define NONCE "0123456789abcdef0123456789abcdef"
#define TESTS 3

static void on_frame(const struct frame_event *e, void *arg)
{
	unsigned int *n = arg;

	(*n)++;
	if (e->kind != FRAME_HELLO && (e->n > TESTS || e->idx >= TESTS))
		abort();
	if (e->kind == FRAME_OUT && (!e->text || e->text[e->len]))
		abort();
}

static void expand(struct str *out, const char *p, const char *end)
{
	unsigned int seq = 0;

	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		const char *stop = nl ? nl : end;

		if (*p == '!') {
			size_t len = (size_t)(stop - p - 1);

			str_addf(out, "@" NONCE " %u %zu %08x ", seq++, len,
				 frame_crc32(p + 1, len));
			p++;
		}
		str_addn(out, p, (size_t)(stop - p));
		str_addc(out, '\n');
		p = stop + (nl != NULL);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct frame *whole = frame_new(NONCE, TESTS), *parts = frame_new(NONCE, TESTS);
	struct str text = STR_INIT;
	unsigned int a = 0, b = 0;

	expand(&text, (const char *)data, (const char *)data + size);
	frame_feed(whole, str_get(&text), text.len, on_frame, &a);
	for (size_t i = 0; i < text.len; i++)
		frame_feed(parts, text.data + i, 1, on_frame, &b);
	if (a != b ||
	    memcmp(frame_stats(whole), frame_stats(parts), sizeof(struct frame_stats)))
		abort();
	str_done(&text);
	frame_free(whole);
	frame_free(parts);
	return 0;
}
