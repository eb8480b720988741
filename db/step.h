/*
 * The steps of a series: step k is the tree with patches 1..k applied, step 0
 * the base.
 */
#ifndef SLUICE_DB_STEP_H
#define SLUICE_DB_STEP_H

#include "db/db.h"
#include "db/series.h"
#include "db/words.h"
#include "lib/json.h"

struct step {
	int64_t series_id;
	int64_t step;
	char *subject, *author, *message_id;
	enum step_apply apply;
	char *reason, *file, *hunk;
	char *commit_id, *tree;
	struct json_object *files; /* [{"path","change"}] */
};

void step_done(struct step *s);
void step_list_free(struct step *list, size_t n);

/*
 * One transaction: base_* of s and all its steps. Where leading steps are
 * there with the same trees, their cells (step_build, step_boot) are kept; from
 * the first other step on cells are dropped, and the verdicts with them.
 * steps[i].series_id is taken from s.
 */
int series_set_steps(struct db *db, const struct series *s, const struct step *steps,
		     size_t n, struct err *err);
/* By step. */
int step_list(struct db *db, int64_t series_id, struct step **ret_list, size_t *ret_n,
	      struct err *err);

#endif
