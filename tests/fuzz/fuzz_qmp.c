/*
 * Arbitrary bytes to the QMP reader, whole and in pieces. The two may differ on
 * broken input: json-c takes "1-" for a number or not, by where it was cut.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runners/qmp.h"

#define MESSAGES_MAX 50

struct sum {
	uint64_t n;
	uint64_t text;
};

static void on_message(const struct qmp_message *m, void *arg)
{
	struct sum *s = arg;

	s->n++;
	s->text += strlen(m->name) * 3 + strlen(m->text) + (uint64_t)m->kind;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct qmp *whole = qmp_new(MESSAGES_MAX), *parts = qmp_new(MESSAGES_MAX);
	struct sum a = { 0, 0 }, b = { 0, 0 };
	struct err err;
	int ra = qmp_feed(whole, data, size, on_message, &a, &err);
	int rb = 0;

	for (size_t i = 0; i < size && rb == 0; i++)
		rb = qmp_feed(parts, data + i, 1, on_message, &b, &err);
	if (a.n > MESSAGES_MAX || b.n > MESSAGES_MAX)
		abort();
	if (ra == 0 && rb == 0 && (a.n != b.n || a.text != b.text))
		abort();
	qmp_free(whole);
	qmp_free(parts);
	return 0;
}
