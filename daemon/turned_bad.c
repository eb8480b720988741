#include "daemon/turned_bad.h"

#include <string.h>

#include "daemon/config_tree.h"
#include "db/boot.h"
#include "db/series.h"
#include "db/tree.h"
#include "db/turned.h"
#include "db/verdict.h"
#include "kernels/commit_range.h"
#include "lib/log.h"
#include "lib/str.h"

/* Good bases that are looked at for the nearest one. */
#define GOOD_MAX 8

static bool tree_is_searched(const struct config *c, const char *tree)
{
	for (size_t i = 0; i < c->ntrees; i++)
		if (strcmp(c->trees[i].name, tree) == 0)
			return strcmp(c->trees[i].bisect, "yes") == 0;
	return true;
}

static bool counts(const struct verdict *v)
{
	return v->kind == KIND_TEST && v->verdict == VERDICT_PRE_EXISTING &&
	       v->from_step == 0 && v->boot_id > 0 && !verdict_is_known_issue(v);
}

/* 1 with the good end in full, and when it was last seen to pass; 0: there is none. */
static int find_good(struct db *db, const char *git, const struct bisection *what,
		     char ret_good[41], int64_t *ret_since, struct err *err)
{
	struct good_base *list = NULL;
	char *goods[GOOD_MAX] = { NULL };
	size_t n = 0;
	int rc;

	if (turned_good_bases(db, what, GOOD_MAX, &list, &n, err) < 0)
		return -1;
	*ret_since = 0;
	for (size_t i = 0; i < n; i++) {
		goods[i] = list[i].commit_id;
		if (list[i].finished > *ret_since)
			*ret_since = list[i].finished;
	}
	rc = n ? commit_range_start(git, goods, n, what->bad, ret_good, err) : 0;
	good_base_list_free(list, n);
	return rc;
}

static int note_test(struct db *db, const char *git, const struct series *s,
		     const struct verdict *v, struct err *err)
{
	struct boot boot = { 0 };
	char good[41];
	int64_t since;
	int rc = boot_find(db, v->boot_id, &boot, err);
	struct bisection what = { .tree = s->tree,
				  .good = good,
				  .bad = s->base_commit,
				  .config = v->config,
				  .arch = boot.arch,
				  .topology = v->topology,
				  .accel = boot.accel,
				  .test = v->test };

	if (rc > 0 && boot.accel)
		rc = find_good(db, git, &what, good, &since, err);
	else
		rc = rc < 0 ? -1 : 0;
	if (rc > 0) {
		rc = turned_is_known(db, &what, since, err);
		if (rc == 0) {
			log_info(
				"%s turned bad on %s, config %s, between %.12s and %.12s",
				v->test, v->topology, v->config, good, s->base_commit);
			rc = bisection_want(db, &what, err);
		}
	}
	boot_done(&boot);
	return rc < 0 ? -1 : 0;
}

static int note_series(struct db *db, const struct config *config, const char *git,
		       const struct series *s, struct err *err)
{
	struct tree t = { 0 };
	struct verdict *list = NULL;
	size_t n = 0;
	/* A range of a repository that is no tree has no history of bases. */
	int rc = tree_find(db, s->tree, &t, err);

	tree_done(&t);
	if (rc <= 0 || !s->base_commit || s->state != SERIES_DONE ||
	    !tree_is_searched(config, s->tree))
		return rc < 0 ? -1 : 0;
	rc = verdict_list(db, s->id, &list, &n, err);
	for (size_t i = 0; rc == 0 && i < n; i++)
		if (counts(&list[i]))
			rc = note_test(db, git, s, &list[i], err);
	verdict_list_free(list, n);
	return rc;
}

int turned_bad_note(struct db *db, const struct config *config, const char *git,
		    int64_t series_id, struct err *err)
{
	struct series s = { 0 };
	int rc = series_find(db, series_id, &s, err);

	if (rc > 0)
		rc = note_series(db, config, git, &s, err);
	series_done(&s);
	return rc < 0 ? -1 : 0;
}
