#include "init/plan.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/slowdown.h"
#include "common/sysfile.h"
#include "init/port.h"

#define HELLO "HELLO sluice 1\n"
#define HELLO_TRIES 50
#define HELLO_EVERY_MS 200

struct answer {
	char *text;
	size_t len;
	char nonce[PORT_NONCE_MAX + 1];
	unsigned n;
	unsigned crc;
	size_t body; /* where the lines start */
};

/* Finds the newest PLAN line: what came before it was an earlier attempt. */
static bool answer_head(struct answer *a)
{
	char *line = NULL, *p = a->text, *end;
	_Static_assert(PORT_NONCE_MAX == 64, "the width in the format below");

	while ((p = strstr(p, "PLAN "))) {
		if (p == a->text || p[-1] == '\n')
			line = p;
		p++;
	}
	if (!line)
		return false;
	end = strchr(line, '\n');
	if (!end || sscanf(line, "PLAN %64s %u %x", a->nonce, &a->n, &a->crc) != 3)
		return false;
	a->body = (size_t)(end + 1 - a->text);
	return true;
}

/* The end of n lines from the body on, or 0 while they are not all there. */
static size_t answer_end(const struct answer *a)
{
	size_t pos = a->body;
	unsigned i;
	const char *nl;

	for (i = 0; i < a->n; i++) {
		nl = memchr(a->text + pos, '\n', a->len - pos);
		if (!nl)
			return 0;
		pos = (size_t)(nl + 1 - a->text);
	}
	return pos;
}

static bool parse_test(char *line, struct plan_test *t)
{
	char *save = NULL, *word;
	size_t n = 0;

	word = strtok_r(line, " ", &save);
	if (!word)
		return false;
	t->idx = (unsigned)strtoul(word, NULL, 10);
	word = strtok_r(NULL, " ", &save);
	if (!word)
		return false;
	t->deadline_ms = strtoul(word, NULL, 10);
	while ((word = strtok_r(NULL, " ", &save))) {
		if (n == PLAN_ARGS_MAX)
			return false;
		t->argv[n++] = word;
	}
	t->argv[n] = NULL;
	return n > 0 && t->deadline_ms > 0;
}

static bool parse_tests(struct plan *plan, struct answer *a, size_t end)
{
	char *save = NULL, *line;

	if (a->n > PLAN_TESTS_MAX)
		return false;
	a->text[end] = '\0';
	plan->n = 0;
	line = strtok_r(a->text + a->body, "\n", &save);
	while (line) {
		if (plan->n == a->n || !parse_test(line, &plan->tests[plan->n]))
			return false;
		plan->n++;
		line = strtok_r(NULL, "\n", &save);
	}
	return plan->n == a->n;
}

static bool answer_done(struct plan *plan, struct answer *a)
{
	size_t end;

	if (!answer_head(a))
		return false;
	end = answer_end(a);
	if (!end || crc32_of(a->text + a->body, end - a->body) != a->crc)
		return false;
	return parse_tests(plan, a, end);
}

bool plan_from_cmdline(struct plan *plan)
{
	static const char key[] = " sluice.plan=";
	static char cmdline[8192] = " ";
	char *from, *save = NULL, *test;
	char *to = plan->text, *end = plan->text + sizeof(plan->text);

	if (sysfile_read("/proc/cmdline", cmdline + 1, sizeof(cmdline) - 1) <= 0)
		return false;
	from = strstr(cmdline, key);
	if (!from)
		return false;
	from += strlen(key);
	from[strcspn(from, " \n")] = '\0';
	plan->n = 0;
	for (test = strtok_r(from, ",", &save); test && plan->n < PLAN_TESTS_MAX;
	     test = strtok_r(NULL, ",", &save)) {
		int len = snprintf(to, (size_t)(end - to), "%zu %s", plan->n, test);

		if (len >= end - to)
			return false;
		for (char *c = to; *c; c++)
			*c = *c == ':' ? ' ' : *c;
		if (!parse_test(to, &plan->tests[plan->n]))
			return false;
		to += len + 1;
		plan->n++;
	}
	return plan->n > 0;
}

bool plan_fetch(struct plan *plan, void (*pet)(void))
{
	struct answer a = { .text = plan->text };
	uint64_t next, try;

	for (try = 0; try < slowdown_scale(HELLO_TRIES); try++) {
		pet();
		port_write(HELLO, strlen(HELLO));
		next = clock_ms() + HELLO_EVERY_MS;
		do {
			/* Full of noise: begin anew, the host answers again. */
			if (a.len == PLAN_TEXT_MAX - 1)
				a.len = 0;
			a.len += port_read(a.text + a.len, PLAN_TEXT_MAX - 1 - a.len,
					   HELLO_EVERY_MS / 4);
			a.text[a.len] = '\0';
			if (answer_done(plan, &a)) {
				port_set_nonce(a.nonce);
				return true;
			}
		} while (clock_ms() < next);
	}
	return false;
}
