#include "runners/ktap.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/cleanup.h"
#include "lib/str.h"

#define DEPTH_MAX 8
#define PLAN_MAX 1000000
/* The guest's init says so where a test wrote more than it passes on. */
#define CUT "sluice: the rest of the output is cut"

struct ktap {
	char line[KTAP_LINE_MAX + 1];
	size_t len;
	struct ktap_subtest *subtests;
	size_t nsubtests;
	struct ktap_data *data;
	size_t ndata;
	long long planned; /* at the top; -1: not said */
	long long results; /* seen at the top */
	char *note;        /* the last diagnostic line since a result */
	char *bail;
	char *skip_all; /* what follows "1..0 # SKIP" */
	bool over;      /* more results than are kept */
	bool cut;       /* what comes after was not passed on */
};

const char *ktap_result_str(enum ktap_result r)
{
	static const char *const names[] = { "pass", "fail", "skip" };

	return names[r];
}

struct ktap *ktap_new(void)
{
	struct ktap *k = mem_alloc0(sizeof(*k));

	k->planned = -1;
	return k;
}

void ktap_free(struct ktap *k)
{
	if (!k)
		return;
	for (size_t i = 0; i < k->nsubtests; i++) {
		free(k->subtests[i].name);
		free(k->subtests[i].reason);
	}
	for (size_t i = 0; i < k->ndata; i++)
		free(k->data[i].name);
	free(k->subtests);
	free(k->data);
	free(k->note);
	free(k->bail);
	free(k->skip_all);
	free(k);
}

static void set_text(char **p, const char *text)
{
	free(*p);
	*p = str_dup(text);
}

/* "name=number" */
static void do_data(struct ktap *k, char *text)
{
	char *eq = strchr(text, '=');
	char *end;
	double v;

	if (!eq || eq == text || k->ndata == KTAP_DATA_MAX)
		return;
	*eq = '\0';
	v = strtod(eq + 1, &end);
	if (end == eq + 1 || *end || !isfinite(v))
		return;
	k->data = mem_realloc(k->data, k->ndata + 1, sizeof(*k->data));
	k->data[k->ndata++] =
		(struct ktap_data){ .name = str_dup(str_trim(text)), .value = v };
}

static void do_note(struct ktap *k, char *text)
{
	text = str_trim(text);
	if (str_starts(text, "data "))
		do_data(k, text + 5);
	else if (strcmp(text, CUT) == 0)
		k->cut = true;
	else if (*text && !str_starts(text, "Subtest:"))
		set_text(&k->note, text);
}

/* "1..N", with "# SKIP why" when N is 0. */
static void do_plan(struct ktap *k, char *text)
{
	char *hash = strchr(text, '#');
	long long n;

	if (hash)
		*hash++ = '\0';
	if (!str_to_ll(str_trim(text), 0, PLAN_MAX, &n))
		return;
	k->planned = n;
	if (n == 0) {
		hash = hash ? str_trim(hash) : (char *)"";
		if (strncasecmp(hash, "skip", 4) == 0)
			hash = str_trim(hash + 4);
		set_text(&k->skip_all, hash);
	}
}

/* Results of a deeper level come before their parent's line and belong to it. */
static void adopt(struct ktap *k, const char *parent, unsigned int depth)
{
	for (size_t i = k->nsubtests; i-- > 0;) {
		struct ktap_subtest *s = &k->subtests[i];
		char *old = s->name;

		if (s->depth <= depth)
			return;
		if (strlen(old) + strlen(parent) > KTAP_LINE_MAX)
			continue;
		s->name = str_printf("%s/%s", parent, old);
		free(old);
	}
}

/*
 * Children keep their depth for good; a parent at depth d closes them, which
 * is why the parent itself is added behind them.
 */
static void add_result(struct ktap *k, unsigned int depth, enum ktap_result result,
		       const char *name, const char *reason)
{
	if (depth == 0)
		k->results++;
	if (k->nsubtests == KTAP_SUBTESTS_MAX) {
		k->over |= result == KTAP_FAIL;
		return;
	}
	adopt(k, name, depth);
	k->subtests = mem_realloc(k->subtests, k->nsubtests + 1, sizeof(*k->subtests));
	k->subtests[k->nsubtests++] = (struct ktap_subtest){
		.name = str_dup(name),
		.reason = str_dup(reason),
		.result = result,
		.depth = depth,
	};
}

/* The directive behind "#": SKIP and TODO change the result. */
static char *directive(char *text, enum ktap_result *result)
{
	static const char *const skips[] = { "skip", "todo", "xfail" };

	for (size_t i = 0; i < ARRAY_SIZE(skips); i++) {
		size_t n = strlen(skips[i]);

		if (strncasecmp(text, skips[i], n) == 0 &&
		    !isalnum((unsigned char)text[n])) {
			*result = KTAP_SKIP;
			text += n;
			return str_trim(text + (*text == ':'));
		}
	}
	return text;
}

/* What follows "ok" or "not ok": [number] [- ] name [# directive or reason] */
static void do_result(struct ktap *k, unsigned int depth, bool ok, char *text)
{
	enum ktap_result result = ok ? KTAP_PASS : KTAP_FAIL;
	char *hash = strstr(text, "# ");
	const char *reason = NULL;

	if (hash) {
		*hash = '\0';
		reason = directive(str_trim(hash + 2), &result);
	}
	text = str_trim(text);
	text += strspn(text, "0123456789");
	text = str_trim(text);
	if (str_starts(text, "- "))
		text = str_trim(text + 2);
	if (result == KTAP_FAIL && (!reason || !*reason))
		reason = k->note;
	if (result == KTAP_PASS || (reason && !*reason))
		reason = NULL;
	add_result(k, depth, result, *text ? text : "unnamed", reason);
	set_text(&k->note, NULL);
}

static void do_line(struct ktap *k)
{
	size_t indent = strspn(k->line, " \t");
	unsigned int depth = (unsigned int)(indent / 2);
	char *p = k->line + indent;

	if (depth > DEPTH_MAX)
		depth = DEPTH_MAX;
	if (str_starts(p, "ok ") || strcmp(p, "ok") == 0)
		do_result(k, depth, true, p + 2);
	else if (str_starts(p, "not ok ") || strcmp(p, "not ok") == 0)
		do_result(k, depth, false, p + 6);
	else if (*p == '#')
		do_note(k, p + 1);
	else if (str_starts(p, "1..") && depth == 0)
		do_plan(k, p + 3);
	else if (str_starts(p, "Bail out!"))
		set_text(&k->bail, str_trim(p + 9));
}

void ktap_feed(struct ktap *k, const void *data, size_t len)
{
	const char *p = data;

	for (; len; p++, len--) {
		if (*p == '\n') {
			k->line[k->len] = '\0';
			do_line(k);
			k->len = 0;
		} else if (*p && k->len < KTAP_LINE_MAX) {
			k->line[k->len++] = *p;
		}
	}
}

void ktap_end(struct ktap *k)
{
	if (k->len)
		ktap_feed(k, "\n", 1);
}

const struct ktap_subtest *ktap_subtests(const struct ktap *k, size_t *ret_n)
{
	*ret_n = k->nsubtests;
	return k->subtests;
}

const struct ktap_data *ktap_data(const struct ktap *k, size_t *ret_n)
{
	*ret_n = k->ndata;
	return k->data;
}

bool ktap_seen(const struct ktap *k)
{
	return k->planned >= 0 || k->results || k->bail;
}

bool ktap_is_cut(const struct ktap *k)
{
	return k->cut;
}

static const struct ktap_subtest *first_of(const struct ktap *k, enum ktap_result r)
{
	for (size_t i = 0; i < k->nsubtests; i++)
		if (k->subtests[i].result == r)
			return &k->subtests[i];
	return NULL;
}

static bool all_skipped(const struct ktap *k)
{
	for (size_t i = 0; i < k->nsubtests; i++)
		if (k->subtests[i].result != KTAP_SKIP)
			return false;
	return k->nsubtests > 0;
}

static char *reason_of(const struct ktap_subtest *s)
{
	return s->reason ? str_printf("%s: %s", s->name, s->reason) :
			   str_printf("%s: not ok", s->name);
}

bool ktap_may_skip(const struct ktap *k, char **ret_reason)
{
	const struct ktap_subtest *skip = first_of(k, KTAP_SKIP);

	*ret_reason = NULL;
	if (first_of(k, KTAP_FAIL) || k->over || k->bail)
		return false;
	if (k->skip_all)
		*ret_reason = str_dup(k->skip_all);
	else if (skip)
		*ret_reason = str_dup(skip->reason);
	return true;
}

char *ktap_skipped(const struct ktap *k)
{
	const struct ktap_subtest *first = NULL;
	AUTO_FREE char *why = NULL;
	size_t skipped = 0, all = 0;

	for (size_t i = 0; i < k->nsubtests; i++) {
		const struct ktap_subtest *s = &k->subtests[i];

		if (s->depth > 0)
			continue;
		all++;
		skipped += s->result == KTAP_SKIP;
		if (s->result == KTAP_SKIP && !first)
			first = s;
	}
	if (!first)
		return NULL;
	why = first->reason ? reason_of(first) : str_dup(first->name);
	return str_printf("%zu of %zu subtests skipped (%s)", skipped, all, why);
}

enum ktap_result ktap_verdict(const struct ktap *k, char **ret_reason)
{
	const struct ktap_subtest *bad = first_of(k, KTAP_FAIL);

	*ret_reason = NULL;
	if (bad || k->over) {
		*ret_reason = bad ? reason_of(bad) : str_dup("not ok");
		return KTAP_FAIL;
	}
	if (k->bail) {
		*ret_reason = str_printf("bailed out: %s", k->bail);
		return KTAP_FAIL;
	}
	if (k->planned == 0 && k->results == 0) {
		*ret_reason = str_dup(k->skip_all);
		return KTAP_SKIP;
	}
	/* Of those that are missing the exit status has to tell. */
	if (k->planned >= 0 && k->planned != k->results &&
	    !(k->cut && k->results < k->planned)) {
		*ret_reason = str_printf("expected %lld results, saw %lld", k->planned,
					 k->results);
		return KTAP_FAIL;
	}
	if (all_skipped(k)) {
		*ret_reason = str_dup(k->subtests[0].reason);
		return KTAP_SKIP;
	}
	return KTAP_PASS;
}
