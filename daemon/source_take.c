#include "daemon/source_watch.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "kernels/role_poll.h"
#include "lib/cleanup.h"
#include "lib/log.h"
#include "lib/str.h"

enum {
	PIECE_MAILS = 200,
	PIECE_MS = 50, /* of the event loop's time */
};
#define FILE_MAX (1LL << 30)

/* ---- the end of a poll ---- */

/* Sets the row's fields; error NULL: it went well. */
static void note_end(struct watch *w, const char *error, bool more, size_t mails)
{
	struct source_state *s = &w->state;
	struct source_poll_due due = {
		.now = time(NULL),
		.interval = (int64_t)(w->conf->interval_ms + 999) / 1000,
		.retry_after = json_int(w->result, "retry_after", 0),
		.again = json_int(w->result, "again", 0),
		.more = more,
	};

	free(s->error);
	s->error = str_dup(error);
	s->failures = error ? s->failures + 1 : 0;
	s->polled = due.now;
	if (!error)
		s->succeeded = due.now;
	s->mails += (int64_t)mails;
	due.failures = s->failures;
	s->next = source_poll_next(&due);
}

static void report(struct watch *w, size_t mails)
{
	json_object *notes = json_arr(w->result, "notes");

	if (w->state.error)
		log_warn("source %s: %s", w->conf->name, w->state.error);
	for (size_t i = 0; i < json_len(notes); i++)
		log_info("source %s: %s", w->conf->name,
			 json_object_get_string(json_object_array_get_idx(notes, i)));
	if (w->p->o.polled)
		w->p->o.polled(w->conf, &w->state, mails, w->p->o.arg);
}

void source_take_failed(struct watch *w, const char *why)
{
	struct err err = { .code = ERR_NONE };

	note_end(w, why, false, 0);
	if (source_state_put(w->p->o.db, &w->state, &err) < 0)
		log_error("%s", err.msg);
	report(w, 0);
	watch_settle(w);
}

/* ---- lines ---- */

/* The bytes that a line names; NULL when it names none. */
static int read_raw(struct watch *w, struct json_object *mail, char **ret_raw,
		    size_t *ret_len, struct err *err)
{
	struct json_object *where = json_arr(mail, "raw");
	AUTO_FREE char *data = NULL;
	int64_t from, len;

	if (json_len(where) != 2)
		return 0;
	from = json_object_get_int64(json_object_array_get_idx(where, 0));
	len = json_object_get_int64(json_object_array_get_idx(where, 1));
	if (from < 0 || len <= 0 || (uint64_t)len > w->p->o.host->config->mail_bytes)
		return err_set(err, ERR_INPUT, "%s: names %lld bytes of %s", POLL_LINES,
			       (long long)len, POLL_RAW);
	data = mem_alloc0((size_t)len + 1);
	if (pread(w->raw, data, (size_t)len, from) != len)
		return err_set(err, ERR_INPUT, "%s: is cut short", POLL_RAW);
	*ret_raw = TAKE_PTR(data);
	*ret_len = (size_t)len;
	return 0;
}

/*
 * A line into w->line, its length without the newline; 0 at the end, -1. The role reads
 * what strangers sent: what it left may be one line of any size (getline would take it).
 */
static ssize_t read_line(struct watch *w, struct err *err)
{
	size_t len = 0;
	int c;

	while ((c = getc_unlocked(w->lines)) != EOF && c != '\n') {
		if (len >= POLL_LINE_MAX)
			return err_set(err, ERR_LIMIT, "%s: a line of over %lu bytes",
				       POLL_LINES, POLL_LINE_MAX);
		if (len == w->line_size) {
			w->line_size = w->line_size ? w->line_size * 2 : 4096;
			w->line = mem_realloc(w->line, w->line_size, 1);
		}
		w->line[len++] = (char)c;
	}
	if (ferror(w->lines))
		return err_sys(err, "read %s", POLL_LINES);
	if (c == '\n' && !len)
		return err_set(err, ERR_INPUT, "%s: an empty line", POLL_LINES);
	return (ssize_t)len;
}

/* 1 with a mail handed over, 0 at the end, -1. */
static int take_line(struct watch *w, struct err *err)
{
	AUTO_JSON struct json_object *mail = NULL;
	AUTO_FREE char *raw = NULL;
	size_t raw_len = 0;
	ssize_t len = read_line(w, err);

	if (len <= 0)
		return (int)len;
	if (json_parse_max(w->line, (size_t)len, POLL_LINE_VALUES, &mail, err) < 0)
		return err_prefix(err, "%s", POLL_LINES);
	if (read_raw(w, mail, &raw, &raw_len, err) < 0 ||
	    w->p->o.mail(w->conf, mail, raw, raw_len, w->p->o.arg, err) < 0)
		return -1;
	return 1;
}

/* More is promised, and something came of this one: else it would go on for ever. */
static bool is_more(const struct watch *w, struct json_object *cursor)
{
	return json_flag(w->result, "more", false) &&
	       !json_object_equal(cursor, w->state.cursor);
}

static int take_end(struct watch *w, struct err *err)
{
	struct json_object *cursor = json_obj(w->result, "cursor");
	bool more = is_more(w, cursor);

	json_object_put(w->state.cursor);
	w->state.cursor = json_object_get(cursor);
	note_end(w, json_str(w->result, "error", NULL), more, w->taken);
	return source_state_put(w->p->o.db, &w->state, err);
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* 1 there are more, 0 those were all, -1. */
static int take_lines(struct watch *w, struct err *err)
{
	uint64_t end = now_ms() + PIECE_MS;
	int rc = 1;

	for (int i = 0; rc > 0 && i < PIECE_MAILS && now_ms() < end; i++) {
		rc = take_line(w, err);
		w->taken += rc > 0;
	}
	return rc;
}

/* Some lines in a transaction, with the last of them the cursor. As take_lines. */
static int take_piece(struct watch *w, struct err *err)
{
	AUTO_TX struct tx tx = TX_INIT;
	struct json_object *cursor = json_object_get(w->state.cursor);
	int64_t mails = w->state.mails, failures = w->state.failures;
	int rc = db_begin(w->p->o.db, &tx, err);

	if (!rc)
		rc = take_lines(w, err);
	if (rc >= 0 && w->p->o.piece && w->p->o.piece(w->p->o.arg, err) < 0)
		rc = -1;
	if (!rc && take_end(w, err) < 0)
		rc = -1;
	if (rc >= 0 && db_commit(&tx, err) < 0)
		rc = -1;
	if (rc < 0) { /* what was not written must come again */
		json_object_put(w->state.cursor);
		w->state.cursor = json_object_get(cursor);
		w->state.mails = mails;
		w->state.failures = failures;
	}
	json_object_put(cursor);
	return rc;
}

static void begin_lines(struct watch *w, struct poll_end *end);

/* The next poll began behind what is not written: what it brings must not be taken. */
static void fail_lines(struct watch *w, const char *why)
{
	if (w->role) {
		w->stale = true;
		role_cancel(w->role);
	}
	source_take_failed(w, why);
}

/* On with the next poll, if one was begun meanwhile. */
static void end_lines(struct watch *w)
{
	struct poll_end *next = TAKE_PTR(w->held);

	report(w, w->taken);
	if (next) {
		watch_drop_lines(w);
		begin_lines(w, next);
	} else if (w->role) {
		watch_drop_lines(w);
	} else {
		watch_settle(w);
	}
}

static int on_piece(sd_event_source *source, void *arg)
{
	struct watch *w = arg;
	struct err err = { .code = ERR_NONE };
	int rc;

	(void)source;
	if (!w->conf || w->p->stopped) {
		watch_settle(w);
		return 0;
	}
	rc = take_piece(w, &err);
	if (rc < 0)
		fail_lines(w, err.msg);
	else if (!rc)
		end_lines(w);
	return 0;
}

/* A file of the role's, opened before its folder goes; -1 with err. */
static int open_file(const struct role_end *end, const char *name, struct err *err)
{
	AUTO_FREE char *path = role_file(end, name);
	AUTO_FD int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(err, ERR_SYS, "poll: left no %s", name);
	if (st.st_size > FILE_MAX)
		return err_set(err, ERR_LIMIT, "poll: %s of %lld bytes", name,
			       (long long)st.st_size);
	return TAKE_FD(fd);
}

void poll_end_free(struct poll_end *end)
{
	if (!end)
		return;
	json_object_put(end->result);
	free(end->why);
	if (end->lines >= 0)
		close(end->lines);
	if (end->raw >= 0)
		close(end->raw);
	free(end);
}

static struct poll_end *poll_end_new(const struct role_end *end)
{
	struct poll_end *e = mem_alloc0(sizeof(*e));
	struct err err = { .code = ERR_NONE };

	e->lines = e->raw = -1;
	if (!end->result) {
		e->why = str_dup(end->infra);
		return e;
	}
	e->lines = open_file(end, POLL_LINES, &err);
	if (e->lines >= 0)
		e->raw = open_file(end, POLL_RAW, &err);
	if (e->raw < 0)
		e->why = str_dup(err.msg);
	else
		e->result = json_object_get(end->result);
	return e;
}

/* The next poll, while these lines are handed over. One that cannot be started comes in
 * its turn. */
static void ask_ahead(struct watch *w)
{
	struct json_object *cursor = json_obj(w->result, "cursor");
	struct err err = { .code = ERR_NONE };

	if (json_str(w->result, "error", NULL) || !is_more(w, cursor))
		return;
	if (watch_ask(w, cursor, &err) < 0)
		log_warn("source %s: %s", w->conf->name, err.msg);
}

/* Of end, which is freed. */
static void begin_lines(struct watch *w, struct poll_end *end)
{
	FILE *lines = end->result ? fdopen(end->lines, "r") : NULL;
	AUTO_FREE char *why = str_dup(end->why ? end->why : "event loop");

	if (lines) {
		w->result = json_object_get(end->result);
		w->lines = lines;
		w->raw = TAKE_FD(end->raw);
		end->lines = -1;
	}
	poll_end_free(end);
	if (!lines ||
	    sd_event_add_defer(w->p->o.host->event, &w->piece, on_piece, w) < 0 ||
	    sd_event_source_set_enabled(w->piece, SD_EVENT_ON) < 0)
		source_take_failed(w, why);
	else
		ask_ahead(w);
}

void source_take(struct watch *w, const struct role_end *end)
{
	struct poll_end *e = poll_end_new(end);

	if (w->lines)
		w->held = e;
	else
		begin_lines(w, e);
}
