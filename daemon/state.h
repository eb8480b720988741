/*
 * The state folder: where everything lies, who owns it, and who builds. All
 * paths are absolute. The supervisor owns the database, the git store and the
 * artifacts; what a build or a guest may write belongs to the build user.
 */
#ifndef SLUICE_DAEMON_STATE_H
#define SLUICE_DAEMON_STATE_H

#include <sys/types.h>

#include "daemon/config.h"
#include "lib/err.h"

struct state {
	char *dir;
	char *db_path; /* sluice.db */
	char *git;     /* the bare store of all trees */
	char *series;  /* a bare repository for each series */
	char *artifacts;
	char *src; /* checked-out sources */
	char *out; /* build output, a cache */
	char *jobs;
	char *self;      /* our binary, where the build user can reach it */
	char *guest_dir; /* the guest's programs, likewise */
	uid_t uid;       /* who builds and boots; never 0 */
	gid_t gid;
};

/* Without opening anything: /var/lib/sluice, $XDG_STATE_HOME/sluice, or the
 * option's or configuration's folder, made absolute. The caller frees. */
char *state_default_dir(const char *option, const struct config *config);

/*
 * Makes the folders that are missing, finds the build user (as root) and
 * copies our binary and the guest programs to bin/ by content, so that the
 * build user reaches them when the project lies below a 0700 folder. Refuses a
 * state folder which the build user cannot reach. The caller frees.
 */
int state_open(const char *dir, const struct config *config, struct state **ret_state,
	       struct err *err);
void state_free(struct state *st);

/*
 * A fresh folder JOBS/<role>-XXXXXX, ours, with a folder "job" in it that
 * belongs to the build user and is all that the role sees; its log and result
 * lie beside that, out of its reach. The caller frees.
 */
char *state_job_dir(struct state *st, const char *role, struct err *err);
/* From now on jobs is that folder in it, which is made: the others are not ours. */
int state_own_jobs(struct state *st, const char *name, struct err *err);
/*
 * Removes what only a run needs: job folders, folders of a series, half-made
 * ones of a base. For whoever holds the lock, before it starts.
 */
int state_clean(struct state *st, struct err *err);
/*
 * Gives a finished folder or file its final name, after its file system was
 * synced: what is there under that name after a power cut is whole.
 */
int state_commit(const char *tmp, const char *path, struct err *err);
/* mkdir, owned by the build user; one that is there keeps its owner. */
int state_make_shared(const struct state *st, const char *path, struct err *err);
/* mkdir, owned by the build user. */
int state_make_owned(const struct state *st, const char *path, struct err *err);
/* Copies a file into a job folder and gives it to the build user. */
int state_give_file(const struct state *st, const char *src, const char *dst,
		    struct err *err);

#endif
