/*
 * What all boots of one kernel came to: counts and times of each case, from their
 * records, one after the other. Pure. Holds four bytes for each result and no
 * record: boots may be many.
 */
#ifndef SLUICE_DAEMON_QUIET_TALLY_H
#define SLUICE_DAEMON_QUIET_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/json.h"
#include "runners/known_issues.h"
#include "runners/topology.h"

/* What something took on one topology, ms; sorted by quiet_tally_end. */
struct quiet_times {
	size_t topology; /* index in the tally */
	uint32_t *ms;
	size_t n;
};

/* A test, or a suite (its whole rounds, times only). */
struct quiet_case {
	char *name; /* "mlock-migrate/compaction", "mlock-migrate" */
	uint64_t rounds, failed, known, skipped,
		not_run;           /* rounds: that came to a word */
	uint64_t partly;           /* passed, with subtests skipped */
	uint64_t missed;           /* passed where a known issue says it fails */
	struct quiet_times *times; /* of passed rounds; of a suite: complete ones */
	size_t ntimes;
};

struct quiet_tally {
	struct topology *const *topologies; /* the caller's */
	size_t ntopologies;
	uint64_t *boots_on; /* of each topology */
	uint64_t boots, lost, older;
	uint64_t timeouts, died; /* of boots: ended at a deadline; by panic, hang ... */
	uint64_t bad_boots;      /* with a failure that no known issue explains */
	uint64_t boot_failures;  /* of the boot itself */
	uint64_t failures;       /* of all, the boots' own with them */
	struct quiet_case *cases, *suites;
	size_t ncases, nsuites;
	char *kernel; /* version that the last one said, or NULL */
};

struct quiet_tally *quiet_tally_new(struct topology *const *topologies, size_t n);
void quiet_tally_free(struct quiet_tally *t);
/*
 * Adds a boot. One that was lost is counted as such; so is, as "older", one of a
 * topology that is none of the tally's, or has changed since.
 */
void quiet_tally_add(struct quiet_tally *t, struct json_object *record,
		     const struct known_issues *known);
/* Sorts the times: after the last record. */
void quiet_tally_end(struct quiet_tally *t);

struct quiet_case *quiet_tally_case(struct quiet_tally *t, const char *name);
/* Of a sorted one, n > 0; of an even number the mean of the middle two. */
double quiet_times_median_ms(const struct quiet_times *times);

#endif
