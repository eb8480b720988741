/*
 * Trees that series are tested on, brought into the store as
 * refs/trees/<name>/<branch>. A local repository is borrowed by alternates and
 * only read; a URL is fetched; a tarball or a plain folder becomes one commit
 * on the branch "main", the same commit whenever the files are the same.
 * Blocks, for long with a URL or a tarball; meant for a command in the
 * foreground.
 */
#ifndef SLUICE_KERNELS_TREE_IMPORT_H
#define SLUICE_KERNELS_TREE_IMPORT_H

#include <stdbool.h>

#include "lib/err.h"

enum import_kind { IMPORT_LOCAL, IMPORT_URL, IMPORT_TARBALL, IMPORT_FOLDER };
const char *import_kind_str(enum import_kind kind);

/* Either a line of git fetch, or (line NULL) the number of files read so far. */
typedef void (*tree_progress_fn)(const char *line, unsigned long files, void *arg);

struct tree_import_opts {
	const char *store;         /* bare, there already */
	const char *name;          /* letters, digits, "._-" */
	const char *source;        /* path or URL */
	const char *git;           /* the program; NULL: "git" */
	tree_progress_fn progress; /* may be NULL */
	void *arg;
};

struct tree_info {
	enum import_kind kind;
	char ref[256];   /* the branch that a test starts from by default, */
	char commit[41]; /* and its commit */
	unsigned long branches;
	unsigned long files; /* imported now; 0 when nothing had to be */
	bool unchanged;
};

/* What SOURCE is, by looking at it. ERR_MISSING when it is nothing. */
int import_kind_of(const char *source, enum import_kind *ret, struct err *err);
bool tree_name_ok(const char *name);

int tree_import(const struct tree_import_opts *opts, struct tree_info *ret,
		struct err *err);
/*
 * Branch heads of a borrowed repository again (a few milliseconds); nothing to
 * do for the other kinds. For every test run.
 */
int tree_refresh(const char *store, const char *name, const char *source,
		 struct err *err);

#endif
