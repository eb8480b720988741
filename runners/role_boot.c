#include "runners/role_boot.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-event.h>
#include <time.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/str.h"
#include "lib/text.h"
#include "runners/boot_job.h"
#include "runners/boot_judge.h"
#include "runners/boot_tests.h"
#include "runners/console.h"
#include "runners/frame.h"
#include "runners/qmp.h"

#define PROTOCOL_VERSION 1
#define HELLO_AGAIN_MS 1000 /* answer a repeated HELLO at most that often */
/* Times slowdown: the guest's init ends a test itself, we only step in, ... */
#define TEST_GRACE_MS 30000
#define END_GRACE_MS 30000 /* ... and from the end frame to the power-off. */
#define QEMU_FILES 256
#define QEMU_FILE_BYTES (64u << 20)
#define QEMU_OUTPUT_MAX (1u << 20)
#define CONSOLE_READ_FACTOR 4 /* so much more than is kept is still looked at */
#define PORT_MAX (64ULL << 20)
#define TAIL_LINES 14
#define SAYS_MAX 300

enum { CONSOLE, PORT, QMP, NPORTS };

struct boot;

/* Our end of one of QEMU's sockets. */
struct port {
	struct boot *boot;
	int which;
	int fd;
	sd_event_source *source;
	struct str pending; /* not yet written */
	uint64_t bytes;     /* read */
};

struct boot {
	sd_event *event;
	struct boot_job *job;
	struct boot_tests *tests;
	struct frame *frame;
	struct console *console;
	struct qmp *qmp;
	struct port ports[NPORTS];
	int log; /* console.log */
	uint64_t logged;
	struct job *qemu;
	sd_event_source *phase_timer; /* hello, test, end: never two at once */
	sd_event_source *whole_timer;
	enum boot_kill phase_kill;
	uint64_t started, hello_at, answered_at; /* ms, monotonic; 0: not yet */
	char *qemu_says;
	struct boot_evidence ev;
};

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* The first cause counts; what comes later is its consequence. */
static void kill_qemu(struct boot *b, enum boot_kill why)
{
	if (b->ev.kill != KILL_NONE)
		return;
	b->ev.kill = why;
	if (b->qemu)
		job_cancel(b->qemu);
}

static int on_phase_timer(sd_event_source *s, uint64_t usec, void *arg)
{
	struct boot *b = arg;

	(void)s;
	(void)usec;
	kill_qemu(b, b->phase_kill);
	return 0;
}

static int on_whole_timer(sd_event_source *s, uint64_t usec, void *arg)
{
	(void)s;
	(void)usec;
	kill_qemu(arg, KILL_DEADLINE);
	return 0;
}

static void disarm(struct boot *b)
{
	b->phase_timer = sd_event_source_disable_unref(b->phase_timer);
}

static void arm(struct boot *b, uint64_t ms, enum boot_kill why)
{
	disarm(b);
	b->phase_kill = why;
	sd_event_add_time_relative(b->event, &b->phase_timer, CLOCK_MONOTONIC, ms * 1000,
				   0, on_phase_timer, b);
}

static void port_flush(struct port *p)
{
	ssize_t n;

	while (p->pending.len) {
		n = send(p->fd, p->pending.data, p->pending.len,
			 MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		memmove(p->pending.data, p->pending.data + n, p->pending.len - (size_t)n);
		p->pending.len -= (size_t)n;
	}
	if (p->source)
		sd_event_source_set_io_events(p->source,
					      EPOLLIN | (p->pending.len ? EPOLLOUT : 0));
}

static void port_send(struct port *p, const char *text)
{
	str_add(&p->pending, text);
	port_flush(p);
}

static void on_hello(struct boot *b, unsigned int version)
{
	AUTO_FREE char *plan = NULL;
	uint64_t now = now_ms();

	if (version != PROTOCOL_VERSION) {
		kill_qemu(b, KILL_PROTOCOL);
		return;
	}
	if (!b->ev.hello) {
		b->ev.hello = true;
		b->hello_at = now;
		disarm(b);
	} else if (now - b->answered_at < HELLO_AGAIN_MS || b->ports[PORT].pending.len) {
		return;
	}
	b->answered_at = now;
	plan = boot_tests_plan(b->tests, b->job->nonce);
	port_send(&b->ports[PORT], plan);
}

static void on_frame(const struct frame_event *e, void *arg)
{
	struct boot *b = arg;
	const struct frame_stats *s;
	uint64_t ms;

	switch (e->kind) {
	case FRAME_HELLO:
		on_hello(b, e->n);
		return;
	case FRAME_PLAN:
		b->ev.plan = true;
		b->ev.plan_n = e->n;
		return;
	case FRAME_END:
		b->ev.end = true;
		if (e->n < boot_tests_count(b->tests))
			kill_qemu(b, KILL_GAVE_UP);
		else
			arm(b, END_GRACE_MS * b->job->slowdown, KILL_END_DEADLINE);
		return;
	default:
		break;
	}
	if (b->ev.end)
		return;
	s = frame_stats(b->frame);
	boot_tests_frame(b->tests, e, s->foreign + s->damaged + s->noise);
	if (e->kind == FRAME_START && boot_tests_current(b->tests, &ms))
		arm(b, ms + TEST_GRACE_MS * b->job->slowdown, KILL_TEST_DEADLINE);
	else if (e->kind == FRAME_DONE)
		disarm(b);
}

static void on_qmp(const struct qmp_message *m, void *arg)
{
	struct boot *b = arg;

	if (m->kind == QMP_GREETING && !b->ev.greeted) {
		AUTO_FREE char *cmd = qmp_command("qmp_capabilities", 1);

		b->ev.greeted = true;
		port_send(&b->ports[QMP], cmd);
	}
	if (m->kind != QMP_EVENT)
		return;
	if (strcmp(m->name, "GUEST_PANICKED") == 0)
		b->ev.panicked = true;
	else if (strcmp(m->name, "WATCHDOG") == 0)
		b->ev.watchdog = true;
	else if (strcmp(m->name, "SHUTDOWN") == 0 && !b->ev.shutdown[0])
		snprintf(b->ev.shutdown, sizeof(b->ev.shutdown), "%s", m->text);
	else if (strcmp(m->name, "STOP") == 0 && !b->ev.shutdown[0] && !b->ev.panicked &&
		 !b->ev.watchdog)
		b->ev.stopped = true;
}

static void log_console(struct boot *b, const char *data, size_t len)
{
	uint64_t room = b->job->console_max - b->logged;

	if (len > room)
		len = (size_t)room;
	while (len) {
		ssize_t n = write(b->log, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		b->logged += (uint64_t)n;
		data += n;
		len -= (size_t)n;
	}
}

static void take(struct port *p, const char *data, size_t len)
{
	struct boot *b = p->boot;
	struct err err;

	p->bytes += len;
	if (p->which == CONSOLE) {
		log_console(b, data, len);
		console_feed(b->console, data, len);
		if (p->bytes / CONSOLE_READ_FACTOR > b->job->console_max)
			kill_qemu(b, KILL_CONSOLE_FLOOD);
	} else if (p->which == PORT) {
		frame_feed(b->frame, data, len, on_frame, b);
		if (p->bytes > PORT_MAX)
			kill_qemu(b, KILL_PORT_FLOOD);
	} else if (b->ev.kill == KILL_NONE &&
		   qmp_feed(b->qmp, data, len, on_qmp, b, &err) < 0) {
		kill_qemu(b, err.code == ERR_LIMIT ? KILL_QMP_FLOOD : KILL_QMP_BROKEN);
	}
}

/* One read; false at the end of the stream or when there is nothing now. */
static bool port_read(struct port *p)
{
	static char buf[64 << 10];
	ssize_t n = recv(p->fd, buf, sizeof(buf), MSG_DONTWAIT);

	if (n > 0)
		take(p, buf, (size_t)n);
	else if (n == 0 || (errno != EINTR && errno != EAGAIN))
		p->source = sd_event_source_disable_unref(p->source);
	return n > 0;
}

static int on_port(sd_event_source *s, int fd, uint32_t revents, void *arg)
{
	struct port *p = arg;

	(void)s;
	(void)fd;
	if (revents & EPOLLOUT)
		port_flush(p);
	if (revents & (EPOLLIN | EPOLLHUP | EPOLLERR))
		port_read(p);
	return 0;
}

/* What QEMU and bwrap themselves have to say is in qemu.log; the last line is why. */
static void on_line(struct job *job, const char *line, size_t len, void *arg)
{
	struct boot *b = arg;

	(void)job;
	free(b->qemu_says);
	b->qemu_says = text_clean_line(line, SAYS_MAX);
	(void)len;
}

static void on_done(struct job *job, enum job_how how, int code, void *arg)
{
	struct boot *b = arg;

	(void)job;
	b->qemu = NULL;
	b->ev.how = how;
	b->ev.code = code;
	/* It is gone, but what it wrote last may still be in the sockets. */
	for (int i = 0; i < NPORTS; i++)
		while (b->ports[i].source && port_read(&b->ports[i]))
			;
	sd_event_exit(b->event, 0);
}

static int open_ports(struct boot *b, int theirs[NPORTS], struct err *err)
{
	for (int i = 0; i < NPORTS; i++) {
		struct port *p = &b->ports[i];
		int pair[2];

		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
			return err_sys(err, "socketpair");
		p->fd = pair[0];
		theirs[i] = pair[1];
		if (sd_event_add_io(b->event, &p->source, p->fd, EPOLLIN, on_port, p) < 0)
			return err_set(err, ERR_SYS, "event loop: out of resources");
	}
	/* Its events are few and say what the others' ends mean. */
	sd_event_source_set_priority(b->ports[QMP].source, SD_EVENT_PRIORITY_IMPORTANT);
	return 0;
}

static int start_qemu(struct boot *b, const char *jobdir, const int theirs[NPORTS],
		      struct err *err)
{
	AUTO_FREE char *log = path_join(jobdir, "qemu.log", NULL);
	/* Not RLIMIT_AS: TCG's code buffer and the guest's memory are in it. */
	static const struct job_limit limits[] = {
		{ RLIMIT_CORE, 0 },
		{ RLIMIT_NOFILE, QEMU_FILES },
		{ RLIMIT_FSIZE, QEMU_FILE_BYTES },
	};
	struct job_opts opts = {
		.output_path = log,
		.output_max = QEMU_OUTPUT_MAX,
		.limits = limits,
		.nlimits = ARRAY_SIZE(limits),
		.on_line = on_line,
		.on_done = on_done,
		.arg = b,
	};
	struct sandbox *s;
	int r;

	if (boot_job_sandbox(b->job, theirs, &s, err) < 0)
		return -1;
	sandbox_job_opts(s, &opts);
	b->started = now_ms();
	r = job_start(b->event, &opts, &b->qemu, err);
	sandbox_free(s);
	return r;
}

static int run(struct boot *b, const char *jobdir, struct err *err)
{
	int theirs[NPORTS] = { -1, -1, -1 };
	int r = open_ports(b, theirs, err);

	if (r == 0)
		r = start_qemu(b, jobdir, theirs, err);
	for (int i = 0; i < NPORTS; i++)
		cleanup_fd(&theirs[i]);
	if (r < 0)
		return -1;
	arm(b, b->job->boot_deadline_ms, KILL_BOOT_DEADLINE);
	sd_event_add_time_relative(b->event, &b->whole_timer, CLOCK_MONOTONIC,
				   b->job->deadline_ms * 1000, 0, on_whole_timer, b);
	r = sd_event_loop(b->event);
	if (r < 0)
		return err_set(err, ERR_SYS, "event loop: %s", strerror(-r));
	return 0;
}

static struct json_object *strv_json(char *const *v)
{
	struct json_object *arr = json_object_new_array();

	for (; *v; v++) {
		AUTO(str_done) struct str clean = STR_INIT;

		text_clean(&clean, *v, strlen(*v));
		json_add_str(arr, str_get(&clean));
	}
	return arr;
}

static void report_port(const struct boot *b, struct json_object *result)
{
	const struct frame_stats *s = frame_stats(b->frame);
	struct json_object *o = json_object_new_object();

	json_set_int(o, "frames", (long long)s->frames);
	json_set_int(o, "foreign", (long long)s->foreign);
	json_set_int(o, "damaged", (long long)s->damaged);
	json_set_int(o, "lost", (long long)s->lost);
	json_set_int(o, "noise", (long long)s->noise);
	json_set(result, "port", o);
}

static void report_console(const struct boot *b, struct json_object *result)
{
	char **tail = console_tail(b->console, TAIL_LINES);

	json_set_str(result, "console", "console.log");
	json_set_int(result, "console_bytes", (long long)console_bytes(b->console));
	json_set_bool(result, "console_truncated", console_bytes(b->console) > b->logged);
	json_set(result, "console_tail", strv_json(tail));
	strv_free(tail);
}

static void report(struct boot *b, double seconds, struct json_object *result)
{
	AUTO_FREE char *reason = NULL;
	struct boot_verdict v;

	b->ev.tests = boot_tests_count(b->tests);
	b->ev.done = boot_tests_done(b->tests);
	b->ev.current = boot_tests_current(b->tests, NULL);
	b->ev.panic = console_panic(b->console);
	b->ev.qemu_says = b->qemu_says;
	v = boot_judge(&b->ev);
	reason = text_clean_line(v.reason, SAYS_MAX);
	json_set_str(result, "status", boot_word(v.status));
	json_set_str(result, "reason", reason);
	json_set_str(result, "phase", v.phase);
	json_set_num(result, "seconds", seconds);
	if (b->hello_at)
		json_set_num(result, "boot_seconds",
			     (double)(b->hello_at - b->started) / 1000);
	else
		json_set(result, "boot_seconds", NULL);
	json_set_str(result, "accel", accel_str(b->job->accel));
	json_set_str(result, "qemu_version", b->job->qemu_version);
	json_set(result, "argv", strv_json(b->job->argv));
	json_set_str(result, "cmdline", b->job->cmdline);
	boot_tests_report(b->tests, b->console, &v, result);
	report_console(b, result);
	report_port(b, result);
	free(v.reason);
}

static int prepare(struct boot *b, struct json_object *job, const char *jobdir,
		   struct err *err)
{
	AUTO_FREE char *log = path_join(jobdir, "console.log", NULL);
	int r;

	b->log = -1;
	for (int i = 0; i < NPORTS; i++)
		b->ports[i] = (struct port){ .boot = b, .which = i, .fd = -1 };
	if (sandbox_check(geteuid(), err) < 0 || boot_job_read(job, &b->job, err) < 0 ||
	    boot_tests_new(json_arr(job, "plan"), &b->tests, err) < 0)
		return -1;
	b->frame = frame_new(b->job->nonce, boot_tests_count(b->tests));
	b->console = console_new(b->job->nonce, boot_tests_count(b->tests));
	b->qmp = qmp_new(b->job->events_max);
	b->log = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (b->log < 0)
		return err_sys(err, "%s", log);
	r = sd_event_new(&b->event);
	return r < 0 ? err_set(err, ERR_SYS, "event loop: %s", strerror(-r)) : 0;
}

static void boot_done(struct boot *b)
{
	for (int i = 0; i < NPORTS; i++) {
		sd_event_source_disable_unref(b->ports[i].source);
		cleanup_fd(&b->ports[i].fd);
		str_done(&b->ports[i].pending);
	}
	disarm(b);
	sd_event_source_disable_unref(b->whole_timer);
	sd_event_unref(b->event);
	cleanup_fd(&b->log);
	qmp_free(b->qmp);
	console_free(b->console);
	frame_free(b->frame);
	boot_tests_free(b->tests);
	boot_job_free(b->job);
	free(b->qemu_says);
}

int role_boot(struct json_object *job, const char *jobdir, struct json_object *result,
	      struct err *err)
{
	AUTO(boot_done) struct boot b = { .log = -1 };

	if (prepare(&b, job, jobdir, err) < 0 || run(&b, jobdir, err) < 0)
		return err_prefix(err, "boot");
	console_end(b.console);
	report(&b, (double)(now_ms() - b.started) / 1000, result);
	return 0;
}
