/*
 * KTAP and TAP, the output of a test program: bytes in, results of its subtests
 * out. Nested results get "parent/child" as a name. "# data name=number" lines
 * are measurements. A reason is what follows "#" on a "not ok" line, else the
 * last diagnostic line before it. Everything is capped. No descriptor inside.
 * https://docs.kernel.org/dev-tools/ktap.html
 */
#ifndef SLUICE_RUNNERS_KTAP_H
#define SLUICE_RUNNERS_KTAP_H

#include <stdbool.h>
#include <stddef.h>

#define KTAP_LINE_MAX 1024
#define KTAP_SUBTESTS_MAX 1000
#define KTAP_DATA_MAX 200

enum ktap_result { KTAP_PASS, KTAP_FAIL, KTAP_SKIP };
const char *ktap_result_str(enum ktap_result r);

struct ktap_subtest {
	char *name;
	char *reason; /* NULL: none */
	enum ktap_result result;
	unsigned int depth;
};

struct ktap_data {
	char *name;
	double value;
};

struct ktap;

struct ktap *ktap_new(void);
void ktap_free(struct ktap *k);
void ktap_feed(struct ktap *k, const void *data, size_t len);
/* The end of the output: a last line without a newline counts. */
void ktap_end(struct ktap *k);

const struct ktap_subtest *ktap_subtests(const struct ktap *k, size_t *ret_n);
const struct ktap_data *ktap_data(const struct ktap *k, size_t *ret_n);

/* False when there was no plan, no result and no bail-out. */
bool ktap_seen(const struct ktap *k);

/* The guest's init dropped what came after its limit: results may be missing. */
bool ktap_is_cut(const struct ktap *k);

/*
 * What the output as a whole says: fail when a result is "not ok", when fewer
 * (unless it was cut) or more came than planned, or at "Bail out!"; skip when all
 * were skipped or none planned; else pass. *ret_reason (the caller frees, may become NULL):
 * "name: expected ..., saw ..." of the first that failed.
 */
enum ktap_result ktap_verdict(const struct ktap *k, char **ret_reason);
/*
 * "2 of 5 subtests skipped (name: why)", of those at the top and for the first of them;
 * NULL when none was, or there are no subtests. The caller frees.
 */
char *ktap_skipped(const struct ktap *k);
/*
 * Whether a program that says so by its exit status (4) was skipped: it planned more
 * than it came to, but nothing is "not ok" and it did not bail out. *ret_reason: of
 * the first skip, may become NULL; the caller frees.
 */
bool ktap_may_skip(const struct ktap *k, char **ret_reason);

#endif
