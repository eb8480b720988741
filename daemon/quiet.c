#include "daemon/quiet.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "daemon/guest_job.h"
#include "daemon/quiet_key.h"
#include "daemon/quiet_record.h"
#include "daemon/role.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/str.h"
#include "runners/kernel_version.h"

#define LOST_MAX 3               /* in a row */
#define CONSOLE_HEAD (256 << 10) /* where the kernel says its version */

struct quiet {
	const struct quiet_opts *o;
	struct quiet_store *store;
	sd_event *event;
	struct role_host host;
	struct json_object **tests; /* of each topology */
	unsigned int *done;         /* on each: boots that count */
	unsigned int *made;         /* the same, and those under way */
	struct quiet_boot **running;
	size_t nrunning;
	unsigned int lost; /* in a row */
	enum quiet_end end;
	bool stopping, failed;
	struct err err;
};

struct quiet_boot {
	struct quiet *q;
	size_t topology;
	struct json_object *record;
	struct role *role;
};

int quiet_open(const struct quiet_opts *o, struct quiet_store **ret_store,
	       struct err *err)
{
	AUTO_JSON struct json_object *key = quiet_key(o);

	return quiet_store_open(o->state->dir, key, ret_store, err);
}

uint64_t quiet_boot_ms(const struct quiet_opts *o)
{
	return o->config->boot_timeout_ms * o->plan->configs[0]->slowdown;
}

/* ---- one boot ---- */

static void boot_free(struct quiet_boot *b)
{
	struct quiet *q = b->q;

	for (size_t i = 0; i < q->nrunning; i++)
		if (q->running[i] == b)
			q->running[i] = q->running[--q->nrunning];
	json_object_put(b->record);
	free(b);
}

/* A file that the role left, into the folder of what is kept. */
static int keep_file(const struct role_end *end, const char *name, const char *dir,
		     struct err *err)
{
	AUTO_FREE char *from = role_file(end, name);
	AUTO_FREE char *to = path_join(dir, name, NULL);

	if (!from)
		return 0;
	if (rename(from, to) < 0 ||
	    (geteuid() == 0 && lchown(to, geteuid(), getegid()) < 0))
		return err_sys(err, "keep %s", to);
	return 0;
}

/* Console, QEMU's words, the job and the whole result. */
static int keep_evidence(struct quiet_boot *b, const struct role_end *end,
			 struct err *err)
{
	static const char *const files[] = { "console.log", "qemu.log", "job.json" };
	AUTO_FREE char *dir = NULL, *result = NULL;

	if (quiet_store_keep(b->q->store, b->record, &dir, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (keep_file(end, files[i], dir, err) < 0)
			return -1;
	result = path_join(dir, "result.json", NULL);
	return end->result ? json_write_file(result, end->result, err) : 0;
}

static char *console_kernel(const struct role_end *end)
{
	AUTO_FREE char *path = role_file(end, "console.log");
	AUTO_FD int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
	AUTO_FREE char *head = mem_alloc0(CONSOLE_HEAD);
	ssize_t n = fd < 0 ? 0 : read(fd, head, CONSOLE_HEAD);

	return n > 0 ? kernel_version_find(head, (size_t)n) : NULL;
}

/* Puts what became of it into the record; true when it counts. */
static bool boot_take(struct quiet_boot *b, const struct role_end *end)
{
	AUTO_FREE char *kernel = NULL;

	if (end->cancelled) {
		quiet_record_lose(b->record, "ended by us: sluice was interrupted");
		return false;
	}
	if (!end->result ||
	    strcmp(json_str(end->result, "status", "infra"), "infra") == 0) {
		quiet_record_lose(b->record,
				  end->result ? json_str(end->result, "reason", "infra") :
						end->infra);
		return false;
	}
	kernel = console_kernel(end);
	quiet_record_fill(b->record, end->result, kernel);
	return true;
}

static void quiet_advance(struct quiet *q);

/* The first cause counts. */
static void quiet_fail(struct quiet *q, const struct err *err)
{
	if (!q->failed)
		q->err = *err;
	q->failed = true;
	q->stopping = true;
}

static unsigned int quiet_left(const struct quiet *q)
{
	unsigned int left = 0;

	for (size_t t = 0; t < q->o->plan->ntopologies; t++) {
		unsigned int share = quiet_share(q->o->boots, q->o->plan->ntopologies, t);

		left += q->done[t] < share ? share - q->done[t] : 0;
	}
	return left;
}

static void boot_ended(const struct role_end *end, void *arg)
{
	struct quiet_boot *b = arg;
	struct quiet *q = b->q;
	bool counts = boot_take(b, end);
	bool keep = counts ? quiet_record_failures(b->record, NULL, NULL, NULL) > 0 :
			     !end->cancelled;

	struct err err = { 0 };

	/* What it came to is stored even where its evidence is not. */
	if (keep && keep_evidence(b, end, &err) < 0)
		quiet_fail(q, &err);
	if (quiet_store_end(q->store, b->record, &err) < 0)
		quiet_fail(q, &err);
	if (counts)
		q->done[b->topology]++;
	else
		q->made[b->topology]--;
	q->lost = counts || end->cancelled ? 0 : q->lost + 1;
	if (q->lost == LOST_MAX && !q->stopping) {
		q->end = QUIET_LOST;
		q->stopping = true;
	}
	if (q->o->on_boot)
		q->o->on_boot(b->record, quiet_left(q), q->o->arg);
	boot_free(b);
	quiet_advance(q);
}

static int boot_start(struct quiet *q, size_t topology, struct err *err)
{
	struct quiet_boot *b = mem_alloc0(sizeof(*b));
	struct role_opts opts = { .name = "boot", .done = boot_ended, .arg = b };
	const struct quiet_opts *o = q->o;
	const struct guest_job job = { .config = o->config,
				       .plan = o->plan,
				       .topology = topology,
				       .image = o->image,
				       .initramfs = o->initramfs,
				       .tests = q->tests[topology],
				       .hello_ms = quiet_boot_ms(o) };

	b->q = q;
	b->topology = topology;
	q->running[q->nrunning++] = b;
	opts.job = json_object_new_object();
	opts.dir = state_job_dir(o->state, "quiet", err);
	if (!opts.dir || guest_job_fill(&job, opts.job, &opts.deadline_ms, err) < 0 ||
	    quiet_store_begin(q->store, o->plan->topologies[topology], &b->record, err) <
		    0) {
		json_object_put(opts.job);
		if (opts.dir)
			tree_remove(opts.dir, NULL);
		free(opts.dir);
		boot_free(b);
		return -1;
	}
	q->made[topology]++;
	if (role_start(&q->host, &opts, &b->role, err) < 0) {
		/* Its marker stays, and makes it a lost one. */
		boot_free(b);
		return -1;
	}
	return 0;
}

/* ---- all of them ---- */

static void quiet_advance(struct quiet *q)
{
	struct err err = { 0 };

	while (!q->stopping && q->nrunning < q->o->parallel) {
		long t = quiet_next(q->made, q->o->plan->ntopologies, q->o->boots);

		if (t < 0)
			break;
		if (boot_start(q, (size_t)t, &err) < 0)
			quiet_fail(q, &err);
	}
	if (q->stopping)
		for (size_t i = 0; i < q->nrunning; i++)
			role_cancel(q->running[i]->role);
	if (q->nrunning == 0)
		sd_event_exit(q->event, 0);
}

static int on_signal(sd_event_source *s, const struct signalfd_siginfo *si, void *arg)
{
	struct quiet *q = arg;

	(void)s;
	(void)si;
	if (!q->stopping)
		q->end = QUIET_INTERRUPTED;
	q->stopping = true;
	quiet_advance(q);
	return 0;
}

static void count_made(struct json_object *record, void *arg)
{
	struct quiet *q = arg;

	for (size_t t = 0; t < q->o->plan->ntopologies; t++)
		if (!quiet_record_lost(record) &&
		    quiet_record_is_on(record, q->o->plan->topologies[t])) {
			q->made[t]++;
			q->done[t]++;
		}
}

static int quiet_prepare(struct quiet *q, struct err *err)
{
	const struct plan *p = q->o->plan;

	q->tests = mem_alloc0((p->ntopologies + 1) * sizeof(*q->tests));
	q->made = mem_alloc0((p->ntopologies + 1) * sizeof(*q->made));
	q->done = mem_alloc0((p->ntopologies + 1) * sizeof(*q->done));
	q->running = mem_alloc0((q->o->parallel + 1) * sizeof(*q->running));
	for (size_t t = 0; t < p->ntopologies; t++) {
		if (quiet_tests(p, q->o->suites, t, &q->tests[t], err) < 0)
			return -1;
		if (!q->tests[t])
			return err_set(err, ERR_INPUT, "no suite runs on topology %s",
				       p->topologies[t]->name);
	}
	return quiet_store_each(q->store, count_made, q, err);
}

static int quiet_listen(struct quiet *q, struct err *err)
{
	sigset_t mask;

	if (sd_event_new(&q->event) < 0)
		return err_set(err, ERR_SYS, "cannot make an event loop");
	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	if (sd_event_add_signal(q->event, NULL, SIGINT, on_signal, q) < 0 ||
	    sd_event_add_signal(q->event, NULL, SIGTERM, on_signal, q) < 0)
		return err_set(err, ERR_SYS, "cannot wait for signals");
	q->host = (struct role_host){ .event = q->event,
				      .state = q->o->state,
				      .config = q->o->config };
	return 0;
}

static void quiet_free(struct quiet *q)
{
	for (size_t t = 0; q->tests && t < q->o->plan->ntopologies; t++)
		json_object_put(q->tests[t]);
	free(q->tests);
	free(q->made);
	free(q->done);
	free(q->running);
	sd_event_unref(q->event);
}

int quiet_run(const struct quiet_opts *o, struct quiet_store *store,
	      enum quiet_end *ret_end, struct err *err)
{
	AUTO(quiet_free) struct quiet q = { .o = o, .store = store, .end = QUIET_DONE };

	if (quiet_prepare(&q, err) < 0 || quiet_listen(&q, err) < 0)
		return -1;
	quiet_advance(&q);
	sd_event_loop(q.event);
	if (q.failed) {
		/* Whatever was missing on the way, the options were good. */
		q.err.code = ERR_SYS;
		*err = q.err;
		return -1;
	}
	*ret_end = q.end;
	return 0;
}
