/*
 * Boots that happened, and which boots stand for which step (their results:
 * db/result.h). A boot's id is the run number that people see.
 */
#ifndef SLUICE_DB_BOOT_H
#define SLUICE_DB_BOOT_H

#include "db/db.h"
#include "db/result.h"
#include "db/used_by.h"
#include "db/words.h"
#include "lib/json.h"

struct boot {
	int64_t id;
	char *key;
	char *image;     /* artifact */
	char *initramfs; /* sha256 */
	char *config, *arch;
	char *topology, *topology_text;
	char *cmdline, *accel, *qemu_version;
	struct json_object *argv; /* ["qemu-system-x86_64", …] */
	struct json_object *plan; /* [{"test","argv","deadline_ms"}] */
	enum boot_status status;  /* never BOOT_SKIPPED */
	char *phase, *reason;
	double seconds;
	double boot_seconds;              /* DB_NO_REAL when init never came up */
	char *console;                    /* artifact or NULL */
	struct json_object *splats;       /* [{"title","key","text"}] outside any test */
	struct json_object *console_tail; /* ["…"] */
	bool alone, infra;
	int64_t started, finished;
};

struct step_boot {
	int64_t series_id, step;
	char *config, *arch, *topology;
	int64_t n; /* from 1 within the cell */
	enum boot_role role;
	int64_t boot_id; /* DB_NO_INT when skipped */
	char *reason;    /* why skipped */
	bool reused;
	/* [{"test","reason"}]: its failures that a known issue of the kernel explained when
	 * the step took it. NULL: none, and from versions that did not tell. */
	struct json_object *known;
};

void boot_done(struct boot *b);
void boot_list_free(struct boot *list, size_t n);
void step_boot_done(struct step_boot *s);
void step_boot_list_free(struct step_boot *list, size_t n);

/*
 * One transaction: boot, results, and the cell (sb may be NULL; its boot_id is
 * taken from b, an n of 0 becomes the next of the cell). Sets b->id.
 */
int boot_put(struct db *db, struct boot *b, const struct result *results, size_t n,
	     const struct step_boot *sb, struct err *err);
/* A cell that was skipped or takes over an earlier boot; replaces cell and n; n 0: the next. */
int step_boot_put(struct db *db, const struct step_boot *sb, struct err *err);
/* Forgets the cells of a step on a topology (its boots stay): before it is run anew. */
int step_boot_clear(struct db *db, const struct step_boot *cell, struct err *err);

/* 1 found, 0 not, -1 error. */
int boot_find(struct db *db, int64_t id, struct boot *ret, struct err *err);
/* All with that key that are not infra, newest first. */
int boot_list_by_key(struct db *db, const char *key, struct boot **ret_list,
		     size_t *ret_n, struct err *err);
/* Whether a series other than this one made the boot, as far as that is still known. */
int boot_is_foreign(struct db *db, int64_t id, int64_t series_id, bool *ret,
		    struct err *err);
/* All boots that any step of the series uses, each once, by id. */
int boot_list_of_series(struct db *db, int64_t series_id, struct boot **ret_list,
			size_t *ret_n, struct err *err);
/* By step, config, arch, topology, n. */
int step_boot_list(struct db *db, int64_t series_id, struct step_boot **ret_list,
		   size_t *ret_n, struct err *err);
/* As the step that took the boot last has it: step_boot.known, NULL for none; the caller
 * puts it. */
int boot_known(struct db *db, int64_t boot_id, struct json_object **ret, struct err *err);
/* Out of step_boot.known: why the test is known to fail, or NULL. Borrowed. */
const char *boot_known_reason(struct json_object *known, const char *test);
int boot_used_by(struct db *db, int64_t boot_id, struct used_by **ret_list, size_t *ret_n,
		 struct err *err);

#endif
