#include "daemon/tree_watch.h"

#include <string.h>
#include <time.h>

#include "db/state_lock.h"
#include "db/tree.h"
#include "db/tree_fetch.h"
#include "kernels/store.h"
#include "kernels/tree_import.h"
#include "kernels/tree_take.h"
#include "lib/cleanup.h"
#include "lib/log.h"
#include "lib/str.h"

enum { BRANCHES_MAX = 2000, AGAIN_S = 10, LOCKED_S = 2 };
#define MARGIN_MS 10000
#define ROLE_LOG_MAX (1 << 20)

struct tree_watch {
	struct tree_watch_opts o;
	const struct tree_conf *trees; /* borrowed */
	size_t ntrees;
	sd_event_source *timer;
	struct role *role; /* NULL: none runs */
	char *name;        /* of the tree that it fetches, */
	char *source;      /* from there */
	bool dropped;      /* it is not wanted any more */
	bool stopped;
	bool unconfigured; /* the database did not take the rows */
	bool locked;       /* somebody fetches by hand: after that */
};

static int64_t wall(void)
{
	return (int64_t)time(NULL);
}

static const struct tree_conf *conf_of(const struct tree_watch *w, const char *name)
{
	for (size_t i = 0; name && i < w->ntrees; i++)
		if (strcmp(w->trees[i].name, name) == 0)
			return &w->trees[i];
	return NULL;
}

/* ---- when ---- */

/* The configured tree that is due first, and when. NULL for none. */
static const struct tree_conf *first_due(struct tree_watch *w, int64_t *ret_when)
{
	const struct tree_conf *first = NULL;
	struct tree_fetch *rows = NULL;
	struct err err = { 0 };
	size_t n = 0;

	if (tree_fetch_list(w->o.db, &rows, &n, &err) < 0)
		log_error("%s", err.msg);
	for (size_t i = 0; i < n; i++) {
		const struct tree_conf *c = conf_of(w, rows[i].name);

		if (c && (!first || rows[i].next < *ret_when)) {
			first = c;
			*ret_when = rows[i].next;
		}
	}
	tree_fetch_list_free(rows, n);
	return first;
}

static void arm(struct tree_watch *w)
{
	int64_t when = 0, now = wall();
	bool any = !w->stopped && !w->role && (w->unconfigured || first_due(w, &when));

	if (w->unconfigured)
		when = now + AGAIN_S;
	if (w->locked && when < now + LOCKED_S)
		when = now + LOCKED_S;
	/* Not at once: a row that cannot be written would keep us busy. */
	if (any)
		sd_event_source_set_time_relative(
			w->timer, when > now ? (uint64_t)(when - now) * 1000000 : 100000);
	sd_event_source_set_enabled(w->timer, any ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
}

/* ---- the end of a fetch ---- */

static char **packs_of(const struct role_end *end, struct err *err)
{
	struct json_object *list = json_arr(end->result, "packs");
	size_t n = json_len(list);
	char **v = mem_alloc0((n + 1) * sizeof(*v));

	for (size_t i = 0; i < n; i++) {
		const char *name =
			json_object_get_string(json_object_array_get_idx(list, i));

		v[i] = name ? role_file(end, name) : NULL;
		if (v[i])
			continue;
		err_set(err, ERR_SYS, "the fetch left no pack of the name it says");
		strv_free(v);
		return NULL;
	}
	return v;
}

static int take(struct tree_watch *w, const struct tree_conf *c,
		const struct role_end *end, struct err *err)
{
	char **packs = packs_of(end, err);
	const struct tree_take_opts o = {
		.store = w->o.host->state->git,
		.name = c->name,
		.packs = packs,
		.heads = json_arr(end->result, "heads"),
		.head = json_str(end->result, "head", NULL),
	};
	struct tree_info info = { 0 };
	int rc = packs ? tree_take(&o, &info, err) : -1;

	strv_free(packs);
	return rc < 0 ? -1 :
			tree_rows_fetched(w->o.db, c, w->source, &info, w->o.moved,
					  w->o.arg, err);
}

static void settle(struct tree_watch *w)
{
	free(TAKE_PTR(w->name));
	free(TAKE_PTR(w->source));
	w->dropped = false;
	if (w->o.fetched && !w->stopped)
		w->o.fetched(w->o.arg);
	if (!w->stopped)
		arm(w);
	else if (w->o.idle)
		w->o.idle(w->o.arg);
}

static void on_role_done(const struct role_end *end, void *arg)
{
	struct tree_watch *w = arg;
	const struct tree_conf *c = conf_of(w, w->name);
	struct err err = { 0 };

	w->role = NULL;
	if (w->stopped || w->dropped || !c)
		return settle(w);
	if (!end->result)
		tree_rows_failed(w->o.db, c, end->infra);
	else if (json_str(end->result, "error", NULL))
		tree_rows_failed(w->o.db, c, json_str(end->result, "error", ""));
	else if (take(w, c, end, &err) < 0)
		tree_rows_failed(w->o.db, c, err.msg);
	settle(w);
}

/* ---- the begin ---- */

static struct json_object *heads_json(const struct heads *h)
{
	struct json_object *a = json_object_new_array();

	for (size_t i = 0; i < h->n; i++) {
		struct json_object *o = json_object_new_object();

		json_set_str(o, "ref", h->v[i].ref);
		json_set_str(o, "commit", h->v[i].commit);
		json_object_array_add(a, o);
	}
	return a;
}

/* Trees have most of their history in common: the others' heads help, too. */
static struct json_object *have_json(struct tree_watch *w)
{
	struct json_object *a = json_object_new_array();
	struct tree *trees = NULL;
	size_t n = 0;

	if (tree_list(w->o.db, &trees, &n, NULL) < 0)
		return a;
	for (size_t i = 0; i < n; i++) {
		AUTO(heads_done) struct heads h = { 0 };

		if (store_heads(w->o.host->state->git, trees[i].name, &h, NULL) == 0)
			json_add_str(a, h.v[0].commit);
	}
	tree_list_free(trees, n);
	return a;
}

static struct json_object *job_of(struct tree_watch *w, const struct tree_conf *c)
{
	struct json_object *job = json_object_new_object();
	struct json_object *limits = json_object_new_object();
	AUTO(heads_done) struct heads heads = { 0 };

	store_heads(w->o.host->state->git, c->name, &heads, NULL);
	json_set_str(job, "name", c->name);
	json_set_str(job, "source", w->source);
	json_set_str(job, "branch", *c->branch ? c->branch : NULL);
	json_set_str(job, "store", w->o.host->state->git);
	json_set_str(job, "git", w->o.host->config->git);
	json_set(job, "heads", heads_json(&heads));
	json_set(job, "have", have_json(w));
	json_set_int(limits, "bytes", (long long)c->max_bytes);
	json_set_int(limits, "silence_ms", (long long)c->silence_ms);
	json_set_int(limits, "branches", BRANCHES_MAX);
	json_set(job, "limits", limits);
	return job;
}

static int start_role(struct tree_watch *w, const struct tree_conf *c, char *source,
		      struct err *err)
{
	struct role_opts opts = {
		.name = "tree",
		.deadline_ms = c->timeout_ms + MARGIN_MS,
		.output_max = ROLE_LOG_MAX,
		.done = on_role_done,
		.arg = w,
	};

	free(w->name);
	free(w->source);
	w->name = str_dup(c->name);
	w->source = source;
	if (store_create(w->o.host->state->git, err) < 0)
		return -1;
	opts.dir = state_job_dir(w->o.host->state, "tree", err);
	if (!opts.dir)
		return -1;
	opts.job = job_of(w, c);
	return role_start(w->o.host, &opts, &w->role, err);
}

/* A local repository shows its branches at once. */
static int look(struct tree_watch *w, const struct tree_conf *c, const char *source,
		struct err *err)
{
	const struct tree_import_opts o = { .store = w->o.host->state->git,
					    .name = c->name,
					    .source = source };
	struct tree_info info = { 0 };
	enum import_kind kind;

	if (import_kind_of(source, &kind, err) < 0)
		return -1;
	if (kind != IMPORT_LOCAL)
		return err_set(err, ERR_INPUT, "%s is no git repository any more",
			       source);
	if (tree_import(&o, &info, err) < 0)
		return -1;
	return tree_rows_fetched(w->o.db, c, source, &info, w->o.moved, w->o.arg, err);
}

/* 1 when a child runs, 0 when it is done, -1 when it failed. */
static int fetch(struct tree_watch *w, const struct tree_conf *c, struct err *err)
{
	AUTO_FREE char *source = NULL;
	enum tree_kind kind;
	int rc = tree_rows_source(w->o.db, c, &kind, &source, err);

	if (rc == 0)
		return err_set(err, ERR_INPUT,
			       "there is no url, and no such tree: sluice tree add %s "
			       "SOURCE makes one",
			       c->name);
	if (rc < 0 || tree_rows_check(c, kind, source, err) < 0)
		return -1;
	if (kind == TREE_GIT)
		return look(w, c, source, err);
	return start_role(w, c, TAKE_PTR(source), err) < 0 ? -1 : 1;
}

/* ---- its turn ---- */

static int on_timer(sd_event_source *source, uint64_t usec, void *arg)
{
	struct tree_watch *w = arg;
	const struct tree_conf *c;
	struct err err = { 0 };
	int64_t when = 0;
	int rc;

	(void)source;
	(void)usec;
	if (w->unconfigured && tree_watch_configure(w, w->trees, w->ntrees, &err) < 0)
		return 0;
	c = first_due(w, &when);
	if (!c || when > wall() || w->role || w->stopped) {
		arm(w);
		return 0;
	}
	w->locked = state_trees_locked(w->o.host->state->dir);
	if (w->locked) {
		arm(w);
		return 0;
	}
	rc = fetch(w, c, &err);
	if (rc < 0)
		tree_rows_failed(w->o.db, c, err.msg);
	if (rc <= 0)
		settle(w);
	return 0;
}

/* ---- from outside ---- */

int tree_watch_new(const struct tree_watch_opts *opts, struct tree_watch **ret_watch,
		   struct err *err)
{
	struct tree_watch *w = mem_alloc0(sizeof(*w));

	w->o = *opts;
	if (sd_event_add_time_relative(opts->host->event, &w->timer, CLOCK_BOOTTIME, 0,
				       100000, on_timer, w) < 0 ||
	    sd_event_source_set_enabled(w->timer, SD_EVENT_OFF) < 0) {
		tree_watch_free(w);
		return err_set(err, ERR_SYS, "event loop: no timer");
	}
	*ret_watch = w;
	return 0;
}

void tree_watch_free(struct tree_watch *w)
{
	if (!w)
		return;
	sd_event_source_disable_unref(w->timer);
	free(w->name);
	free(w->source);
	free(w);
}

static int delete_others(struct tree_watch *w, struct err *err)
{
	struct tree_fetch *rows = NULL;
	size_t n = 0;
	int rc = tree_fetch_list(w->o.db, &rows, &n, err);

	for (size_t i = 0; rc == 0 && i < n; i++)
		if (!conf_of(w, rows[i].name))
			rc = tree_fetch_delete(w->o.db, rows[i].name, err);
	tree_fetch_list_free(rows, n);
	return rc;
}

/* What runs is still what is wanted. */
static bool is_wanted(struct tree_watch *w)
{
	const struct tree_conf *c = conf_of(w, w->name);
	AUTO_FREE char *source = NULL;
	enum tree_kind kind;

	return c && tree_rows_source(w->o.db, c, &kind, &source, NULL) > 0 &&
	       strcmp(source, w->source) == 0;
}

int tree_watch_configure(struct tree_watch *w, const struct tree_conf *trees, size_t n,
			 struct err *err)
{
	AUTO_TX struct tx tx = TX_INIT;
	int rc;

	w->trees = trees;
	w->ntrees = n;
	if (w->role && !is_wanted(w)) {
		w->dropped = true;
		role_cancel(w->role);
	}
	rc = db_begin(w->o.db, &tx, err);
	if (rc == 0)
		rc = delete_others(w, err);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = tree_rows_load(w->o.db, &trees[i], err);
	if (rc == 0)
		rc = db_commit(&tx, err);
	w->unconfigured = rc < 0;
	arm(w);
	return rc;
}

bool tree_watch_stop(struct tree_watch *w)
{
	w->stopped = true;
	role_cancel(w->role);
	arm(w);
	return !w->role;
}
