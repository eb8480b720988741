/*
 * A test's output as KTAP version 1 on stdout. One case a process: ktap_begin
 * with the number of checks, one ktap_check or ktap_skip for each of them, and
 * "return ktap_end();" from main. Figures go out as "# data name=number" lines
 * at any time.
 */
#ifndef SLUICE_GUEST_KTAP_H
#define SLUICE_GUEST_KTAP_H

#include <stdbool.h>

enum ktap_exit {
	KTAP_PASS = 0,
	KTAP_FAIL = 1,
	KTAP_SKIP = 4,
};

/* The numbers so far, to be carried between processes (common/turn.h). */
struct ktap_state {
	unsigned planned, run, failed, skipped;
};

void ktap_save(struct ktap_state *ret);
void ktap_restore(const struct ktap_state *state);

/* So many checks come besides those that ktap_begin is told of. To be called before it. */
void ktap_besides(unsigned checks);
void ktap_begin(unsigned planned);
/*
 * One result line; gives ok back. The text after it is shown only on failure
 * and says "expected ..., saw ...".
 */
bool ktap_check(bool ok, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void ktap_skip(const char *name, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void ktap_data(const char *name, long long value);
void ktap_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* 0 all passed (some may be skipped), 1 one failed or is missing, 4 all skipped. */
int ktap_end(void);
/*
 * Ends the process: the whole case cannot run here, or cannot go on (that is a
 * failure: our own set-up worked on a good kernel).
 */
void ktap_skip_all(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
void ktap_bail(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
