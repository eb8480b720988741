#include "runners/boot_tests.h"

#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/str.h"
#include "lib/text.h"
#include "runners/ktap.h"

#define ARGS_MAX 32
#define OUTPUT_LINES 60 /* the last ones are kept */
#define REASON_MAX 300

enum state { WAITING, RUNNING, DONE };

struct boot_test {
	char *id;
	char **argv;
	uint64_t deadline_ms;
	enum state state;
	enum frame_how how;
	int code;
	uint64_t ms;
	uint64_t alien; /* lines on the port that are not init's; since its start */
	struct ktap *ktap;
	char *output[OUTPUT_LINES];
	uint64_t lines;
};

struct boot_tests {
	struct boot_test *v;
	unsigned int n;
	int current; /* -1: none */
	int last;    /* that was started, -1: none */
};

/* A word must survive a line of words. */
static bool word_ok(const char *w)
{
	if (!*w || strlen(w) > 200)
		return false;
	for (; *w; w++)
		if ((unsigned char)*w <= ' ' || *w == 0x7f)
			return false;
	return true;
}

static int read_argv(struct json_object *arr, struct boot_test *t, struct err *err)
{
	size_t n = json_len(arr);

	if (n == 0 || n > ARGS_MAX)
		return err_set(err, ERR_INPUT, "job: test %s: %zu words in argv", t->id,
			       n);
	t->argv = mem_alloc0((n + 1) * sizeof(*t->argv));
	for (size_t i = 0; i < n; i++) {
		const char *w = json_object_get_string(json_object_array_get_idx(arr, i));

		if (!w || !word_ok(w))
			return err_set(err, ERR_INPUT, "job: test %s: bad word in argv",
				       t->id);
		t->argv[i] = str_dup(w);
	}
	return 0;
}

static int read_test(struct json_object *o, struct boot_test *t, struct err *err)
{
	long long ms = json_int(o, "deadline_ms", 0);
	const char *id = json_str(o, "test", "");

	t->id = str_dup(id);
	t->deadline_ms = (uint64_t)ms;
	t->ktap = ktap_new();
	if (!*id || ms <= 0 || ms > BOOT_DEADLINE_MAX_MS)
		return err_set(err, ERR_INPUT,
			       "job: a test without a name or a deadline");
	return read_argv(json_arr(o, "argv"), t, err);
}

/* The guest's init would ask for ever; better told here than by a deadline. */
static int check_plan(const struct boot_tests *t, struct err *err)
{
	char nonce[FRAME_NONCE_LEN + 1] = "";
	AUTO_FREE char *text = NULL;
	size_t len;

	memset(nonce, '0', FRAME_NONCE_LEN);
	text = boot_tests_plan(t, nonce);
	len = strlen(text);
	if (len > FRAME_PLAN_MAX)
		return err_set(err, ERR_INPUT,
			       "job: a plan of %zu bytes, a guest takes %d", len,
			       FRAME_PLAN_MAX);
	return 0;
}

int boot_tests_new(struct json_object *plan, struct boot_tests **ret_tests,
		   struct err *err)
{
	size_t n = json_len(plan);
	struct boot_tests *t;
	int r = 0;

	if (n > BOOT_TESTS_MAX)
		return err_set(err, ERR_INPUT, "job: %zu tests, at most %d", n,
			       BOOT_TESTS_MAX);
	t = mem_alloc0(sizeof(*t));
	t->n = (unsigned int)n;
	t->v = mem_alloc0((n ? n : 1) * sizeof(*t->v));
	t->current = -1;
	t->last = -1;
	for (size_t i = 0; r == 0 && i < n; i++)
		r = read_test(json_object_array_get_idx(plan, i), &t->v[i], err);
	if (r == 0)
		r = check_plan(t, err);
	if (r < 0)
		boot_tests_free(t);
	else
		*ret_tests = t;
	return r;
}

void boot_tests_free(struct boot_tests *t)
{
	if (!t)
		return;
	for (unsigned int i = 0; i < t->n; i++) {
		struct boot_test *b = &t->v[i];

		free(b->id);
		strv_free(b->argv);
		ktap_free(b->ktap);
		for (size_t j = 0; j < OUTPUT_LINES; j++)
			free(b->output[j]);
	}
	free(t->v);
	free(t);
}

unsigned int boot_tests_count(const struct boot_tests *t)
{
	return t->n;
}

unsigned int boot_tests_done(const struct boot_tests *t)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < t->n; i++)
		n += t->v[i].state == DONE;
	return n;
}

const char *boot_tests_current(const struct boot_tests *t, uint64_t *ret_deadline_ms)
{
	if (t->current < 0)
		return NULL;
	if (ret_deadline_ms)
		*ret_deadline_ms = t->v[t->current].deadline_ms;
	return t->v[t->current].id;
}

char *boot_tests_plan(const struct boot_tests *t, const char *nonce)
{
	AUTO_FREE struct frame_test *plan = mem_alloc0((t->n + 1) * sizeof(*plan));

	for (unsigned int i = 0; i < t->n; i++) {
		plan[i].argv = (const char *const *)t->v[i].argv;
		plan[i].deadline_ms = t->v[i].deadline_ms;
	}
	return frame_plan(nonce, plan, t->n);
}

static void add_output(struct boot_test *b, const char *text, size_t len)
{
	char **slot = &b->output[b->lines++ % OUTPUT_LINES];

	free(*slot);
	*slot = str_ndup(text, len);
	ktap_feed(b->ktap, text, len);
	ktap_feed(b->ktap, "\n", 1);
}

/* A frame that does not fit the state of its test changes nothing: one after the
 * other they run, in the order of the plan. */
void boot_tests_frame(struct boot_tests *t, const struct frame_event *e, uint64_t alien)
{
	struct boot_test *b = &t->v[e->idx];

	if (e->kind == FRAME_START && t->current < 0 && (int)e->idx > t->last) {
		b->state = RUNNING;
		b->alien = alien;
		t->current = t->last = (int)e->idx;
	} else if (t->current != (int)e->idx) {
		return;
	} else if (e->kind == FRAME_OUT) {
		add_output(b, e->text, e->len);
	} else if (e->kind == FRAME_DONE) {
		b->state = DONE;
		b->how = e->how;
		b->code = e->code;
		b->ms = e->ms;
		b->alien = alien - b->alien;
		t->current = -1;
	}
}

/* A result as the document says it; reason is owned. */
struct outcome {
	const char *result;
	char *reason;
};

/* Not a word from the guest's init that it ended: the boot's death tells. */
static struct outcome outcome_cut(const struct boot_verdict *v)
{
	switch (v->status) {
	case BOOT_HANG:
	case BOOT_TIMEOUT:
		return (struct outcome){ "timeout", str_dup(v->reason) };
	case BOOT_INFRA:
		return (struct outcome){ "not-run", str_printf("infra: %s", v->reason) };
	default:
		return (struct outcome){ "crash", str_dup(v->reason) };
	}
}

/* What a program without KTAP said last: why, most often. NULL: nothing. */
static const char *last_words(const struct boot_test *b)
{
	uint64_t n = b->lines < OUTPUT_LINES ? b->lines : OUTPUT_LINES;

	for (uint64_t i = 1; !ktap_seen(b->ktap) && i <= n; i++) {
		const char *line = b->output[(b->lines - i) % OUTPUT_LINES];

		/* Not what init says that it put right. */
		if (line[strspn(line, " \t\r")] && !str_starts(line, "# sluice: "))
			return line;
	}
	return NULL;
}

static struct outcome outcome_exit(const struct boot_test *b)
{
	const char *said = last_words(b);
	char *reason = NULL;
	enum ktap_result k;

	if (b->code == 4 && ktap_may_skip(b->ktap, &reason))
		return (struct outcome){ "skip", reason ? reason : str_dup(said) };
	k = ktap_verdict(b->ktap, &reason);
	if (b->code == 0 && k == KTAP_PASS)
		return (struct outcome){ "pass", ktap_skipped(b->ktap) };
	if (b->code == 0 && k == KTAP_SKIP)
		return (struct outcome){ "skip", reason };
	if (b->code == 0 || reason)
		return (struct outcome){ "fail", reason ? reason : str_dup("not ok") };
	if (ktap_is_cut(b->ktap))
		said = "its output was too long to say why";
	return (struct outcome){ "fail", str_printf("exit status %d%s%s", b->code,
						    said ? ": " : "", said ? said : "") };
}

static struct outcome outcome_unclean(const struct boot_test *b)
{
	return (struct outcome){
		"fail", str_dup(b->code == 1 ? "left a process that cannot be killed" :
					       "left a CPU, memory or swap that cannot "
					       "be put back (see its output)")
	};
}

/* What the guest's init said of a test's end. */
static struct outcome outcome_done(const struct boot_test *b)
{
	switch (b->how) {
	case FRAME_SIGNAL:
		return (struct outcome){ "crash",
					 str_printf("killed by signal %d (%s)", b->code,
						    strsignal(b->code)) };
	case FRAME_OOM:
		return (struct outcome){ "crash", str_dup("killed by the kernel, which "
							  "had run out of memory") };
	case FRAME_TIMEOUT:
		return (struct outcome){ "timeout", str_printf("not done after %.1f s",
							       (double)b->ms / 1000) };
	case FRAME_UNCLEAN:
		return outcome_unclean(b);
	default:
		return outcome_exit(b);
	}
}

static bool is_good(const char *result)
{
	return strcmp(result, "pass") == 0 || strcmp(result, "skip") == 0;
}

static struct outcome outcome_own(const struct boot_test *b, const struct boot_verdict *v)
{
	struct outcome o;

	if (b->state == WAITING)
		return (struct outcome){ "not-run",
					 str_printf("not reached: %s",
						    v->status == BOOT_OK ?
							    "the guest's init gave up" :
							    v->reason) };
	if (b->state == RUNNING)
		return outcome_cut(v);
	o = outcome_done(b);
	if (b->alien && is_good(o.result)) {
		free(o.reason);
		o = (struct outcome){ "fail",
				      str_printf("wrote to the result port, lines: %llu",
						 (unsigned long long)b->alien) };
	}
	return o;
}

static bool in_span(const struct console_splat *s, struct console_span span)
{
	return span.from != CONSOLE_NOWHERE && s->offset >= span.from &&
	       s->offset < span.to;
}

static struct json_object *splat_json(const struct console_splat *s)
{
	struct json_object *o = json_object_new_object();
	AUTO(str_done) struct str text = STR_INIT;
	AUTO_FREE char *title = text_clean_line(s->title, REASON_MAX);
	AUTO_FREE char *key = text_clean_line(s->key, REASON_MAX);

	text_clean(&text, s->text, strlen(s->text));
	json_set_str(o, "kind", splat_kind_str(s->kind));
	json_set_str(o, "title", title);
	json_set_str(o, "key", key);
	json_set_str(o, "text", str_get(&text));
	json_set_int(o, "offset", (long long)s->offset);
	return o;
}

static struct json_object *subtests_json(const struct ktap *k)
{
	struct json_object *arr = json_object_new_array();
	size_t n;
	const struct ktap_subtest *s = ktap_subtests(k, &n);

	for (size_t i = 0; i < n; i++) {
		struct json_object *o = json_object_new_object();
		AUTO_FREE char *name = text_clean_line(s[i].name, REASON_MAX);
		AUTO_FREE char *reason =
			s[i].reason ? text_clean_line(s[i].reason, REASON_MAX) : NULL;

		json_set_str(o, "name", name);
		json_set_str(o, "result", ktap_result_str(s[i].result));
		json_set_str(o, "reason", reason);
		json_object_array_add(arr, o);
	}
	return arr;
}

static struct json_object *data_json(const struct ktap *k)
{
	struct json_object *o = json_object_new_object();
	size_t n;
	const struct ktap_data *d = ktap_data(k, &n);

	for (size_t i = 0; i < n; i++) {
		AUTO_FREE char *name = text_clean_line(d[i].name, REASON_MAX);

		/* Whole numbers as such: counters are looked at, not measured. */
		if (d[i].value >= -9e15 && d[i].value <= 9e15 &&
		    d[i].value == (double)(long long)d[i].value)
			json_set_int(o, name, (long long)d[i].value);
		else
			json_set_num(o, name, d[i].value);
	}
	return o;
}

static void output_json(const struct boot_test *b, struct json_object *o)
{
	AUTO(str_done) struct str raw = STR_INIT;
	AUTO(str_done) struct str clean = STR_INIT;
	uint64_t n = b->lines < OUTPUT_LINES ? b->lines : OUTPUT_LINES;

	for (uint64_t i = b->lines - n; i < b->lines; i++)
		str_addf(&raw, "%s\n", b->output[i % OUTPUT_LINES]);
	text_clean(&clean, str_get(&raw), raw.len);
	json_set_str(o, "output", str_get(&clean));
}

static void set_span(struct json_object *o, const char *key, uint64_t v)
{
	json_set(o, key, v == CONSOLE_NOWHERE ? NULL : json_object_new_int64((int64_t)v));
}

static void set_reason(struct json_object *o, const char *key, const char *text)
{
	AUTO_FREE char *clean = text ? text_clean_line(text, REASON_MAX) : NULL;

	json_set_str(o, key, clean);
}

/* "splat" unless the test is bad by itself: a failure stays one where the base
 * is known to splat. What ran out of time, the kernel may know why. */
static void set_results(struct json_object *o, const struct outcome *own,
			const struct console_splat *splat)
{
	bool splats = splat && is_good(own->result);
	bool late = splat && strcmp(own->result, "timeout") == 0;
	AUTO_FREE char *both = late ? str_printf("%s; %s", own->reason, splat->title) :
				      NULL;

	json_set_str(o, "result", splats ? "splat" : own->result);
	set_reason(o, "reason", both ? both : splats ? splat->title : own->reason);
	json_set_str(o, "own_result", own->result);
	set_reason(o, "own_reason", own->reason);
}

static struct json_object *test_json(struct boot_test *b, const struct boot_verdict *v,
				     const struct console *console,
				     struct console_span span)
{
	struct json_object *o = json_object_new_object();
	struct json_object *splats = json_object_new_array();
	struct outcome own = outcome_own(b, v);
	const struct console_splat *first = NULL;
	size_t n;
	const struct console_splat *s = console_splats(console, &n);

	for (size_t i = 0; i < n; i++)
		if (in_span(&s[i], span)) {
			first = first ? first : &s[i];
			json_object_array_add(splats, splat_json(&s[i]));
		}
	json_set_str(o, "test", b->id);
	set_results(o, &own, first);
	/* None without an end of its own: it went down with the guest. */
	if (b->state == DONE)
		json_set_num(o, "seconds", (double)b->ms / 1000);
	else
		json_set(o, "seconds", NULL);
	output_json(b, o);
	json_set(o, "subtests", subtests_json(b->ktap));
	json_set(o, "data", data_json(b->ktap));
	json_set(o, "splats", splats);
	set_span(o, "console_from", span.from);
	set_span(o, "console_to", span.to);
	free(own.reason);
	return o;
}

static bool in_any(const struct boot_tests *t, const struct console *console,
		   const struct console_splat *s)
{
	for (unsigned int i = 0; i < t->n; i++)
		if (in_span(s, console_span(console, i)))
			return true;
	return false;
}

void boot_tests_report(struct boot_tests *t, const struct console *console,
		       const struct boot_verdict *v, struct json_object *result)
{
	struct json_object *tests = json_object_new_array();
	struct json_object *outside = json_object_new_array();
	size_t n;
	const struct console_splat *s = console_splats(console, &n);

	for (unsigned int i = 0; i < t->n; i++)
		json_object_array_add(tests, test_json(&t->v[i], v, console,
						       console_span(console, i)));
	for (size_t i = 0; i < n; i++)
		if (!in_any(t, console, &s[i]))
			json_object_array_add(outside, splat_json(&s[i]));
	json_set(result, "tests", tests);
	json_set(result, "splats", outside);
}
