/*
 * Builds that happened, and which build stands for which step.
 */
#ifndef SLUICE_DB_BUILD_H
#define SLUICE_DB_BUILD_H

#include "db/db.h"
#include "db/used_by.h"
#include "db/words.h"
#include "lib/json.h"

struct build {
	int64_t id;
	char *key;
	char *base_key; /* config + toolchain + arguments, without trees */
	char *config, *arch, *target;
	char *tree;  /* the last of chain */
	char *chain; /* tree objects, base first, one space between */
	bool incremental;
	enum build_status status; /* never BUILD_SKIPPED */
	char *reason;
	struct json_object *error; /* {"file","line","text"} */
	double seconds, cpu_seconds;
	char *image, *log, *kconfig, *warnings; /* artifacts or NULL */
	int64_t compiled;
	char *toolchain;
	int64_t started, finished;
	int64_t attempts; /* kept by build_put */
};

struct step_build {
	int64_t series_id, step;
	char *config, *arch;
	int64_t build_id; /* DB_NO_INT when skipped */
	enum build_status status;
	char *reason; /* why skipped; else the build has it */
	bool reused;
	struct json_object *new_warnings; /* [{"file","line","flag","text"}] */
	struct json_object *not_built;    /* ["drivers/x.c"] */
};

void build_done(struct build *b);
void step_build_done(struct step_build *s);
void step_build_list_free(struct step_build *list, size_t n);
void build_list_free(struct build *list, size_t n);

/*
 * One transaction: the build and the step that asked for it. A row with the
 * same key is replaced (id kept, attempts counted). Sets b->id; sb->build_id
 * and sb->status are taken from b. sb may be NULL.
 */
int build_put(struct db *db, struct build *b, const struct step_build *sb,
	      struct err *err);
/* A step that was skipped or takes over an earlier build; replaces. */
int step_build_put(struct db *db, const struct step_build *sb, struct err *err);
/* Forgets which build stands for the step (it stays); series, step, config, arch. */
int step_build_clear(struct db *db, const struct step_build *of, struct err *err);

/* 1 found, 0 not, -1 error. */
int build_find(struct db *db, int64_t id, struct build *ret, struct err *err);
int build_find_by_key(struct db *db, const char *key, struct build *ret, struct err *err);

struct build_base {
	const char *message_id, *tree, *base, *config;
};

/* Return true to stop: *ret of build_find_by_tree is a copy of b then. */
typedef bool (*build_match_fn)(const struct build *b, void *arg);
/*
 * Finished builds (ok or fail) of a tree object by base_key, newest first,
 * until match says yes: the caller looks at the chain. 1 found, 0 not, -1
 * error.
 */
int build_find_by_tree(struct db *db, const char *base_key, const char *tree,
		       build_match_fn match, void *arg, struct build *ret,
		       struct err *err);

/*
 * Of the base of the series with that message-id on a tree, as last tested: its
 * build with an image for a config. base: its commit; NULL: any that sluice chose
 * by itself. 1 found, 0 not, -1 error.
 */
int build_find_base(struct db *db, const struct build_base *of, struct build *ret,
		    struct err *err);

/* By step, config, arch. */
int step_build_list(struct db *db, int64_t series_id, struct step_build **ret_list,
		    size_t *ret_n, struct err *err);
/* All that any step of the series uses, each once, by id. */
int build_list_of_series(struct db *db, int64_t series_id, struct build **ret_list,
			 size_t *ret_n, struct err *err);
int build_used_by(struct db *db, int64_t build_id, struct used_by **ret_list,
		  size_t *ret_n, struct err *err);

#endif
