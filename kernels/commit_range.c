#include "kernels/commit_range.h"

#include <stdlib.h>
#include <string.h>

#include "kernels/git.h"
#include "lib/text.h"

/* Code points of a subject that are kept. */
#define SUBJECT_MAX 300

/* Where each commit of the range is, by id. */
struct place {
	git_oid id;
	int at;
};

struct reading {
	git_repository *repo;
	git_oid *ids; /* [n] */
	struct place *places;
	size_t n, nparents, room;
	struct commit_range *range;
	struct err *err;
};

static int by_id(const void *a, const void *b)
{
	return git_oid_cmp(&((const struct place *)a)->id,
			   &((const struct place *)b)->id);
}

static int place_of(const struct reading *r, const git_oid *id)
{
	const struct place key = { .id = *id };
	const struct place *p = bsearch(&key, r->places, r->n, sizeof(key), by_id);

	return p ? p->at : -1;
}

/* Whether there is a way at all, and which one if it is the wrong one. */
static int check_way(git_repository *repo, const git_oid *good, const git_oid *bad,
		     struct err *err)
{
	int rc;

	if (git_oid_equal(good, bad))
		return err_set(err, ERR_INPUT, "good and bad are the same commit");
	rc = git_graph_descendant_of(repo, bad, good);
	if (rc < 0)
		return err_git(err, "the history of the bad commit");
	if (rc > 0)
		return 0;
	if (git_graph_descendant_of(repo, good, bad) > 0)
		return err_set(err, ERR_INPUT,
			       "the good commit comes after the bad one: are they the "
			       "wrong way round?");
	return err_set(err, ERR_INPUT,
		       "the good commit is no ancestor of the bad one: name the commit "
		       "where their histories part, if that is good");
}

/* The good end, then all that leads to bad and not to good. */
static int walk(struct reading *r, const git_oid *good, const git_oid *bad, size_t max)
{
	AUTO_GIT(walk) git_revwalk *w = NULL;
	size_t room = 64;
	git_oid id;
	int rc;

	r->ids = mem_alloc0(room * sizeof(*r->ids));
	r->ids[r->n++] = *good;
	if (git_revwalk_new(&w, r->repo) ||
	    git_revwalk_sorting(w, GIT_SORT_TOPOLOGICAL | GIT_SORT_REVERSE) ||
	    git_revwalk_push(w, bad) || git_revwalk_hide(w, good))
		return err_git(r->err, "the range");
	while ((rc = git_revwalk_next(&id, w)) == 0) {
		if (r->n == max)
			return err_set(r->err, ERR_LIMIT,
				       "the range has over %zu commits: narrow it down "
				       "by hand first",
				       max - 1);
		if (r->n == room) {
			room *= 2;
			r->ids = mem_realloc(r->ids, room, sizeof(*r->ids));
		}
		r->ids[r->n++] = id;
	}
	return rc == GIT_ITEROVER ? 0 : err_git(r->err, "the range");
}

static void add_parent(struct reading *r, int parent)
{
	if (r->nparents == r->room) {
		r->room = r->room ? r->room * 2 : 64;
		r->range->parents = mem_realloc(r->range->parents, r->room,
						sizeof(*r->range->parents));
	}
	r->range->parents[r->nparents++] = parent;
}

static int read_commit(struct reading *r, size_t i)
{
	struct range_commit *v = &r->range->v[i];
	AUTO_GIT(commit) git_commit *c = NULL;

	git_hex(&r->ids[i], v->id);
	if (git_commit_lookup(&c, r->repo, &r->ids[i]))
		return err_git(r->err, "commit %s", v->id);
	v->subject = text_clean_line(git_commit_summary(c), SUBJECT_MAX);
	r->range->first[i] = (int)r->nparents;
	for (unsigned int k = 0; i > 0 && k < git_commit_parentcount(c); k++) {
		int at = place_of(r, git_commit_parent_id(c, k));

		if (at >= 0)
			add_parent(r, at);
	}
	return 0;
}

static int read_commits(struct reading *r)
{
	r->range->n = r->n;
	r->range->v = mem_alloc0(r->n * sizeof(*r->range->v));
	r->range->first = mem_alloc0((r->n + 1) * sizeof(*r->range->first));
	r->places = mem_alloc0(r->n * sizeof(*r->places));
	for (size_t i = 0; i < r->n; i++)
		r->places[i] = (struct place){ .id = r->ids[i], .at = (int)i };
	qsort(r->places, r->n, sizeof(*r->places), by_id);
	for (size_t i = 0; i < r->n; i++)
		if (read_commit(r, i) < 0)
			return -1;
	r->range->first[r->n] = (int)r->nparents;
	return 0;
}

int commit_range_read(const char *repo, const char *good, const char *bad, size_t max,
		      struct commit_range *ret, struct err *err)
{
	AUTO_GIT(repo) git_repository *opened = NULL;
	AUTO(commit_range_done) struct commit_range range = { .n = 0 };
	struct reading r = { .range = &range, .err = err };
	git_oid good_id, bad_id;
	int rc;

	if (git_open(repo, &opened, err) < 0 || git_id(good, &good_id, err) < 0 ||
	    git_id(bad, &bad_id, err) < 0 ||
	    check_way(opened, &good_id, &bad_id, err) < 0)
		return -1;
	r.repo = opened;
	rc = walk(&r, &good_id, &bad_id, max);
	if (rc == 0)
		rc = read_commits(&r);
	free(r.ids);
	free(r.places);
	if (rc == 0) {
		*ret = range;
		range = (struct commit_range){ .n = 0 };
	}
	return rc;
}

static bool has_commit(git_repository *repo, const char *hex, git_oid *ret)
{
	AUTO_GIT(commit) git_commit *c = NULL;

	return git_id(hex, ret, NULL) == 0 && git_commit_lookup(&c, repo, ret) == 0;
}

int commit_range_start(const char *repo, char *const *goods, size_t n, const char *bad,
		       char ret[41], struct err *err)
{
	AUTO_GIT(repo) git_repository *opened = NULL;
	git_oid bad_id, id, best;
	bool found = false;

	if (git_open(repo, &opened, err) < 0)
		return -1;
	if (!has_commit(opened, bad, &bad_id))
		return 0;
	for (size_t i = 0; i < n; i++) {
		if (!has_commit(opened, goods[i], &id) ||
		    git_graph_descendant_of(opened, &bad_id, &id) <= 0)
			continue;
		if (!found || git_graph_descendant_of(opened, &id, &best) > 0)
			best = id;
		found = true;
	}
	for (size_t i = 0; i < n && !found; i++)
		if (has_commit(opened, goods[i], &id) &&
		    git_merge_base(&best, opened, &id, &bad_id) == 0) {
			if (git_oid_equal(&best, &bad_id))
				return 0;
			found = true;
		}
	if (found)
		git_hex(&best, ret);
	return found;
}

void commit_range_done(struct commit_range *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->v[i].subject);
	free(r->v);
	free(r->first);
	free(r->parents);
	*r = (struct commit_range){ .n = 0 };
}

int commit_range_find(const struct commit_range *r, const char *id)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->v[i].id, id) == 0)
			return (int)i;
	return -1;
}
