#include "cli/submit.h"

#include <signal.h>
#include <poll.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "daemon/event_json.h"
#include "daemon/mails.h"
#include "daemon/request.h"
#include "daemon/source.h"
#include "lib/str.h"

#define CANCEL_MS 15000 /* the daemon gives a worker 6 s */
#define AGAIN_MS 500
#define AGAIN_TIMES 240 /* two minutes for a daemon to come back */

/* ---- queueing ---- */

static char **list_of(const char *option, const char *configured)
{
	return strv_split(option ? option : configured, ", \t");
}

static int fill_source(struct submit *s, const char *text, struct request *q, int *ret_fd,
		       struct err *err)
{
	AUTO_FREE char *data = NULL;
	struct source src = { 0 };
	bool folder = false;
	size_t len = 0;
	int rc = 0;

	if (source_find(text, s->args->repo, s->cx->db, s->cx->config->series_patches,
			&src, err) < 0)
		return -1;
	rc = source_check_base(&src, s->args->tree, s->args->base, err);
	if (rc == 0 && src.kind == SOURCE_RANGE) {
		q->input = str_printf("%s..%s", src.from, src.to);
		q->repo = realpath(src.repo, NULL);
	} else if (rc == 0 && src.kind != SOURCE_MSGID) {
		rc = mails_pack(src.text, s->cx->config->mbox_bytes, &data, &len, &folder,
				err);
		*ret_fd = rc == 0 ? mails_to_fd(data, len, err) : -1;
		q->mails = folder ? REQUEST_MAILS_FOLDER : REQUEST_MAILS_FILE;
		rc = *ret_fd < 0 ? -1 : 0;
	}
	source_done(&src);
	return rc;
}

static int fill_request(struct submit *s, const char *text, struct request *q,
			int *ret_fd, struct err *err)
{
	const struct config *c = s->cx->config;
	const struct submit_args *a = s->args;

	*q = (struct request){ .source = str_dup(text),
			       .base = str_dup(a->base),
			       .configs = list_of(a->config, c->config),
			       .topologies = list_of(a->topology, c->topology),
			       .suites = list_of(a->suite, c->suite) };
	if (fill_source(s, text, q, ret_fd, err) < 0)
		return -1;
	if (!q->input)
		q->tree = str_dup(a->tree ? a->tree : c->tree);
	return 0;
}

/* From here on SIGINT and SIGTERM wait for submit_watch: a job that was queued is
 * cancelled by them, not forgotten. */
static sigset_t block_signals(void)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	return mask;
}

int submit_request(struct submit *s, const struct request *q, int fd, int64_t *ret_job,
		   struct err *err)
{
	AUTO_JSON struct json_object *ok = NULL;
	struct json_object *o = client_op("submit", 0);

	json_set(o, "request", request_to_json(q));
	json_set_bool(o, "interactive", s->interactive);
	json_set_bool(o, "watch", s->watch);
	if (s->watch)
		block_signals();
	if (client_ask(s->client, o, fd, &ok, err) < 0)
		return -1;
	*ret_job = json_int(ok, "job", 0);
	return 0;
}

int submit_series(struct submit *s, const char *source, int64_t *ret_job, struct err *err)
{
	AUTO_FD int fd = -1;
	struct request q;
	int rc = fill_request(s, source, &q, &fd, err);

	if (rc == 0)
		rc = submit_request(s, &q, fd, ret_job, err);
	request_done(&q);
	return rc;
}

/* ---- watching ---- */

struct watching {
	struct submit *s;
	int64_t job;
	run_event_fn on_event;
	void *arg;
	int signals;
	bool cancelled;
	struct json_object *end; /* NULL until it came */
};

static void note(struct watching *w, const char *text)
{
	const struct run_event ev = { .kind = RUN_NOTE,
				      .step = -1,
				      .text = text,
				      .expected_s = -1 };

	w->on_event(&ev, w->arg);
}

static void on_line(struct watching *w, struct json_object *line)
{
	struct json_object *o = json_obj(line, "event");
	const char *kind = json_str(o, "kind", "");
	const char *refused = json_str(line, "error", NULL);
	struct run_event ev;

	if (refused) {
		/* Cancelling is all that we asked for since. */
		AUTO_FREE char *text = str_printf("not cancelled: %s", refused);

		note(w, text);
	} else if (strcmp(kind, "end") == 0) {
		w->end = json_object_get(o);
	} else if (strcmp(kind, "state") == 0) {
		if (json_str(o, "reason", NULL) &&
		    strcmp(json_str(o, "state", ""), "queued") == 0) {
			AUTO_FREE char *text =
				str_printf("queued again: %s", json_str(o, "reason", ""));

			note(w, text);
		}
	} else if (event_from_json(o, &ev)) {
		w->on_event(&ev, w->arg);
	}
}

static bool take_signal(struct watching *w)
{
	struct signalfd_siginfo si;

	return read(w->signals, &si, sizeof(si)) == sizeof(si);
}

/* No line came: it is for a signal, or the end of our patience. */
static int on_silence(struct watching *w, struct err *err)
{
	bool signalled = take_signal(w);

	if (w->cancelled && signalled)
		/* A second time means now. The daemon was asked. */
		return err_set(err, ERR_STOPPED,
			       "job %lld is being cancelled, its end was not waited for; "
			       "\"sluice queue\" shows whether it still runs",
			       (long long)w->job);
	if (w->cancelled)
		return err_set(err, ERR_BUSY,
			       "job %lld was to be cancelled and has not ended in %d s",
			       (long long)w->job, CANCEL_MS / 1000);
	if (!signalled)
		return 0;
	w->cancelled = true;
	note(w, "cancelling");
	client_send(w->s->client, client_op("cancel", w->job), -1, NULL);
	return 0;
}

/* The daemon hung up: it may be restarted. 0 when it is back and we watch on. */
static int come_back(struct watching *w, struct err *err)
{
	note(w, "the daemon ended; waiting for it to come back");
	for (int i = 0; i < AGAIN_TIMES && !w->cancelled; i++) {
		AUTO_JSON struct json_object *ok = NULL;
		struct pollfd fd = { .fd = w->signals, .events = POLLIN };
		struct client *c = NULL;

		if (client_connect(w->s->cx->dir, &c, NULL) > 0) {
			if (client_ask(c, client_op("watch", w->job), -1, &ok, NULL) ==
			    0) {
				client_free(w->s->client);
				w->s->client = c;
				return 0;
			}
			client_free(c);
		}
		w->cancelled = poll(&fd, 1, AGAIN_MS) > 0;
	}
	return err_set(
		err, w->cancelled ? ERR_STOPPED : ERR_MISSING,
		"the daemon ended; job %lld stays in its queue, and goes on when it "
		"is back",
		(long long)w->job);
}

static int watch(struct watching *w, struct err *err)
{
	while (!w->end) {
		AUTO_JSON struct json_object *line = NULL;
		struct err gone = { 0 };
		int r = client_read(w->s->client, w->cancelled ? CANCEL_MS : -1,
				    w->signals, &line, &gone);

		if (r > 0)
			on_line(w, line);
		else if (r < 0 && come_back(w, err) < 0)
			return -1;
		else if (r == 0 && on_silence(w, err) < 0)
			return -1;
	}
	return 0;
}

static int open_signals(void)
{
	sigset_t mask = block_signals();

	return signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
}

int submit_watch(struct submit *s, int64_t job, run_event_fn on_event, void *arg,
		 long long *ret_series_id, struct err *err)
{
	struct watching w = { .s = s,
			      .job = job,
			      .on_event = on_event,
			      .arg = arg,
			      .signals = open_signals() };
	int rc = watch(&w, err) < 0 ? EXIT_INFRA :
				      (int)json_int(w.end, "exit", EXIT_INFRA);
	const char *state = json_str(w.end, "state", "");
	const char *reason = json_str(w.end, "reason", NULL);

	*ret_series_id = json_int(w.end, "series", 0);
	s->bisection = json_int(w.end, "bisection", 0);
	if (w.end && strcmp(state, "cancelled") == 0)
		err_set(err, w.cancelled ? ERR_STOPPED : ERR_SYS,
			"job %lld was cancelled%s%s; what is finished is kept, the same "
			"command goes on from there",
			(long long)job, reason ? " " : "", reason ? reason : "");
	else if (reason)
		err_set(err, ERR_SYS, "%s", reason);
	json_object_put(w.end);
	if (w.signals >= 0)
		close(w.signals);
	return rc;
}
