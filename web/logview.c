#include "web/logview.h"

#include <string.h>

#include "lib/cleanup.h"

#define HEAD (128u << 10)
#define TAIL (256u << 10)
#define CHUNK (256u << 10)

static void close_artifact(struct artifact **a)
{
	artifact_close(*a);
}

static int64_t count_lines(const char *p, size_t len)
{
	int64_t n = 0;

	for (const char *end = p + len; (p = memchr(p, '\n', (size_t)(end - p))); p++)
		n++;
	return n;
}

static char *read_part(struct artifact *a, uint64_t from, size_t len, size_t *ret_len,
		       struct err *err)
{
	AUTO_FREE char *data = mem_alloc0(len + 1);
	ssize_t n = artifact_read(a, from, data, len, err);

	if (n < 0)
		return NULL;
	*ret_len = (size_t)n;
	return TAKE_PTR(data);
}

/* Newlines in [from, to). */
static int64_t count_between(struct artifact *a, uint64_t from, uint64_t to,
			     struct err *err)
{
	AUTO_FREE char *buf = mem_alloc0(CHUNK);
	int64_t lines = 0;

	while (from < to) {
		size_t want = to - from < CHUNK ? (size_t)(to - from) : CHUNK;
		ssize_t n = artifact_read(a, from, buf, want, err);

		if (n < 0)
			return -1;
		if (n == 0)
			break;
		lines += count_lines(buf, (size_t)n);
		from += (uint64_t)n;
	}
	return lines;
}

/* Head ends and tail begins with a whole line, unless a line is that long. */
static void cut_at_lines(struct logview *l)
{
	char *nl = memrchr(l->head, '\n', l->head_len);
	char *first = memchr(l->tail, '\n', l->tail_len);

	if (nl)
		l->head_len = (size_t)(nl + 1 - l->head);
	if (first && first + 1 < l->tail + l->tail_len) {
		size_t skip = (size_t)(first + 1 - l->tail);

		memmove(l->tail, l->tail + skip, l->tail_len - skip);
		l->tail_len -= skip;
		l->tail_from += skip;
	}
}

int logview_load(struct artifact_store *store, const char *sha, struct logview *ret,
		 struct err *err)
{
	AUTO(close_artifact) struct artifact *a = NULL;
	AUTO(logview_done) struct logview l = { .size = 0 };
	bool cut;
	int64_t n;

	if (artifact_open(store, sha, &a, err) < 0)
		return -1;
	l.size = artifact_size(a);
	cut = l.size > HEAD + TAIL;
	l.head = read_part(a, 0, cut ? HEAD : (size_t)l.size, &l.head_len, err);
	if (!l.head)
		return -1;
	if (cut) {
		l.tail_from = l.size - TAIL;
		l.tail = read_part(a, l.tail_from, TAIL, &l.tail_len, err);
		if (!l.tail)
			return -1;
		cut_at_lines(&l);
		n = count_between(a, 0, l.tail_from, err);
		if (n < 0)
			return -1;
		l.tail_line = n + 1;
	}
	*ret = l;
	memset(&l, 0, sizeof(l));
	return 0;
}

void logview_done(struct logview *l)
{
	free(l->head);
	free(l->tail);
	memset(l, 0, sizeof(*l));
}

int64_t logview_line(const struct logview *l, int64_t byte)
{
	uint64_t at = (uint64_t)byte;

	if (byte < 0 || at >= l->size)
		return 0;
	if (at < l->head_len)
		return 1 + count_lines(l->head, (size_t)at);
	if (l->tail && at >= l->tail_from)
		return l->tail_line + count_lines(l->tail, (size_t)(at - l->tail_from));
	return 0;
}

/* What a reader looks for; the kernel's own words. */
static bool is_hot(const char *line, size_t len)
{
	static const char *const words[] = { "WARNING:",     "BUG:",        "Oops",
					     "Kernel panic", "INFO: task ", "rcu_sched",
					     "error:",       "warning:",    "not ok " };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (memmem(line, len, words[i], strlen(words[i])))
			return true;
	return false;
}

static void print_line(struct html *h, const char *line, size_t len, int64_t n)
{
	html_open(h, "span");
	html_attr_id(h, "L", n);
	if (is_hot(line, len))
		html_attr(h, "class", "hot");
	html_open(h, "a");
	html_href(h, url_line(n));
	html_textf(h, "%lld", (long long)n);
	html_close(h);
	html_textn(h, line, len);
	html_close(h);
	html_raw(h, "\n");
}

static void print_lines(struct html *h, const char *p, size_t len, int64_t n)
{
	const char *end = p + len;

	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t part = (size_t)((nl ? nl : end) - p);

		print_line(h, p, part, n++);
		p += part + 1;
	}
}

void html_log(struct html *h, const struct logview *l, struct url whole)
{
	html_open(h, "pre");
	html_attr(h, "class", "log");
	html_attr(h, "tabindex", "0");
	print_lines(h, l->head, l->head_len, 1);
	if (l->tail) {
		html_open(h, "span");
		html_attr(h, "class", "gap");
		html_textf(h, "%llu KiB are left out here; ",
			   (unsigned long long)(l->tail_from - l->head_len) / 1024);
		html_link(h, NULL, whole, "the whole log");
		html_close(h);
		html_raw(h, "\n");
		print_lines(h, l->tail, l->tail_len, l->tail_line);
	}
	html_close(h);
}

int64_t logview_dropped(struct artifact_store *store, const char *sha)
{
	int64_t when;

	return sha && artifact_dropped(store, sha, &when, NULL) > 0 ? when : -1;
}

void html_log_gone(struct html *h, int64_t dropped)
{
	char day[ARTIFACT_DAY];

	html_open(h, "p");
	html_attr(h, "class", "note");
	if (dropped < 0) {
		html_text(h, "The log is no longer stored.");
	} else {
		artifact_day(dropped, day);
		html_textf(h, "The log was dropped on %s by retention.", day);
	}
	html_close(h);
}
