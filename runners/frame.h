/*
 * The result port: the guest's second serial line, bytes in, frames out. No
 * descriptor inside. First the guest says "HELLO sluice 1" until it is given a
 * plan, then every line is a frame
 *
 *   @<nonce> <seq> <len> <crc32 hex of payload> <payload>
 *
 * with seq counting from 0. What is no frame, has another nonce, a bad
 * checksum, a wrong length, or a number that was there already is dropped and
 * counted: noise between frames does no harm, and nothing that does not know
 * the nonce is believed. Lines are capped; longer ones are dropped whole.
 */
#ifndef SLUICE_RUNNERS_FRAME_H
#define SLUICE_RUNNERS_FRAME_H

#include <stddef.h>
#include <stdint.h>

#define FRAME_LINE_MAX 4096
#define FRAME_NONCE_LEN 32
#define FRAME_PLAN_MAX 65535 /* bytes of a plan that the guest's init takes */

enum frame_kind {
	FRAME_HELLO, /* n: the protocol's version; only before FRAME_PLAN */
	FRAME_PLAN,  /* n: tests that the guest is going to run */
	FRAME_START, /* idx */
	FRAME_OUT,   /* idx, text, len: one line of output */
	FRAME_DONE,  /* idx, how, code, ms */
	FRAME_END,   /* n: tests that it ran */
};

enum frame_how {
	FRAME_EXIT,
	FRAME_SIGNAL,
	FRAME_TIMEOUT,
	FRAME_OOM, /* killed by the kernel for want of memory */
	/*
	 * Ended by itself, but left behind what cannot be undone. code 1: a
	 * process that cannot be killed; 2: a CPU, memory or swap.
	 */
	FRAME_UNCLEAN,
};

struct frame_event {
	enum frame_kind kind;
	unsigned int n;
	unsigned int idx; /* below the n given to frame_new */
	enum frame_how how;
	int code;
	uint64_t ms;
	const char *text; /* borrowed for the call, NUL-terminated */
	size_t len;
};

struct frame_stats {
	uint64_t frames;  /* good ones */
	uint64_t foreign; /* frames with another nonce */
	uint64_t damaged; /* ours, with a bad length, checksum, number or payload */
	uint64_t lost;    /* numbers that never came */
	uint64_t noise;   /* lines that are no frames */
};

typedef void (*frame_fn)(const struct frame_event *e, void *arg);

struct frame;

/* For a plan of n tests; the nonce is copied. */
struct frame *frame_new(const char *nonce, unsigned int n);
void frame_free(struct frame *f);
void frame_feed(struct frame *f, const void *data, size_t len, frame_fn fn, void *arg);
const struct frame_stats *frame_stats(const struct frame *f);

/* One test of the plan that answers a HELLO. */
struct frame_test {
	const char *const *argv;
	uint64_t deadline_ms;
};

/* The answer to a HELLO, "PLAN ..." and its lines; the caller frees. */
char *frame_plan(const char *nonce, const struct frame_test *tests, unsigned int n);

/* CRC-32 as in zlib and Ethernet (reflected 0xedb88320). */
uint32_t frame_crc32(const void *data, size_t len);

#endif
