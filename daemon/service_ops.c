/* What clients ask for over the control socket, and what they are told. */
#include "daemon/service.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon/bisect_ask.h"
#include "daemon/config_tree.h"
#include "daemon/event_json.h"
#include "daemon/mails.h"
#include "daemon/plan.h"
#include "daemon/service_intake.h"
#include "daemon/service_keep.h"
#include "daemon/service_trees.h"
#include "db/bisection.h"
#include "db/series.h"
#include "db/setting.h"
#include "db/tree.h"
#include "lib/cleanup.h"
#include "lib/log.h"
#include "lib/str.h"
#include "lib/text.h"

/* ---- telling ---- */

static struct json_object *end_event(const struct queue_job *j)
{
	struct json_object *o = json_object_new_object();
	bool over = j->state != QUEUE_QUEUED && j->state != QUEUE_RUNNING;

	json_set_str(o, "kind", over ? "end" : "state");
	json_set_int(o, "job", j->id);
	json_set_str(o, "state", queue_state_str(j->state));
	if (j->exit >= 0)
		json_set_int(o, "exit", j->exit);
	if (j->series_id > 0)
		json_set_int(o, "series", j->series_id);
	if (j->bisection_id > 0)
		json_set_int(o, "bisection", j->bisection_id);
	json_set_str(o, "reason", j->reason);
	return o;
}

void service_tell_end(struct service *s, int64_t job)
{
	AUTO_JSON struct json_object *o = NULL;
	struct queue_job j = { 0 };
	struct err err = { 0 };

	if (queue_find(s->db, job, &j, &err) > 0) {
		o = end_event(&j);
		control_tell(s->control, job, o, j.finished >= 0);
		if (j.finished >= 0 && j.posting_id >= 0)
			service_intake_job_over(s);
	} else if (err.code != ERR_NONE) {
		log_error("job %lld: %s", (long long)job, err.msg);
	}
	queue_job_done(&j);
}

/* What an interactive client waits for, as a line of its progress. */
static void tell_wait(struct service *s, int64_t job)
{
	AUTO_JSON struct json_object *o = NULL;
	AUTO_FREE char *text = NULL;
	struct run_event ev = { .kind = RUN_PHASE, .step = -1, .expected_s = -1 };

	if (s->worker.child && s->worker.job != job)
		text = str_printf("queued as job %lld; job %lld runs", (long long)job,
				  (long long)s->worker.job);
	else if (s->worker.child)
		text = str_printf("job %lld begins", (long long)job);
	else
		text = str_printf("queued as job %lld; %s", (long long)job,
				  s->hold_why   ? s->hold_why :
				  s->keep.child ? "old files are being dropped" :
				  s->paused     ? "the queue is paused" :
						  "others come first");
	ev.text = text;
	o = event_to_json(&ev);
	control_tell(s->control, job, o, false);
}

static void answer_job(struct control_client *cl, int64_t job)
{
	struct json_object *o = json_object_new_object();

	json_set_int(o, "job", job);
	control_ok(cl, o);
}

/* "ann", or "uid 1234". */
static char *peer_name(const struct control_client *cl)
{
	const struct ucred *peer = control_peer(cl);
	struct passwd *pw = getpwuid(peer->uid);

	return pw ? str_dup(pw->pw_name) : str_printf("uid %u", (unsigned int)peer->uid);
}

/* ---- submit ---- */

static bool is_of_a_tree(struct service *s, const char *repo)
{
	struct tree *trees = NULL;
	bool found = false;
	size_t n = 0;

	if (tree_list(s->db, &trees, &n, NULL) < 0)
		return false;
	for (size_t i = 0; i < n && !found; i++) {
		size_t len = strlen(trees[i].source);

		found = trees[i].kind == TREE_GIT && str_starts(repo, trees[i].source) &&
			(!repo[len] || strcmp(repo + len, "/.git") == 0);
	}
	tree_list_free(trees, n);
	return found;
}

/* Who is only of the group shows no repository that is neither a tree's nor its own:
 * the daemon may be able to read more than that user. */
static int check_repo(struct service *s, struct control_client *cl, const char *repo,
		      struct err *err)
{
	const struct ucred *peer = control_peer(cl);
	struct stat st;

	if (peer->uid == 0 || peer->uid == geteuid() || is_of_a_tree(s, repo))
		return 0;
	if (stat(repo, &st) < 0)
		return err_set(err, ERR_INPUT, "the daemon cannot see %s: %s", repo,
			       strerror(errno));
	if (st.st_uid != peer->uid)
		return err_set(err, ERR_INPUT, "%s is not yours", repo);
	return 0;
}

static int check_tree(struct service *s, const char *name, struct err *err)
{
	struct tree t = { 0 };
	int found = tree_find(s->db, name, &t, err);

	tree_done(&t);
	if (found == 0) {
		config_tree_missing(s->config->trees, s->config->ntrees, name, err);
		err->code = ERR_INPUT; /* who asks can wait for it, or name another */
	}
	return found > 0 ? 0 : -1;
}

/* What the job would end with at its turn, perhaps days later, is said now. */
static int check_names(struct service *s, const struct request *q, struct err *err)
{
	int rc =
		q->test ?
			bisect_check(s->config, q->configs, q->topologies, q->test, err) :
			plan_check(s->config, q->configs, q->topologies, q->suites, err);

	if (rc == 0)
		return 0;
	if (err->code == ERR_MISSING)
		err->code = ERR_INPUT;
	return -1;
}

static int take_mails(struct service *s, struct control_client *cl,
		      const struct request *q, char **ret_sha, struct err *err)
{
	AUTO_FREE char *data = NULL;
	char sha[SHA256_HEX];
	size_t len;

	if (q->mails == REQUEST_NO_MAILS)
		return 0;
	if (control_mails(cl) < 0)
		return err_set(err, ERR_INPUT, "the mails did not come along");
	if (mails_from_fd(control_mails(cl), s->config->mbox_bytes, &data, &len, err) <
		    0 ||
	    artifact_put_bytes(s->artifacts, data, len, ARTIFACT_ZSTD, sha, err) < 0)
		return -1;
	*ret_sha = str_dup(sha);
	return 0;
}

static int fill_job(struct service *s, struct control_client *cl,
		    const struct control_request *r, struct queue_job *j, struct err *err)
{
	const struct request *q = &r->request;

	*j = (struct queue_job){ .kind = q->test ? QUEUE_BISECT : QUEUE_SERIES,
				 .class = r->interactive ? QUEUE_INTERACTIVE :
							   QUEUE_BACKGROUND,
				 .posting_id = DB_NO_INT };
	if ((q->repo && check_repo(s, cl, q->repo, err) < 0) ||
	    check_names(s, q, err) < 0)
		return -1;
	/* A range has a base of its own. */
	if (!q->input && check_tree(s, q->tree ? q->tree : s->config->tree, err) < 0)
		return -1;
	if (take_mails(s, cl, q, &j->mbox, err) < 0)
		return -1;
	j->list = str_dup("");
	j->sender = peer_name(cl);
	j->subject = text_clean_line(q->source, 200);
	j->tree = str_dup(q->input ? "" : q->tree ? q->tree : s->config->tree);
	j->request = request_to_json(q);
	return 0;
}

static void enqueue(struct service *s, struct control_client *cl, struct queue_job *j,
		    bool watch)
{
	struct err err = { 0 };

	if (service_enqueue(s, j, &err) < 0) {
		control_error(cl, err.code, "%s", err.msg);
		return;
	}
	answer_job(cl, j->id);
	if (watch)
		control_watch(cl, j->id);
	if (j->class == QUEUE_INTERACTIVE)
		service_keep_yield(s);
	service_advance(s);
	if (watch)
		tell_wait(s, j->id);
}

static void op_submit(struct service *s, struct control_client *cl,
		      struct control_request *r)
{
	struct queue_job j;
	struct err err = { 0 };

	if (fill_job(s, cl, r, &j, &err) < 0)
		control_error(cl, err.code, "%s", err.msg);
	else
		enqueue(s, cl, &j, r->watch);
	queue_job_done(&j);
}

/* ---- rerun ---- */

/* Out of what is known of a series that no job of the queue tested. */
static int job_of_series(const struct series *r, struct queue_job *j, struct err *err)
{
	struct json_object *q;

	if (!strchr(r->source, '@') && !strstr(r->source, "://"))
		return err_set(err, ERR_INPUT,
			       "s%lld was tested from what only its user has; submit it "
			       "again",
			       (long long)r->id);
	q = json_object_new_object();
	json_set_str(q, "source", r->source);
	json_set_str(q, "tree", r->tree);
	json_set(q, "configs", json_object_get(json_arr(r->wanted, "configs")));
	json_set(q, "topologies", json_object_get(json_arr(r->wanted, "topologies")));
	json_set(q, "suites", json_object_get(json_arr(r->wanted, "suites")));
	j->kind = QUEUE_SERIES;
	j->posting_id = DB_NO_INT;
	j->list = str_dup("");
	j->subject = str_dup(r->subject);
	j->tree = str_dup(r->tree);
	j->request = q;
	j->version = r->version;
	return 0;
}

static int check_mails(struct service *s, const struct queue_job *j, struct err *err)
{
	char day[ARTIFACT_DAY];
	int64_t when;
	int gone = j->mbox ? artifact_dropped(s->artifacts, j->mbox, &when, err) : 0;

	if (gone <= 0)
		return gone;
	artifact_day(when, day);
	return err_set(
		err, ERR_INPUT,
		"the mails of job %lld were dropped on %s by retention; submit them "
		"again",
		(long long)j->id, day);
}

static int find_to_rerun(struct service *s, const struct control_request *r,
			 struct queue_job *j, struct err *err)
{
	struct series row = { 0 };
	int found = r->job ? queue_find(s->db, r->job, j, err) :
			     queue_find_by_series(s->db, r->series, j, err);

	if (found < 0)
		return -1;
	if (found > 0 && j->finished < 0)
		return err_set(err, ERR_INPUT, "job %lld is %s already", (long long)j->id,
			       queue_state_str(j->state));
	if (found == 0 && r->job)
		return err_set(err, ERR_INPUT, "there is no job %lld", (long long)r->job);
	if (found > 0)
		return check_mails(s, j, err);
	found = series_find(s->db, r->series, &row, err);
	if (found > 0)
		found = job_of_series(&row, j, err) < 0 ? -1 : 1;
	else if (found == 0)
		err_set(err, ERR_INPUT, "there is no series s%lld", (long long)r->series);
	series_done(&row);
	return found > 0 ? 0 : -1;
}

/* Once is enough, until it is over. */
static int check_twin(struct service *s, const struct queue_job *j, struct err *err)
{
	struct queue_job twin = { 0 };
	int found = queue_find_twin(s->db, j, &twin, err);

	if (found > 0)
		err_set(err, ERR_INPUT, "job %lld asks for the same and is %s already",
			(long long)twin.id, queue_state_str(twin.state));
	queue_job_done(&twin);
	return found == 0 ? 0 : -1;
}

static void op_rerun(struct service *s, struct control_client *cl,
		     struct control_request *r)
{
	struct queue_job j = { 0 };
	struct err err = { 0 };

	if (find_to_rerun(s, r, &j, &err) < 0 || check_twin(s, &j, &err) < 0) {
		control_error(cl, err.code, "%s", err.msg);
	} else {
		j.class = QUEUE_INTERACTIVE;
		free(j.sender);
		j.sender = peer_name(cl);
		enqueue(s, cl, &j, r->watch);
	}
	queue_job_done(&j);
}

/* ---- the others ---- */

static void op_watch(struct service *s, struct control_client *cl,
		     struct control_request *r)
{
	struct queue_job j = { 0 };
	struct err err = { 0 };
	int found = queue_find(s->db, r->job, &j, &err);

	if (found > 0) {
		control_watch(cl, j.id);
		answer_job(cl, j.id);
		service_tell_end(s, j.id);
	} else if (found == 0) {
		control_error(cl, ERR_INPUT, "there is no job %lld", (long long)r->job);
	} else {
		control_error(cl, err.code, "%s", err.msg);
	}
	queue_job_done(&j);
}

static void op_cancel(struct service *s, struct control_client *cl,
		      struct control_request *r)
{
	AUTO_FREE char *name = peer_name(cl);
	AUTO_FREE char *reason = str_printf("by %s", name);
	struct err err = { 0 };
	int done = service_cancel(s, r->job, reason, &err);

	if (done < 0)
		control_error(cl, err.code, "%s", err.msg);
	else if (done == 0)
		control_error(cl, ERR_INPUT,
			      "there is no job %lld that is queued or running",
			      (long long)r->job);
	else
		answer_job(cl, r->job);
}

/* What it found out is open again, and it goes by that from its next decision on. */
static void op_mark(struct service *s, struct control_client *cl,
		    struct control_request *r)
{
	struct bisection b = { .job = DB_NO_INT };
	struct err err = { 0 };
	int found = bisection_find(s->db, r->bisection, &b, &err);

	bisection_done(&b);
	if (found > 0)
		found = bisection_mark_put(s->db, r->bisection, r->commit, r->bad, &err) <
					0 ?
				-1 :
				1;
	if (found < 0)
		control_error(cl, err.code, "%s", err.msg);
	else if (found == 0)
		control_error(cl, ERR_INPUT, "there is no bisection %lld",
			      (long long)r->bisection);
	else
		control_ok(cl, json_object_new_object());
}

static void op_pause(struct service *s, struct control_client *cl, enum queue_paused what)
{
	struct json_object *o;
	struct err err = { 0 };

	if (setting_put(s->db, "paused",
			what == QUEUE_RUNS ? NULL : queue_paused_str(what), &err) < 0 ||
	    (what == QUEUE_RUNS && queue_wait_no_more(s->db, NULL, &err) < 0)) {
		control_error(cl, err.code, "%s", err.msg);
		return;
	}
	s->paused = what;
	/* Who resumes means now. */
	if (what == QUEUE_RUNS)
		service_hold_no_more(s);
	o = json_object_new_object();
	json_set_str(o, "paused", queue_paused_str(what));
	control_ok(cl, o);
	service_advance(s);
}

/* A tree that was not there may be now: it is fetched, and what waits for it begins. */
static void op_trees(struct service *s, struct control_client *cl)
{
	service_trees_configure(s);
	control_ok(cl, json_object_new_object());
	service_advance(s);
}

static void op_clean(struct service *s, struct control_client *cl, bool watch)
{
	struct json_object *o = json_object_new_object();

	if (s->worker.child)
		json_set_int(o, "after", s->worker.job);
	control_ok(cl, o);
	/* Before it begins: that may fail at once. */
	if (watch)
		control_watch(cl, CONTROL_WATCH_CLEAN);
	service_keep_ask(s);
}

static struct json_object *worker_json(const struct service_worker *w)
{
	struct json_object *o = json_object_new_object();

	json_set_int(o, "job", w->job);
	json_set_int(o, "pid", job_pid(w->child));
	json_set_int(o, "since", w->begun);
	json_set_int(o, "done", w->done);
	json_set_int(o, "total", w->total);
	if (w->rest_s >= 0)
		json_set_num(o, "rest", w->rest_s);
	json_set_str(o, "phase", w->phase);
	return o;
}

static void op_status(struct service *s, struct control_client *cl)
{
	struct json_object *o = json_object_new_object();
	struct json_object *workers = json_object_new_array();

	if (s->worker.child)
		json_object_array_add(workers, worker_json(&s->worker));
	json_set_int(o, "pid", getpid());
	json_set_int(o, "started", s->started);
	json_set_str(o, "config", s->config->source);
	json_set_str(o, "refused", s->refused);
	json_set_str(o, "paused", queue_paused_str(s->paused));
	json_set_str(o, "held", s->hold_why);
	json_set_int(o, "held_until", s->hold_why ? s->hold_until : 0);
	json_set_bool(o, "cleaning", s->keep.child != NULL);
	json_set_str(o, "web", s->web_url);
	json_set(o, "workers", workers);
	control_ok(cl, o);
}

void service_request(struct control_client *cl, struct control_request *r, void *arg)
{
	struct service *s = arg;

	if (s->stopping) {
		control_error(cl, ERR_BUSY, "the daemon is ending");
		return;
	}
	switch (r->op) {
	case CONTROL_SUBMIT:
		return op_submit(s, cl, r);
	case CONTROL_WATCH:
		return op_watch(s, cl, r);
	case CONTROL_CANCEL:
		return op_cancel(s, cl, r);
	case CONTROL_RERUN:
		return op_rerun(s, cl, r);
	case CONTROL_MARK:
		return op_mark(s, cl, r);
	case CONTROL_PAUSE:
		return op_pause(s, cl, r->pause);
	case CONTROL_RESUME:
		return op_pause(s, cl, QUEUE_RUNS);
	case CONTROL_CLEAN:
		return op_clean(s, cl, r->watch);
	case CONTROL_TREES:
		return op_trees(s, cl);
	case CONTROL_STATUS:
		return op_status(s, cl);
	}
}
