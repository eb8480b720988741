/*
 * One series on its way: what the files of the pipeline share. pipeline.c says
 * what follows what; intake.c brings the patches and the steps; walk.c builds
 * them one after the other; boots.c and its kin boot them; verdicts.c judges. Everything
 * here lives in one thread on one event loop and belongs to run_series.
 */
#ifndef SLUICE_DAEMON_SERIES_RUN_H
#define SLUICE_DAEMON_SERIES_RUN_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "daemon/plan.h"
#include "daemon/role.h"
#include "daemon/run.h"
#include "daemon/sched.h"
#include "db/artifact.h"
#include "db/boot.h"
#include "db/build.h"
#include "db/history.h"
#include "db/series.h"
#include "db/step.h"
#include "db/verdict.h"
#include "kernels/store.h"

/* A build of one step and config, known or to be made. */
struct walk_build {
	bool wanted;  /* of a deep config only some are */
	bool decided; /* status is final for this run */
	enum build_status status;
	bool reused;
	int64_t build_id; /* DB_NO_INT when skipped */
	char *image;      /* artifact, when ok */
	char *warnings;   /* artifact with the carried set, or NULL */
	int new_warnings; /* of them, that the step before it did not have */
	struct json_object *not_built;
	int attempts; /* lost to our own trouble so far */
	bool waits;   /* with its quick boots, for selftests of the step */
};

/* The programs that a suite wants of the tree of a step (runners/suite.h). */
struct walk_selftests {
	bool wanted;
	bool decided;                 /* final for this run */
	char *folder;                 /* NULL: the tree has none */
	struct json_object *programs; /* as in db/selftests.h; NULL: lost, see why */
	char *why;
	int attempts; /* lost to our own trouble so far */
};

/* The output folder of one config, and what was built in it. */
struct walk_out {
	char *base_dir; /* clean base output, shared by series */
	bool base_ready;
	unsigned base_made;        /* by walk.clock; 0: before this run */
	char *dir;                 /* of this series; NULL: none yet */
	int at;                    /* step that was built in it last */
	struct str chain;          /* trees built in it, base first */
	char *warnings;            /* artifact with the set carried in it */
	char base_key[SHA256_HEX]; /* config, make arguments, toolchain */
};

#define WALK_NO_SUITE ((size_t)-1)

struct walk {
	char *src_base; /* source folder of the base tree */
	bool src_base_ready;
	char *src;                        /* of this series; NULL: none yet */
	int src_at;                       /* step that lies in it */
	int src_to;                       /* step that is being written into it */
	unsigned src_left_base;           /* by clock, when it was last at step 0 */
	unsigned clock;                   /* counts what time stamps have to tell apart */
	struct walk_out *out;             /* one for each config */
	struct walk_build *builds;        /* [step * nconfigs + config] */
	struct walk_selftests *selftests; /* [step * nsuites + suite] */
	char **selftests_out; /* output folder of each suite; NULL: none yet */
	bool busy;            /* a job of the walk runs */
	int step;             /* what is being worked on */
	size_t config;
	size_t suite; /* its selftests, not a build; else WALK_NO_SUITE */
	int building; /* step of the build that runs: 0 also when a base is made again */
};

/* A boot that is wanted, runs or is done. */
struct run_boot {
	struct series_run *run;
	size_t index; /* in run->boots */
	int step;
	size_t config, topology;
	bool deep; /* of the deep tier: never with quick tests of a quick config */
	enum boot_role role;
	enum sched_job_state state;
	bool alone;
	long waits_for;           /* index of a boot with the same key, or -1 */
	struct json_object *plan; /* tests, deadlines as the suite has them */
	/* [{"test","result","reason"}]: those of the cell that no program was made
	 * for, with what becomes of them; NULL: none. */
	struct json_object *unmade;
	const struct run_initramfs *initramfs;
	char *image;
	char key[SHA256_HEX];
	int attempts; /* lost to our own trouble so far */
	struct role *child;
	double began;
	/* Once it is done: */
	bool lost; /* to our own trouble; nothing else is filled */
	bool reused;
	bool foreign;     /* reused, and another series made it: that paid for it */
	bool recalled;    /* reused, as one more run of its cell */
	bool recall_done; /* of a first one: boots_recall was asked */
	struct boot boot;
	struct result *results;
	size_t nresults;
	const struct known_issue **issues; /* what explains each of them; NULL: none */
};

/* A step of a (config, topology) that the deep tier may look at. */
enum deep_state {
	DEEP_NO,    /* not asked for */
	DEEP_ASKED, /* wanted; its kernel is not there yet */
	DEEP_DONE,  /* its boot is planned, or can never be */
};

struct series_run;

/* What follows what, filled in by pipeline.c: the parts do not know each other. */
struct run_flow {
	/* After everything that ended: looks what can be started now. */
	void (*advance)(struct series_run *r);
	/* The steps are there. */
	void (*applied)(struct series_run *r);
	/* The image of a step is known, or will never be. */
	int (*built)(struct series_run *r, int step, size_t config, struct err *err);
	/* The selftests that a suite wants of a step are decided. */
	int (*tests_built)(struct series_run *r, int step, struct err *err);
};

struct series_run {
	const struct run_flow *flow;
	const struct run_opts *opts;
	struct db *db;
	struct artifact_store *artifacts;
	struct state *state;
	sd_event *event;
	struct role_host host;
	struct plan *plan;

	struct series series;
	struct json_object *mails; /* fetch's list of patches, NULL for a range */
	char *repo;                /* the series' object folder */
	char *range_repo;          /* NULL unless a range */
	char range_from[41], range_to[41];
	char *base_option; /* resolved --base, or NULL */
	char **trees;      /* that the base may be in, the default one first */
	char *wish_commit; /* what the author's wish stands for, or NULL */
	char **good;       /* commits of the first tree that passed all tests */
	char *base_commit; /* what the mails name, or NULL */
	struct step *steps;
	size_t nsteps; /* all, with those not reached */
	int ntested;   /* steps 0..ntested-1 have a tree */

	struct walk walk;
	struct run_boot **boots;
	size_t nboots;
	struct history_list *
		*past; /* [config * ntopologies + topology]; NULL: not asked yet */
	unsigned char *
		deep; /* enum deep_state, [(step * nconfigs + config) * ntopologies + topology] */
	struct run_initramfs {
		char *path; /* of the artifact */
		char sha[SHA256_HEX];
	} initramfs[2]; /* of the quick tier, of the deep one; without selftests */
	struct boot_files *files; /* with selftests */
	char **cmdlines;          /* of the kernel, [config * ntopologies + topology] */

	bool yields;   /* nothing new is begun */
	bool stopping; /* a signal came */
	bool fatal;    /* err says why we cannot go on */
	enum run_exit exit;
	struct err err;
	struct role *role; /* of intake, walk: one at a time */
	double began;
};

double run_now(void);
/* Memory that builds and guests may use together, bytes. */
uint64_t run_memory(const struct series_run *r);
/* Tells the observer. */
void run_emit(struct series_run *r, const struct run_event *ev);
void run_phase(struct series_run *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void run_note(struct series_run *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Ends the run with this exit and r->err. */
void run_fail(struct series_run *r, enum run_exit code);

struct walk_build *run_build(struct series_run *r, int step, size_t config);
struct walk_selftests *run_selftests(struct series_run *r, int step, size_t suite);
bool run_config_is_deep(const struct series_run *r, size_t config);
enum deep_state run_deep(const struct series_run *r, int step, size_t config,
			 size_t topology);

/* True when no child runs. */
bool run_idle(const struct series_run *r);

/* intake.c: fetch, store, apply. Ends in flow->applied or run_fail. */
void intake_start(struct series_run *r);
/* Keeps the texts of its patches, where apply left them. */
int intake_keep_patches(struct series_run *r, const struct role_end *end,
			struct err *err);

/* intake_base.c: the trees as they are now, and what is known of them; sets trees,
 * base_option, wish_commit, good. wanted: as in series.wanted. ERR_INPUT when the
 * tree, or --base, is not there. */
int intake_trees(struct series_run *r, struct json_object *wanted, struct err *err);
/* A text that changes whenever the base might. The caller frees. */
int intake_base_text(struct series_run *r, char **ret, struct err *err);
/* What the job of apply says of the base. */
int intake_base_job(struct series_run *r, struct json_object *job, struct err *err);
/* What it answered, into the series. */
void intake_take_base(struct series_run *r, struct json_object *base);

/* walk.c */
int walk_init(struct series_run *r, struct err *err);
void walk_done(struct series_run *r);
/* Decides what needs no work, from the front; true when a build is left to make. */
bool walk_waiting(struct series_run *r);
/* Starts the next job that the build at the front needs. */
void walk_step(struct series_run *r);
/* What is at the front is of the deep tier. */
bool walk_is_deep(const struct series_run *r);
/*
 * Whether the selftests of the step that a cell's tests need are decided. Asks for
 * those that are not; *ret_asked is set when that is news.
 */
bool walk_selftests_ready(struct series_run *r, int step, const struct plan_cell *cell,
			  bool *ret_asked);

/* boots.c, boots_more.c, boots_run.c */
void boots_done(struct series_run *r);
/* The image of a step is known, or will never be: makes its cells of the quick tier. */
int boots_plan_step(struct series_run *r, int step, size_t config, struct err *err);
/* The deep tier wants this step, whose build is decided. */
int boots_plan_deep(struct series_run *r, int step, size_t config, size_t topology,
		    struct err *err);
/* On trouble of ours the boot is lost, and the next flow->advance sees that. */
void boots_start(struct series_run *r, size_t i);
/* Makes the further boots that cells need to run the tests that a dead guest did not
 * reach. */
int boots_plan_rest(struct series_run *r, struct err *err);
/* Seconds that such a boot is likely to take, or -1. */
double boots_expected(struct series_run *r, const struct plan_cell *cell);

/* verdicts.c */
int verdicts_write(struct series_run *r, enum run_exit *ret_exit, struct err *err);

#endif
