#include "daemon/tree_rows.h"

#include <string.h>
#include <time.h>

#include "db/tree.h"
#include "db/tree_fetch.h"
#include "lib/cleanup.h"
#include "lib/log.h"
#include "lib/str.h"
#include "lib/text.h"

enum { RETRY_S = 300, RETRY_MAX_S = 3600 };

int64_t tree_rows_next(int64_t now, int64_t interval, int64_t failures)
{
	int64_t most = interval > RETRY_MAX_S ? interval : RETRY_MAX_S;
	int64_t wait = interval < RETRY_S ? interval : RETRY_S;

	if (!failures)
		return now + interval;
	for (int64_t i = 1; i < failures && wait < most; i++)
		wait *= 2;
	return now + (wait < most ? wait : most);
}

static int64_t wall(void)
{
	return (int64_t)time(NULL);
}

int tree_rows_source(struct db *db, const struct tree_conf *c, enum tree_kind *ret_kind,
		     char **ret_source, struct err *err)
{
	struct tree t = { 0 };
	int rc = 1;

	if (*c->url) {
		*ret_kind = TREE_URL;
		*ret_source = str_dup(c->url);
		return 1;
	}
	rc = tree_find(db, c->name, &t, err);
	if (rc > 0) {
		*ret_kind = t.kind;
		*ret_source = str_dup(t.source);
	}
	tree_done(&t);
	return rc;
}

int tree_rows_check(const struct tree_conf *c, enum tree_kind kind, const char *source,
		    struct err *err)
{
	if (kind == TREE_TARBALL)
		return err_set(err, ERR_INPUT, "it is of a tarball, which never changes");
	if (kind == TREE_GIT && *c->branch)
		return err_set(err, ERR_INPUT,
			       "%s is looked at, not fetched: branch does not go with it",
			       source);
	return 0;
}

int tree_rows_load(struct db *db, const struct tree_conf *c, struct err *err)
{
	AUTO(tree_fetch_done) struct tree_fetch f = { 0 };
	AUTO_FREE char *source = NULL;
	enum tree_kind kind;
	int rc = tree_rows_source(db, c, &kind, &source, err);

	if (rc < 0)
		return -1;
	rc = tree_fetch_find(db, c->name, &f, err);
	if (rc < 0)
		return -1;
	if (rc && (!source || strcmp(source, f.location) == 0)) {
		/* The interval may have become shorter, or the clock was set back. */
		int64_t interval = (int64_t)(c->fetch_ms / 1000);
		int64_t most = f.failures && interval < RETRY_MAX_S ? RETRY_MAX_S :
								      interval;

		if (f.next > wall() + most)
			f.next = wall();
		return tree_fetch_put(db, &f, err);
	}
	if (rc)
		tree_fetch_done(&f);
	f = (struct tree_fetch){ .name = str_dup(c->name),
				 .location = str_dup(source ? source : ""),
				 .tried = DB_NO_INT,
				 .succeeded = DB_NO_INT,
				 .next = wall() };
	return tree_fetch_put(db, &f, err);
}

void tree_rows_failed(struct db *db, const struct tree_conf *c, const char *why)
{
	struct tree_fetch f = { 0 };
	struct err err = { 0 };

	if (tree_fetch_find(db, c->name, &f, &err) > 0) {
		f.tried = wall();
		f.failures++;
		f.next =
			tree_rows_next(wall(), (int64_t)(c->fetch_ms / 1000), f.failures);
		free(f.error);
		f.error = text_clean_line(why, 500);
		if (tree_fetch_put(db, &f, &err) < 0)
			log_error("%s", err.msg);
		log_warn("tree %s: %s", c->name, f.error);
	} else if (err.code != ERR_NONE) {
		log_error("tree %s: %s", c->name, err.msg);
	}
	tree_fetch_done(&f);
}

static int write_tree(struct db *db, const char *name, const char *source,
		      const struct tree_info *info, struct err *err)
{
	struct tree t = { .name = str_dup(name),
			  .kind = info->kind == IMPORT_LOCAL ? TREE_GIT : TREE_URL,
			  .source = str_dup(source),
			  .default_ref = str_dup(info->ref),
			  .added = wall(),
			  .updated = wall() };
	int rc = tree_put(db, &t, err);

	tree_done(&t);
	return rc;
}

int tree_rows_fetched(struct db *db, const struct tree_conf *c, const char *source,
		      const struct tree_info *info, tree_moved_fn moved, void *arg,
		      struct err *err)
{
	AUTO_TX struct tx tx = TX_INIT;
	AUTO(tree_fetch_done) struct tree_fetch f = { 0 };
	int rc;

	if (db_begin(db, &tx, err) < 0 || write_tree(db, c->name, source, info, err) < 0)
		return -1;
	rc = tree_fetch_find(db, c->name, &f, err);
	if (rc <= 0)
		return rc < 0 ? -1 : db_commit(&tx, err);
	f.tried = f.succeeded = wall();
	f.next = tree_rows_next(wall(), (int64_t)(c->fetch_ms / 1000), 0);
	f.failures = 0;
	free(TAKE_PTR(f.error));
	if (!f.head || strcmp(f.head, info->commit) != 0) {
		if (moved(c->name, info->commit, arg, err) < 0)
			return -1;
		free(f.head);
		f.head = str_dup(info->commit);
	}
	if (tree_fetch_put(db, &f, err) < 0)
		return -1;
	return db_commit(&tx, err);
}
