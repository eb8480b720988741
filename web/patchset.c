#include "web/patchset.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "lib/str.h"
#include "web/linediff.h"

/* Patches that are left on both sides and compared with each other. */
#define LIKE_MAX 30
/* Of the lines, this part in common makes a patch the same one: half. */
#define LIKE_PART 2
/* Bytes that are compared for it. */
#define LIKE_BYTES (2u << 20)

void patch_set_done(struct patch_set *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->v[i].subject);
		free(s->v[i].title);
		free(s->v[i].message);
		free(s->v[i].diff);
		free(s->v[i].changes);
	}
	free(s->v);
	*s = (struct patch_set){ .v = NULL };
}

/* ---- what does not hang on the base ---- */

static bool starts_any(const char *line, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_starts(line, words[i]))
			return true;
	return false;
}

/* Of "@@ -a,b +c,d @@ in": b and d. */
static bool read_hunk(const char *line, long *ret_old, long *ret_new)
{
	long from;
	int used;

	*ret_old = *ret_new = 1;
	if (sscanf(line, "@@ -%ld%n", &from, &used) != 1)
		return false;
	line += used;
	if (*line == ',' && sscanf(line, ",%ld%n", ret_old, &used) == 1)
		line += used;
	if (sscanf(line, " +%ld%n", &from, &used) != 1)
		return false;
	line += used;
	if (*line == ',')
		sscanf(line, ",%ld", ret_new);
	return true;
}

struct normal {
	struct str diff, changes;
	long old_left, new_left; /* lines of the hunk to come */
};

/* What a file is and what becomes of it; "index" and "similarity" move by themselves. */
static void add_header(struct normal *m, const char *line)
{
	static const char *const kept[] = {
		"diff ",    "--- ",        "+++ ",      "new ",  "deleted ",
		"old mode", "rename from", "rename to", "copy ", "Binary files",
	};
	const char *end;

	if (str_starts(line, "@@ ") && read_hunk(line, &m->old_left, &m->new_left)) {
		end = strstr(line + 3, "@@");
		str_addf(&m->diff, "@@%s\n", end ? end + 2 : "");
	} else if (starts_any(line, kept, ARRAY_SIZE(kept))) {
		str_addf(&m->diff, "%s\n", line);
		str_addf(&m->changes, "%s\n", line);
	}
}

static void add_line(struct normal *m, const char *line)
{
	if (m->old_left <= 0 && m->new_left <= 0 && *line != '\\') {
		add_header(m, line);
		return;
	}
	m->old_left -= *line != '+' && *line != '\\';
	m->new_left -= *line != '-' && *line != '\\';
	str_addf(&m->diff, "%s\n", line);
	if (*line == '+' || *line == '-')
		str_addf(&m->changes, "%s\n", line);
}

/* FNV-1a */
static uint64_t hash(const char *text)
{
	uint64_t h = 14695981039346656037u;

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 1099511628211u;
	return h;
}

/* Lines after the last hunk, a signature, are none of it. */
static void set_diff(struct patch_text *p, const char *diff)
{
	struct normal m = { .old_left = 0 };
	struct str line = STR_INIT;

	while (*diff) {
		size_t len = strcspn(diff, "\n");

		str_clear(&line);
		str_addn(&line, diff, len);
		add_line(&m, str_get(&line));
		diff += len + (diff[len] == '\n');
	}
	str_done(&line);
	p->diff = str_take(&m.diff);
	p->changes = str_take(&m.changes);
	p->id = hash(p->changes);
}

/* ---- reading ---- */

/* Subjects of mails begin with tags in brackets. */
static const char *without_tags(const char *subject)
{
	while (isspace((unsigned char)*subject))
		subject++;
	while (*subject == '[' && strchr(subject, ']')) {
		subject = strchr(subject, ']') + 1;
		while (isspace((unsigned char)*subject))
			subject++;
	}
	return subject;
}

static struct patch_text *add(struct patch_set *s, int64_t n, const char *subject)
{
	struct patch_text *p;
	struct str title = STR_INIT;

	if (s->n == PATCHSET_MAX)
		return NULL;
	s->v = mem_realloc(s->v, s->n + 1, sizeof(*s->v));
	p = &s->v[s->n++];
	subject = without_tags(subject);
	for (const char *c = subject; *c; c++) {
		if (!isspace((unsigned char)*c))
			str_addc(&title, (char)tolower((unsigned char)*c));
		else if (title.len && title.data[title.len - 1] != ' ')
			str_addc(&title, ' ');
	}
	*p = (struct patch_text){ .n = n,
				  .subject = str_dup(subject),
				  .title = str_take(&title) };
	return p;
}

void patch_set_add(struct patch_set *s, int64_t n, const char *subject)
{
	add(s, n, subject);
}

void patch_set_read(struct patch_set *s, struct json_object *doc)
{
	struct json_object *list = json_arr(doc, "patches");

	for (size_t i = 0; i < json_len(list); i++) {
		struct json_object *o = json_object_array_get_idx(list, i);
		const char *message = json_str(o, "message", NULL);
		const char *diff = json_str(o, "diff", NULL);
		struct patch_text *p =
			add(s, json_int(o, "n", 0), json_str(o, "subject", ""));

		if (!p || !message || !diff)
			continue;
		p->message = str_dup(message);
		set_diff(p, diff);
		s->has_texts = true;
	}
}

/* ---- matching ---- */

struct match {
	const struct patch_set *old, *new;
	int *to_old; /* of each new one, -1: none */
	bool *taken; /* of each old one */
	size_t room; /* bytes that may be compared still */
};

static void take(struct match *m, size_t k, size_t i)
{
	m->to_old[k] = (int)i;
	m->taken[i] = true;
}

static bool by_title(const struct patch_text *a, const struct patch_text *b)
{
	return *a->title && strcmp(a->title, b->title) == 0;
}

static bool by_changes(const struct patch_text *a, const struct patch_text *b)
{
	return a->changes && b->changes && *a->changes && a->id == b->id &&
	       strcmp(a->changes, b->changes) == 0;
}

static void match_by(struct match *m,
		     bool (*fits)(const struct patch_text *, const struct patch_text *))
{
	for (size_t k = 0; k < m->new->n; k++)
		for (size_t i = 0; i < m->old->n && m->to_old[k] < 0; i++)
			if (!m->taken[i] && fits(&m->old->v[i], &m->new->v[k]))
				take(m, k, i);
}

/* The most like it among those that are left, if it is like it at all. */
static void match_like(struct match *m, size_t k)
{
	const struct patch_text *p = &m->new->v[k];
	size_t best = 0, best_i = 0, seen = 0;

	for (size_t i = 0; i < m->old->n && seen < LIKE_MAX; i++) {
		const struct patch_text *o = &m->old->v[i];
		size_t common, of, bytes;

		if (m->taken[i] || !o->changes || !p->changes)
			continue;
		seen++;
		bytes = strlen(o->changes) + strlen(p->changes);
		if (bytes > m->room)
			continue;
		m->room -= bytes;
		line_common(o->changes, p->changes, &common, &of);
		if (of && LIKE_PART * common >= of && 1000 * common / of > best) {
			best = 1000 * common / of;
			best_i = i;
		}
	}
	if (best > 0)
		take(m, k, best_i);
}

static enum patch_change compare(const struct patch_text *o, const struct patch_text *p)
{
	bool message;

	if (!o->diff || !p->diff)
		return PATCH_UNKNOWN;
	message = strcmp(o->message, p->message) != 0;
	if (strcmp(o->changes, p->changes) != 0)
		return PATCH_CHANGED;
	if (message)
		return PATCH_MESSAGE;
	return strcmp(o->diff, p->diff) ? PATCH_REBASED : PATCH_SAME;
}

/* Those outside of the longest run that keeps its order were moved. */
static void find_moved(struct patch_pair *v, size_t n)
{
	AUTO_FREE size_t *len = mem_alloc0((n + 1) * sizeof(*len));
	AUTO_FREE size_t *from = mem_alloc0((n + 1) * sizeof(*from));
	size_t best = n;

	for (size_t k = 0; k < n; k++) {
		from[k] = n;
		if (!v[k].old || !v[k].new)
			continue;
		len[k] = 1;
		for (size_t i = 0; i < k; i++) {
			if (!len[i] || v[i].old >= v[k].old || len[i] + 1 <= len[k])
				continue;
			len[k] = len[i] + 1;
			from[k] = i;
		}
		if (best == n || len[k] > len[best])
			best = k;
		v[k].moved = true;
	}
	for (; best < n; best = from[best])
		v[best].moved = false;
}

struct patch_pair *patch_set_match(const struct patch_set *old,
				   const struct patch_set *new, size_t *ret_n)
{
	AUTO_FREE int *to_old = mem_alloc0((new->n + 1) * sizeof(*to_old));
	AUTO_FREE bool *taken = mem_alloc0(old->n + 1);
	struct match m = { .old = old,
			   .new = new,
			   .to_old = to_old,
			   .taken = taken,
			   .room = LIKE_BYTES };
	struct patch_pair *v = mem_alloc0((old->n + new->n + 1) * sizeof(*v));
	size_t n = 0, left = 0;

	for (size_t k = 0; k < new->n; k++)
		to_old[k] = -1;
	match_by(&m, by_title);
	match_by(&m, by_changes);
	for (size_t k = 0; k < new->n &&left < LIKE_MAX; k++)
		if (to_old[k] < 0) {
			match_like(&m, k);
			left++;
		}
	for (size_t k = 0; k < new->n; k++) {
		struct patch_pair *p = &v[n++];

		p->new = &new->v[k];
		p->old = to_old[k] < 0 ? NULL : &old->v[to_old[k]];
		p->change = p->old ? compare(p->old, p->new) : PATCH_ADDED;
	}
	for (size_t i = 0; i < old->n; i++)
		if (!taken[i])
			v[n++] = (struct patch_pair){ .old = &old->v[i],
						      .change = PATCH_DROPPED };
	find_moved(v, n);
	*ret_n = n;
	return v;
}
