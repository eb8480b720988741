/*
 * What a series did to each (config, topology, test).
 */
#ifndef SLUICE_DB_VERDICT_H
#define SLUICE_DB_VERDICT_H

#include "db/db.h"
#include "db/words.h"
#include "lib/json.h"

/* What the reason of a verdict begins with that known-issues.ini explains: with
 * "pre-existing" nothing else is wrong there. */
#define VERDICT_KNOWN_ISSUE "known issue of the kernel"

struct verdict {
	int64_t series_id, seq; /* set by verdict_replace: the place in the list */
	enum verdict_kind kind;
	char *config, *topology, *test; /* NULL where it does not apply */
	enum verdict_word verdict;
	int64_t from_step, until_step;  /* DB_NO_INT: none */
	struct json_object *candidates; /* [3] or NULL */
	struct json_object *repairs;    /* [5] or NULL, the same for until_step */
	int64_t runs, failures;         /* DB_NO_INT: does not apply */
	double probability;             /* DB_NO_REAL: none */
	char *reason;                   /* one line */
	struct json_object *evidence;   /* ["…"] lines that matter, or NULL */
	int64_t boot_id;                /* the run that shows it, or DB_NO_INT */
	struct json_object *odds;       /* what the probability is made of, or NULL */
};

/* All fields "none". */
#define VERDICT_INIT                                                                   \
	{                                                                              \
		.from_step = DB_NO_INT, .until_step = DB_NO_INT, .runs = DB_NO_INT,    \
		.failures = DB_NO_INT, .probability = DB_NO_REAL, .boot_id = DB_NO_INT \
	}

bool verdict_is_known_issue(const struct verdict *v);
void verdict_done(struct verdict *v);
void verdict_list_free(struct verdict *list, size_t n);

/* One transaction: drops the series' verdicts, writes these, sets its state. */
int verdict_replace(struct db *db, int64_t series_id, const struct verdict *list,
		    size_t n, enum series_state state, struct err *err);
/* As written. */
int verdict_list(struct db *db, int64_t series_id, struct verdict **ret_list,
		 size_t *ret_n, struct err *err);

/* Fails before the first patch, by what the kernel is not known to have wrong. */
bool verdict_is_failing(const struct verdict *v);

#endif
