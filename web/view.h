/*
 * Everything the database knows about one series, read in one transaction: the
 * document, the page and the API print it and ask nothing more.
 */
#ifndef SLUICE_WEB_VIEW_H
#define SLUICE_WEB_VIEW_H

#include "db/bisection.h"
#include "db/boot.h"
#include "db/build.h"
#include "db/series.h"
#include "db/step.h"
#include "db/verdict.h"

struct series_view {
	struct series series;
	struct step *steps; /* by step */
	size_t nsteps;
	struct step_build *step_builds; /* by step, config, arch */
	size_t nstep_builds;
	struct build *builds; /* by id */
	size_t nbuilds;
	struct step_boot *step_boots; /* by step, config, arch, topology, n */
	size_t nstep_boots;
	struct boot *boots; /* by id */
	size_t nboots;
	struct result *results; /* by boot_id, seq */
	size_t nresults;
	struct verdict *verdicts; /* as judged */
	size_t nverdicts;
	struct bisection *bisections; /* that say what broke a test of its base */
	size_t nbisections;
};

/* 1 loaded, 0 no such series, -1 error; series_view_done in any case is fine. */
int series_view_load(struct db *db, int64_t id, struct series_view *ret, struct err *err);
void series_view_done(struct series_view *v);

/* NULL when it is none of the series' (also for DB_NO_INT). */
const struct build *view_build(const struct series_view *v, int64_t build_id);
const struct boot *view_boot(const struct series_view *v, int64_t boot_id);
/* What a bisection named for a test that fails on the base already; NULL: nothing. */
const struct bisection *view_bisection(const struct series_view *v,
				       const struct verdict *d);
/* The first of *ret_n results of a boot. */
const struct result *view_results(const struct series_view *v, int64_t boot_id,
				  size_t *ret_n);

#endif
