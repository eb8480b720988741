/*
 * What SERIES on the command line is: a file or folder of mails, a message-id
 * or archive URL, or a range of a local repository. Reads names and refs, not
 * mails.
 */
#ifndef SLUICE_DAEMON_SOURCE_H
#define SLUICE_DAEMON_SOURCE_H

#include <stdint.h>

#include "daemon/state.h"
#include "db/db.h"
#include "lib/err.h"

enum source_kind { SOURCE_MBOX, SOURCE_MAILDIR, SOURCE_MSGID, SOURCE_RANGE };
/* The words of the fetch role's job: "mbox", "maildir", "msgid"; "range". */
const char *source_kind_str(enum source_kind kind);

struct source {
	enum source_kind kind;
	char *text;        /* path, message-id, or the range as given */
	long long version; /* 0: the newest */
	char *repo;        /* SOURCE_RANGE: where it was found */
	char *tree;        /* the tree that borrows that repository, or NULL */
	char from[41], to[41];
};

/*
 * repo: where a range is looked for first (NULL: the repository around the
 * current folder), then in the local repositories of all trees. max: commits.
 */
int source_find(const char *text, const char *repo, struct db *db, long long max,
		struct source *ret, struct err *err);
void source_done(struct source *s);

/* A range has a base of its own: ERR_INPUT where a tree or base was asked for as well. */
int source_check_base(const struct source *s, const char *tree, const char *base,
		      struct err *err);

/*
 * Copies the mails to dst, for a role that may not be able to read them where
 * they are: one file, or a maildir; a folder of patch files becomes one mbox
 * in order of their names. ERR_LIMIT over max bytes in all.
 */
int source_copy(const struct source *s, const struct state *st, uint64_t max,
		const char *dst, struct err *err);

#endif
