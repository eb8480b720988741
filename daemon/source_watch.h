/*
 * The inner side of source_poll.h: what is known of a source while it is watched, and
 * what becomes of a poll that has ended (source_take.c).
 */
#ifndef SLUICE_DAEMON_SOURCE_WATCH_H
#define SLUICE_DAEMON_SOURCE_WATCH_H

#include <stdio.h>

#include "daemon/source_poll.h"

/* What a poll left, out of its job folder. */
struct poll_end {
	struct json_object *result; /* NULL: why there is none */
	char *why;
	int lines, raw; /* descriptors */
};
void poll_end_free(struct poll_end *end);

/*
 * A source, and its poll while one runs or its lines are handed over. Where there is
 * more, the next poll runs while the lines of the one before are handed over: reading
 * and indexing take about as long as each other.
 */
struct watch {
	struct source_poll *p;
	const struct source_conf *conf; /* NULL: it is gone from the configuration */
	struct source_state state;
	struct role *role;     /* with lines: the next poll */
	bool stale;            /* what role brings is of no use: it began too far on */
	struct poll_end *held; /* what the next poll came to, until its lines' turn */
	/* what came */
	struct json_object *result;
	FILE *lines;
	int raw;
	char *line;
	size_t line_size, taken;
	sd_event_source *piece;
	struct watch *next;
};

struct source_poll {
	struct source_poll_opts o;
	struct watch *watches;
	sd_event_source *timer;
	bool stopped;
};

/* Is it asked, or are its lines handed over? */
bool watch_is_busy(const struct watch *w);
/* Frees what came of its last poll. */
void watch_drop_lines(struct watch *w);
/* Its poll is over, whatever came of it: arms the timer. Frees w if it is gone. */
void watch_settle(struct watch *w);

/* Begins a poll from the cursor on (NULL: the first one). */
int watch_ask(struct watch *w, struct json_object *cursor, struct err *err);

/* Its poll ended with nothing that can be used. Settles it. */
void source_take_failed(struct watch *w, const char *why);
/*
 * A poll ended: hands its lines over, piece by piece, from the loop, and settles it in
 * the end; or, while those of another are, when that is through.
 */
void source_take(struct watch *w, const struct role_end *end);

#endif
