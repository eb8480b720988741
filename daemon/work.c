#include "daemon/work.h"

#include <string.h>
#include <time.h>

#include "daemon/bisect_run.h"
#include "daemon/mails.h"
#include "daemon/queue_order.h"
#include "daemon/request.h"
#include "daemon/turned_bad.h"
#include "db/artifact.h"
#include "db/lease.h"
#include "db/queue.h"
#include "db/setting.h"
#include "lib/file.h"
#include "lib/log.h"

struct work {
	const struct work_opts *opts;
	struct db *db;
	struct artifact_store *artifacts;
	struct queue_job job;
	struct request request;
	char *mails; /* a copy for this run, or NULL */
	bool yielded;
	int64_t series;  /* that it tested; 0: none yet */
	struct err lost; /* the job's row could not be written */
};

static void work_done(struct work *w)
{
	if (w->mails)
		tree_remove(w->mails, NULL);
	free(w->mails);
	request_done(&w->request);
	queue_job_done(&w->job);
	artifact_store_free(w->artifacts);
	db_close(w->db);
}

static int work_open(struct work *w, struct err *err)
{
	const struct work_opts *o = w->opts;
	AUTO_FREE char *db_path = path_join(o->state_dir, "sluice.db", NULL);
	AUTO_FREE char *artifacts = path_join(o->state_dir, "artifacts", NULL);
	int found;

	if (db_open(db_path, DB_WRITE, &w->db, err) < 0 ||
	    db_set_lease(w->db, o->job, o->epoch, err) < 0 ||
	    artifact_store_join(artifacts, w->db, &w->artifacts, err) < 0)
		return -1;
	found = queue_find(w->db, o->job, &w->job, err);
	if (found < 0)
		return -1;
	if (found == 0 || w->job.state != QUEUE_RUNNING || w->job.epoch != o->epoch)
		return err_set(err, ERR_STALE, "job %lld was taken from this worker",
			       (long long)o->job);
	return request_from_json(w->job.request, &w->request, err);
}

/* The mails as they were submitted, to a folder that only this run has. */
static int work_mails(struct work *w, struct err *err)
{
	AUTO_FREE char *data = NULL;
	AUTO_FREE char *name = NULL;
	size_t len;

	if (w->request.mails == REQUEST_NO_MAILS)
		return 0;
	if (!w->job.mbox)
		return err_set(err, ERR_INPUT, "the mails of job %lld are not there",
			       (long long)w->job.id);
	if (artifact_load(w->artifacts, w->job.mbox, 0, UINT64_MAX,
			  w->opts->config->mbox_bytes, &data, &len, err) < 0)
		return -1;
	name = str_printf("mails-%lld", (long long)w->job.id);
	w->mails = path_join(w->opts->state_dir, "jobs", name, NULL);
	if (tree_remove(w->mails, err) < 0)
		return -1;
	return mails_unpack(data, len, w->request.mails == REQUEST_MAILS_FOLDER, w->mails,
			    err);
}

static void on_event(const struct run_event *ev, void *arg)
{
	struct work *w = arg;

	if (ev->kind == RUN_SERIES && w->lost.code == ERR_NONE)
		queue_set_series(w->db, w->job.id, w->job.epoch, ev->id, &w->lost);
	if (ev->kind == RUN_BISECT && w->lost.code == ERR_NONE)
		queue_set_bisection(w->db, w->job.id, w->job.epoch, ev->id, &w->lost);
	w->opts->on_event(ev, w->opts->arg);
}

/* A job that nobody waits for gives way to one that somebody does, if that may begin; a
 * bisection, which may take hours and loses nothing, to whatever else there is. */
static bool yields(void *arg)
{
	struct work *w = arg;
	AUTO_FREE char *text = NULL;
	enum queue_paused paused;

	if (w->job.class != QUEUE_BACKGROUND || w->yielded ||
	    setting_get(w->db, "paused", &text, NULL) < 0)
		return w->yielded;
	paused = queue_paused_parse(text);
	if (paused != QUEUE_PAUSED_ALL)
		w->yielded = queue_someone_waits(w->db, NULL) > 0;
	if (!w->yielded && paused == QUEUE_RUNS && w->job.kind == QUEUE_BISECT)
		w->yielded = queue_else_waits(w->db, time(NULL), NULL) > 0;
	return w->yielded;
}

static char **names_of(char **asked, const char *configured)
{
	char **copy, **v = asked;
	size_t n;

	if (!asked)
		return strv_split(configured, ", \t");
	n = strv_len(v);
	copy = mem_alloc0((n + 1) * sizeof(*copy));
	for (size_t i = 0; i < n; i++)
		copy[i] = str_dup(v[i]);
	return copy;
}

static enum run_exit work_series(struct work *w, struct err *err)
{
	const struct config *c = w->opts->config;
	const struct request *q = &w->request;
	char **configs = names_of(q->configs, c->config);
	char **topologies = names_of(q->topologies, c->topology);
	char **suites = names_of(q->suites, c->suite);
	const struct run_opts ro = {
		.config = c,
		.state_dir = w->opts->state_dir,
		.source = q->source,
		.input = w->mails ? w->mails : q->input,
		.no_files = true,
		.archive = q->archive,
		.version = q->version,
		.posted = w->job.posting_id >= 0,
		.jobs = "worker",
		.tree = q->tree,
		.base = q->base,
		.trees = q->trees,
		.ladder = q->ladder,
		.wish = q->wish,
		.head = w->job.kind == QUEUE_HEAD,
		.repo = q->repo,
		.configs = configs,
		.topologies = topologies,
		.suites = suites,
		.on_event = on_event,
		.yields = yields,
		.arg = w,
	};
	long long series_id = 0;
	enum run_exit rc = run_series(w->db, w->artifacts, &ro, &series_id, err);

	w->series = series_id;
	strv_free(configs);
	strv_free(topologies);
	strv_free(suites);
	return rc;
}

static enum run_exit work_bisect(struct work *w, struct err *err)
{
	const struct request *q = &w->request;
	const struct bisect_opts o = {
		.config = w->opts->config,
		.state_dir = w->opts->state_dir,
		.jobs = "worker",
		.tree = q->tree,
		.kconfig = q->configs[0],
		.topology = q->topologies[0],
		.test = q->test,
		.good = q->good,
		.bad = q->bad,
		.on_event = on_event,
		.yields = yields,
		.arg = w,
	};
	int64_t id;

	return bisect_run(w->db, w->artifacts, &o, &id, err);
}

/* Its result stands whatever becomes of this. */
static void note_turned_bad(struct work *w)
{
	AUTO_FREE char *git = path_join(w->opts->state_dir, "git", NULL);
	struct err err = { .code = ERR_NONE };

	if (turned_bad_note(w->db, w->opts->config, git, w->series, &err) < 0)
		log_error("s%lld: whether its base turned bad: %s", (long long)w->series,
			  err.msg);
}

/* 5 min, 20 min, 80 min ...: what is in the way may last for a night. */
static int64_t retry_after(const struct work *w)
{
	uint64_t s = w->opts->config->daemon_retry_ms / 1000;

	return (int64_t)time(NULL) + (int64_t)(s << (2 * w->job.retries));
}

/* Trouble of our own is no verdict: what nobody waits for is tried again later. */
static int work_end(struct work *w, enum run_exit rc, const struct err *why,
		    struct err *err)
{
	const char *reason = why->code == ERR_NONE ? NULL : why->msg;
	enum queue_state state;

	if (rc == RUN_INFRA)
		return queue_put_back(w->db, w->job.id, w->job.epoch, QUEUE_RETRY, reason,
				      retry_after(w), &state, err) < 0 ?
			       -1 :
			       0;
	return queue_end(w->db, w->job.id, w->job.epoch, (int)rc, reason, err);
}

enum work_exit work_run(const struct work_opts *opts, struct err *err)
{
	struct work w = { .opts = opts };
	struct err why = { 0 };
	enum run_exit rc;
	enum work_exit result = WORK_LOST;

	if (work_open(&w, err) < 0)
		goto out;
	if (work_mails(&w, &why) < 0)
		rc = why.code == ERR_INPUT || why.code == ERR_LIMIT ? RUN_UNUSABLE :
								      RUN_INFRA;
	else
		rc = w.request.test ? work_bisect(&w, &why) : work_series(&w, &why);
	/* A program that is missing here, or a mail that is not in the archive yet, is
	 * not the fault of what was asked for; who waits is told at once all the same. */
	if (rc == RUN_UNUSABLE && why.code == ERR_MISSING &&
	    w.job.class == QUEUE_BACKGROUND)
		rc = RUN_INFRA;
	if (why.code == ERR_STOPPED) {
		result = w.yielded ? WORK_YIELDED : WORK_STOPPED;
		goto out;
	}
	if (w.series && (rc == RUN_CLEAN || rc == RUN_BROKEN))
		note_turned_bad(&w);
	if (w.lost.code != ERR_NONE || why.code == ERR_STALE)
		*err = w.lost.code != ERR_NONE ? w.lost : why;
	else if (work_end(&w, rc, &why, err) == 0)
		result = WORK_OVER;
out:
	work_done(&w);
	return result;
}
