/*
 * The guest's console: bytes in, markers and splats out. No descriptor inside.
 * Offsets count bytes of the stream from 0. Lines, the text of a splat and the
 * number of splats are capped; beyond that splats are counted only, but for the first
 * of each test: that one test floods the log hides nothing of the others.
 *
 * Once a line with printk's time stamp was seen, only such lines are the
 * kernel's: a program that writes "BUG:" to the console is not believed.
 */
#ifndef SLUICE_RUNNERS_CONSOLE_H
#define SLUICE_RUNNERS_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runners/splat.h"

/* The kernel's own are at most 1 KiB and a prefix. */
#define CONSOLE_LINE_MAX 4096
#define CONSOLE_SPLATS_MAX 100
#define CONSOLE_SPLAT_LINES_MAX 300
#define CONSOLE_NOWHERE UINT64_MAX

struct console_splat {
	enum splat_kind kind;
	char *title;
	char *key;
	char *text;      /* its lines, without time stamps */
	uint64_t offset; /* where its first line begins */
};

/* Where a test's marker lines are; CONSOLE_NOWHERE when they did not come. */
struct console_span {
	uint64_t from; /* the start marker's first byte */
	uint64_t to;   /* behind the done marker */
};

struct console;

/* Markers are "sluice NONCE start IDX" and "... done IDX", IDX below n. */
struct console *console_new(const char *nonce, unsigned int n);
void console_free(struct console *c);
void console_feed(struct console *c, const void *data, size_t len);
/* The end of the stream: a line or a splat that is still open is closed. */
void console_end(struct console *c);

uint64_t console_bytes(const struct console *c);
const struct console_splat *console_splats(const struct console *c, size_t *ret_n);
/* Splats that were not kept. */
uint64_t console_splats_dropped(const struct console *c);
struct console_span console_span(const struct console *c, unsigned int idx);
/* "Kernel panic - not syncing: ...", and nothing of ours after it; or NULL. */
const char *console_panic(const struct console *c);

/*
 * The last lines that matter: of the first splat its title and top of the
 * trace, else the last lines of all. At most n; NULL-terminated, strv_free.
 */
char **console_tail(const struct console *c, size_t n);

#endif
