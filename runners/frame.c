#include "runners/frame.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/str.h"

#define VERSION_MAX 1000000

struct frame {
	char *nonce;
	unsigned int n;
	uint64_t next_seq;
	bool planned;
	bool skipping; /* a line that got too long, up to its end */
	size_t len;
	char line[FRAME_LINE_MAX + 1];
	struct frame_stats stats;
};

uint32_t frame_crc32(const void *data, size_t len)
{
	const unsigned char *p = data;
	uint32_t crc = 0xffffffff;

	while (len--) {
		crc ^= *p++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

struct frame *frame_new(const char *nonce, unsigned int n)
{
	struct frame *f = mem_alloc0(sizeof(*f));

	f->nonce = str_dup(nonce);
	f->n = n;
	return f;
}

void frame_free(struct frame *f)
{
	if (!f)
		return;
	free(f->nonce);
	free(f);
}

const struct frame_stats *frame_stats(const struct frame *f)
{
	return &f->stats;
}

/* A word up to a blank or the end, without strtok's and strtoul's leniency. */
static bool take_word(const char **p, char *word, size_t size)
{
	size_t n = strcspn(*p, " ");

	if (n == 0 || n >= size)
		return false;
	memcpy(word, *p, n);
	word[n] = '\0';
	*p += n + ((*p)[n] == ' ');
	return true;
}

static bool take_number(const char **p, uint64_t max, uint64_t *ret)
{
	char word[24];
	long long v;

	if (!take_word(p, word, sizeof(word)) || word[0] == '+' ||
	    !str_to_ll(word, 0, (long long)max, &v))
		return false;
	*ret = (uint64_t)v;
	return true;
}

static bool take_idx(const struct frame *f, const char **p, struct frame_event *e)
{
	uint64_t v;

	if (f->n == 0 || !take_number(p, f->n - 1, &v))
		return false;
	e->idx = (unsigned int)v;
	return true;
}

static bool take_how(const char **p, struct frame_event *e)
{
	static const char *const names[] = { "exit", "signal", "timeout", "oom",
					     "unclean" };
	char word[16];

	if (!take_word(p, word, sizeof(word)))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(word, names[i]) == 0) {
			e->how = (enum frame_how)i;
			return true;
		}
	return false;
}

static bool parse_done(const struct frame *f, const char *p, struct frame_event *e)
{
	uint64_t code;

	e->kind = FRAME_DONE;
	if (!take_idx(f, &p, e) || !take_how(&p, e) || !take_number(&p, 255, &code) ||
	    !take_number(&p, INT64_MAX, &e->ms) || *p)
		return false;
	e->code = (int)code;
	return true;
}

static bool parse_count(const struct frame *f, enum frame_kind kind, const char *p,
			struct frame_event *e)
{
	uint64_t v;

	e->kind = kind;
	if (!take_number(&p, f->n, &v) || *p)
		return false;
	e->n = (unsigned int)v;
	return true;
}

static bool parse_payload(const struct frame *f, const char *p, struct frame_event *e)
{
	char verb[8];

	if (!take_word(&p, verb, sizeof(verb)))
		return false;
	if (strcmp(verb, "plan") == 0)
		return parse_count(f, FRAME_PLAN, p, e);
	if (strcmp(verb, "end") == 0)
		return parse_count(f, FRAME_END, p, e);
	if (strcmp(verb, "done") == 0)
		return parse_done(f, p, e);
	if (strcmp(verb, "start") == 0) {
		e->kind = FRAME_START;
		return take_idx(f, &p, e) && !*p;
	}
	if (strcmp(verb, "out") == 0) {
		e->kind = FRAME_OUT;
		if (!take_idx(f, &p, e))
			return false;
		e->text = p;
		return true;
	}
	return false;
}

/* The plan is the first frame and comes once; nothing else may come before. */
static bool in_order(struct frame *f, const struct frame_event *e)
{
	if (f->planned == (e->kind == FRAME_PLAN))
		return false;
	f->planned = true;
	return true;
}

/* <seq> <len> <crc> <payload>; end is one behind the payload. */
static bool parse_frame(struct frame *f, const char *p, const char *end,
			struct frame_event *e)
{
	uint64_t seq, len;
	char word[16], hex[16];

	if (!take_number(&p, INT64_MAX, &seq) || !take_number(&p, FRAME_LINE_MAX, &len) ||
	    !take_word(&p, word, sizeof(word)) || len != (uint64_t)(end - p))
		return false;
	snprintf(hex, sizeof(hex), "%08x", frame_crc32(p, len));
	if (strcmp(hex, word) || seq < f->next_seq || !parse_payload(f, p, e))
		return false;
	e->len = e->text ? (size_t)(end - e->text) : 0;
	if (!in_order(f, e))
		return false;
	f->stats.lost += seq - f->next_seq;
	f->next_seq = seq + 1;
	return true;
}

static void do_frame(struct frame *f, const char *at, const char *end, frame_fn fn,
		     void *arg)
{
	size_t n = strlen(f->nonce);
	struct frame_event e = { .text = NULL };

	if ((size_t)(end - at) < n + 2 || memcmp(at + 1, f->nonce, n) ||
	    at[n + 1] != ' ') {
		f->stats.foreign++;
		return;
	}
	if (!parse_frame(f, at + n + 2, end, &e)) {
		f->stats.damaged++;
		return;
	}
	f->stats.frames++;
	fn(&e, arg);
}

static bool do_hello(struct frame *f, const char *line, frame_fn fn, void *arg)
{
	static const char hello[] = "HELLO sluice ";
	struct frame_event e = { .kind = FRAME_HELLO };
	const char *p = line + strlen(hello);
	uint64_t version;

	if (f->planned || !str_starts(line, hello) ||
	    !take_number(&p, VERSION_MAX, &version) || *p)
		return false;
	e.n = (unsigned int)version;
	fn(&e, arg);
	return true;
}

static void do_line(struct frame *f, frame_fn fn, void *arg)
{
	char *end = f->line + f->len;
	char *line = f->line, *at;

	if (f->len && end[-1] == '\r')
		end--;
	*end = '\0';
	/* Noise without a newline of its own may stand before a frame. */
	at = memchr(line, '@', (size_t)(end - line));
	while (at && !str_starts(at + 1, f->nonce) &&
	       memchr(at + 1, '@', (size_t)(end - at - 1)))
		at = memchr(at + 1, '@', (size_t)(end - at - 1));
	if (at)
		do_frame(f, at, end, fn, arg);
	else if (end != line && !do_hello(f, line, fn, arg))
		f->stats.noise++;
}

void frame_feed(struct frame *f, const void *data, size_t len, frame_fn fn, void *arg)
{
	const char *p = data;

	for (; len; p++, len--) {
		if (*p == '\n') {
			if (!f->skipping)
				do_line(f, fn, arg);
			f->len = 0;
			f->skipping = false;
		} else if (f->len == FRAME_LINE_MAX) {
			f->stats.noise += !f->skipping;
			f->skipping = true;
		} else {
			f->line[f->len++] = *p;
		}
	}
}

char *frame_plan(const char *nonce, const struct frame_test *tests, unsigned int n)
{
	AUTO(str_done) struct str lines = STR_INIT;

	for (unsigned int i = 0; i < n; i++) {
		str_addf(&lines, "%u %llu", i, (unsigned long long)tests[i].deadline_ms);
		for (const char *const *a = tests[i].argv; *a; a++)
			str_addf(&lines, " %s", *a);
		str_addc(&lines, '\n');
	}
	return str_printf("PLAN %s %u %08x\n%s", nonce, n,
			  frame_crc32(str_get(&lines), lines.len), str_get(&lines));
}
