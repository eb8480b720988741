/*
 * The main job in the foreground: one series through fetch, apply, build, boot,
 * judge and store. Progress goes to the observer; the results are in the
 * database, under the series' id.
 */
#ifndef SLUICE_DAEMON_RUN_H
#define SLUICE_DAEMON_RUN_H

#include <stdbool.h>

#include "daemon/config.h"
#include "lib/err.h"

struct db;
struct artifact_store;

/* What happens, as it happens; step -1 where it belongs to none. */
struct run_event {
	enum run_event_kind {
		RUN_PHASE,       /* text: "fetching ...", "importing base ..." */
		RUN_SERIES,      /* text: subject; total: patches; id: series id */
		RUN_BASE,        /* text: commit; status: how chosen; subject: tree */
		RUN_STEP,        /* a step was applied or not: step, text = how */
		RUN_BUILD_BEGIN, /* step, config; expected_s */
		RUN_BUILD_END,   /* status, seconds, reused, warnings */
		RUN_BOOT_BEGIN,  /* step, config, topology; expected_s */
		RUN_BOOT_END,    /* status, seconds, reused, passed/failed, id: run */
		RUN_TICK,        /* about once a second: done/total, expected_s = rest */
		RUN_NOTE,        /* text worth a line */
		RUN_BISECT,      /* a bisection begins: id, its row */
		RUN_SAID,        /* text: a line of it for people, as it is */
	} kind;
	int step, nsteps;
	const char *subject; /* of the step's patch, or NULL */
	const char *config, *topology;
	const char *status; /* the words */
	const char *text;
	double seconds, expected_s; /* expected_s < 0: not known */
	bool reused;
	bool deep;                   /* a boot of the deep tier */
	int passed, failed, skipped; /* tests */
	int known;    /* tests that fail by a known issue of the kernel: none of failed */
	int warnings; /* of a build: those that the step before it did not have */
	const char *failed_test; /* first one, or NULL */
	int done, total;         /* units of work */
	long long id;
};
typedef void (*run_event_fn)(const struct run_event *ev, void *arg);

typedef bool (*run_yield_fn)(void *arg);

struct run_opts {
	const struct config *config;
	const char *state_dir; /* absolute */
	const char *source;    /* SERIES as the user gave it */
	const char *input;     /* what that stands for by now: a copy of the mails, or a
				  range of commit ids; NULL: source itself */
	bool no_files;         /* source names no file here, whatever is there */
	const char *archive;   /* public-inbox to fetch it from; NULL: config's */
	long long version;     /* of those in its thread; 0: the newest */
	bool posted;           /* it came as a whole: an archive that lacks some of it
				  lags, and is ERR_MISSING */
	const char *jobs;   /* folder in STATE/jobs for this run alone; NULL: all of it */
	const char *tree;   /* NULL: config's */
	const char *base;   /* NULL: chosen */
	char *const *trees; /* further ones that the base may be in; or NULL */
	char *const *ladder; /* words of request.h; NULL: base-commit, blobs, head */
	const char *wish;    /* revision that the author asks for, or NULL */
	bool head; /* the tree's head by itself, without patches: source names it for
		      people */
	/* With head: base is a commit of the tree that is bisected, and commit another one,
	 * tested as the only step on it, so that only what differs is compiled; NULL: base
	 * alone. */
	const char *commit;
	const char *revert; /* this one, in full, is taken back on commit, and what comes of
			     * that is the only step; or NULL */
	/* This test of the last step is to have told good from bad in at least so many
	 * runs, whatever else is known. NULL: repeats are verdicts' own. */
	const char *repeat_test;
	int repeat_runs;
	const char *repo; /* where A..B is looked for first; NULL: cwd */
	char *const *configs, *const *topologies, *const *suites;
	run_event_fn on_event;
	/* NULL, or asked about once a second whether something more urgent waits: then
	 * what runs is finished, nothing else begun, and the run ends with ERR_STOPPED. */
	run_yield_fn yields;
	void *arg;
};

enum run_exit { RUN_CLEAN = 0, RUN_BROKEN = 1, RUN_UNUSABLE = 2, RUN_INFRA = 3 };

/*
 * Blocks until done (SIGINT and SIGTERM end it early with everything stored so
 * far, and ERR_STOPPED). The caller, or its parent, holds the state lock, and the
 * writable db is its own. Returns the exit
 * code as the issue defines it; err says why for RUN_UNUSABLE and RUN_INFRA.
 * *ret_series_id is 0 when it never got that far.
 */
enum run_exit run_series(struct db *db, struct artifact_store *artifacts,
			 const struct run_opts *opts, long long *ret_series_id,
			 struct err *err);

#endif
