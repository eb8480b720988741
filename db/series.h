/*
 * Series (their steps: db/step.h).
 *
 * A row is one series on one state of one tree: its key is made before a base
 * is chosen (the id names the object folder that applying needs), so that the
 * same command finds its own unfinished work again, while the same mails on
 * another tree, another --base, or after the tree moved are a row of their
 * own. What was built and booted is shared between rows by its own keys.
 */
#ifndef SLUICE_DB_SERIES_H
#define SLUICE_DB_SERIES_H

#include "db/db.h"
#include "db/words.h"
#include "lib/json.h"
#include "lib/sha256.h"

struct series {
	int64_t id;
	char *key;        /* series_key() */
	char *message_id; /* git-<tip> for a range */
	int64_t version;
	char *subject, *author;
	int64_t date;
	int64_t patches;                          /* announced */
	char *cover;                              /* or NULL */
	char *source;                             /* as given by the user */
	char *mbox;                               /* artifact or NULL */
	struct json_object *trailers;             /* [{"patch","trailer"}] */
	char *tree;                               /* name */
	char *base_commit, *base_tree, *base_how; /* NULL until chosen */
	struct json_object *base_tried; /* [{"rung","tree","commit","ref","why_not"}] */
	struct json_object *wanted;     /* {"configs":[],"topologies":[],"suites":[]} */
	enum series_state state;
	char *reason;             /* with SERIES_CANCELLED and _FAILED, as of its job */
	int64_t created, updated; /* set by this module */
};

/* A line of the list page. */
struct series_line {
	struct series s;
	int64_t verdicts[VERDICT_WORDS]; /* all kinds but warning */
	int64_t warnings;                /* warning verdicts that are not pass */
};

void series_done(struct series *s);
void series_line_list_free(struct series_line *list, size_t n);

/*
 * content: any text that names what is applied (hash over the mails, or tip
 * commit); base: the resolved --base, or a text that names the tree's heads.
 */
void series_key(const char *message_id, int64_t version, const char *content,
		const char *tree, const char *base, char ret_key[SHA256_HEX]);

/*
 * Inserts s, or when its key is there updates what the mails say and wanted,
 * state and reason; base and created stay. Sets s->id.
 */
int series_put(struct db *db, struct series *s, struct err *err);
int series_set_state(struct db *db, int64_t id, enum series_state state,
		     const char *reason, struct err *err);
/* base_* of s alone, and tree where it is set; series_set_steps does it too. */
int series_set_base(struct db *db, const struct series *s, struct err *err);
int series_delete(struct db *db, int64_t id, struct err *err);

/* 1 found, 0 not, -1 error. By message-id: version 0 means the highest; the row last updated. */
int series_find(struct db *db, int64_t id, struct series *ret, struct err *err);
int series_find_by_key(struct db *db, const char *key, struct series *ret,
		       struct err *err);
int series_find_by_msgid(struct db *db, const char *message_id, int64_t version,
			 struct series *ret, struct err *err);
/* Newest first. *ret_total: number of all rows. */
int series_list(struct db *db, int64_t limit, int64_t offset,
		struct series_line **ret_list, size_t *ret_n, int64_t *ret_total,
		struct err *err);
/* One of them: 1 found, 0 not, -1 error. */
int series_line_find(struct db *db, int64_t id, struct series_line *ret, struct err *err);

#endif
