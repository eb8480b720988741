#include "cli/context.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/state.h"
#include "db/state_lock.h"
#include "lib/file.h"
#include "lib/log.h"

/* Says it and keeps it, for who has to say it elsewhere too. Returns rc. */
static int fail(struct context *cx, const struct err *err, int rc)
{
	cx->why = *err;
	log_error("%s", err->msg);
	return rc;
}

int context_config(struct context *cx, const struct cmd_common *common)
{
	AUTO(str_done) struct str complaints = STR_INIT;
	struct err err = { 0 };

	if (config_load(common->config_file, &cx->config, &complaints, &err) < 0) {
		fputs(str_get(&complaints), stderr);
		return fail(cx, &err, EXIT_USAGE);
	}
	cx->dir = state_default_dir(common->state_dir, cx->config);
	return EXIT_OK;
}

static int open_stores(struct context *cx, enum db_mode mode, struct err *err)
{
	AUTO_FREE char *db_path = path_join(cx->dir, "sluice.db", NULL);
	AUTO_FREE char *artifacts = path_join(cx->dir, "artifacts", NULL);
	int rc = db_open(db_path, mode, &cx->db, err);

	/* Where nobody wrote yet there is nothing to see, which is no mistake. */
	if (rc < 0 && mode == DB_READ && err->code == ERR_MISSING)
		rc = db_open_empty(&cx->db, err);
	if (rc < 0)
		return -1;
	return artifact_store_new(artifacts, cx->db, &cx->artifacts, err);
}

/* After an upgrade of sluice, whoever comes first converts; only a writer may. */
static int convert(struct context *cx, struct err *err)
{
	struct err why = { 0 };
	int lock = -1, rc;

	if (state_lock(cx->dir, "sluice, converting its database", &lock, &why) < 0)
		return -1; /* err says what is wrong with the database */
	rc = open_stores(cx, DB_WRITE, err);
	artifact_store_free(cx->artifacts);
	db_close(cx->db);
	cx->artifacts = NULL;
	cx->db = NULL;
	close(lock);
	return rc;
}

int context_open_read(struct context *cx)
{
	struct err err = { 0 };
	int rc = open_stores(cx, DB_READ, &err);

	if (rc < 0 && err.code == ERR_INPUT && convert(cx, &err) == 0)
		rc = open_stores(cx, DB_READ, &err);
	return rc < 0 ? fail(cx, &err, EXIT_INFRA) : EXIT_OK;
}

int context_open_beside(struct context *cx)
{
	AUTO_FREE char *db_path = path_join(cx->dir, "sluice.db", NULL);
	AUTO_FREE char *artifacts = path_join(cx->dir, "artifacts", NULL);
	struct err err = { 0 };

	/* Read first: who writes would convert it under the other's feet. */
	if (db_open(db_path, DB_READ, &cx->db, &err) == 0) {
		db_close(cx->db);
		cx->db = NULL;
		if (db_open(db_path, DB_WRITE, &cx->db, &err) == 0 &&
		    artifact_store_join(artifacts, cx->db, &cx->artifacts, &err) == 0)
			return EXIT_OK;
	}
	return fail(cx, &err, EXIT_INFRA);
}

int context_read(struct context *cx, const struct cmd_common *common)
{
	int rc = context_config(cx, common);

	return rc == EXIT_OK ? context_open_read(cx) : rc;
}

int context_open_write(struct context *cx, const char *command)
{
	struct err err = { 0 };

	if (dir_make(cx->dir, 0755, &err) < 0 ||
	    state_lock(cx->dir, command, &cx->lock, &err) < 0) {
		if (err.code == ERR_BUSY) {
			const struct err busy = err;

			err_set(&err, ERR_BUSY, "%.400s; wait for its end, or stop it",
				busy.msg);
		}
		return fail(cx, &err, EXIT_INFRA);
	}
	cx->locked = true;
	return open_stores(cx, DB_WRITE, &err) < 0 ? fail(cx, &err, EXIT_INFRA) : EXIT_OK;
}

int context_write(struct context *cx, const struct cmd_common *common,
		  const char *command)
{
	int rc = context_config(cx, common);

	return rc == EXIT_OK ? context_open_write(cx, command) : rc;
}

/* Files of another user's would be in the way of the one who writes there. */
static int check_owner(const struct context *cx, struct err *err)
{
	struct passwd *pw;
	struct stat st;

	if (stat(cx->dir, &st) < 0)
		return err_sys(err, "%s", cx->dir);
	if (st.st_uid == geteuid())
		return 0;
	pw = getpwuid(st.st_uid);
	return err_set(
		err, ERR_INPUT,
		"%s belongs to another user, whose sluice is at work there; do this "
		"as %s",
		cx->dir, pw ? pw->pw_name : "that user");
}

/* Opened as the one writer, where there is none, so that an older database gets
 * converted; then the state is free again, for a daemon that starts meanwhile. */
static int open_trees(struct context *cx, const char *command, struct err *err)
{
	int rc;

	if (state_lock(cx->dir, command, &cx->lock, err) < 0)
		return -1;
	rc = open_stores(cx, DB_WRITE, err);
	close(cx->lock);
	return rc;
}

int context_write_trees(struct context *cx, const struct cmd_common *common,
			const char *command)
{
	struct err err = { 0 };
	int rc = context_config(cx, common);

	if (rc != EXIT_OK)
		return rc;
	if (dir_make(cx->dir, 0755, &err) == 0 &&
	    state_lock_trees(cx->dir, command, &cx->trees_lock, &err) == 0) {
		cx->trees_locked = true;
		if (open_trees(cx, command, &err) == 0)
			return EXIT_OK;
		if (err.code == ERR_BUSY && !cx->db && check_owner(cx, &err) == 0)
			return context_open_beside(cx);
	}
	return fail(cx, &err, err.code == ERR_INPUT ? EXIT_USAGE : EXIT_INFRA);
}

void context_done(struct context *cx)
{
	artifact_store_free(cx->artifacts);
	db_close(cx->db);
	if (cx->locked)
		close(cx->lock);
	if (cx->trees_locked)
		close(cx->trees_lock);
	config_free(cx->config);
	free(cx->dir);
	*cx = (struct context)CONTEXT_INIT;
}
