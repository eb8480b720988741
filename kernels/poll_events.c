#include "kernels/poll_events.h"

#include <string.h>
#include <time.h>

#include "kernels/atom.h"
#include "kernels/poll_web.h"
#include "lib/cleanup.h"

enum { OVERLAP_S = 3600, EVENTS_MAX = 5000 };

struct event {
	long long id, date;
};

struct events {
	long long time;  /* the newest date of those done */
	long long floor; /* what the first poll began with */
	struct event v[EVENTS_MAX];
	size_t n;
};

static long long begin_of(const struct events *e)
{
	long long from = e->time - OVERLAP_S;

	return from > e->floor ? from : e->floor;
}

/* Forgets those that are not asked for any more; the oldest when there are too many. */
static void tidy(struct events *e)
{
	long long from = begin_of(e);
	size_t kept = 0;

	for (size_t i = 0; i < e->n; i++)
		if (e->v[i].date >= from)
			e->v[kept++] = e->v[i];
	e->n = kept;
	if (e->n == EVENTS_MAX)
		memmove(e->v, e->v + 1, --e->n * sizeof(e->v[0]));
}

/* As sluice wrote it before: a date, and the ids of that date. */
static void read_old(struct events *e, struct json_object *cursor, long long time)
{
	struct json_object *ids = json_arr(cursor, "ids");

	e->time = e->floor = time;
	for (size_t i = 0; i < json_len(ids) && i < EVENTS_MAX; i++)
		events_add(e, json_object_get_int64(json_object_array_get_idx(ids, i)),
			   time);
}

struct events *events_new(struct json_object *cursor, long long since)
{
	struct events *e = mem_alloc0(sizeof(*e));
	struct json_object *arr = json_arr(cursor, "events");
	long long old;

	e->time = json_int(cursor, "time", since);
	e->floor = json_int(cursor, "floor", since);
	if (atom_time(json_str(cursor, "since", ""), &old))
		read_old(e, cursor, old);
	for (size_t i = 0; i < json_len(arr) && e->n < EVENTS_MAX; i++) {
		struct json_object *pair = json_object_array_get_idx(arr, i);

		if (json_object_is_type(pair, json_type_array) && json_len(pair) == 2)
			e->v[e->n++] = (struct event){
				json_object_get_int64(json_object_array_get_idx(pair, 0)),
				json_object_get_int64(json_object_array_get_idx(pair, 1)),
			};
	}
	return e;
}

void events_free(struct events *e)
{
	free(e);
}

struct json_object *events_json(const struct events *e)
{
	struct json_object *o = json_object_new_object();
	struct json_object *arr = json_object_new_array();

	json_set_int(o, "time", e->time);
	json_set_int(o, "floor", e->floor);
	for (size_t i = 0; i < e->n; i++) {
		struct json_object *pair = json_object_new_array();

		json_object_array_add(pair, json_object_new_int64(e->v[i].id));
		json_object_array_add(pair, json_object_new_int64(e->v[i].date));
		json_object_array_add(arr, pair);
	}
	json_set(o, "events", arr);
	return o;
}

void events_add_since(const struct events *e, struct str *url)
{
	time_t t = (time_t)begin_of(e);
	char text[32];
	struct tm tm;

	if (t <= 0 || !gmtime_r(&t, &tm))
		return;
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	str_add(url, "&since=");
	http_escape(url, text);
}

bool events_has(const struct events *e, long long id)
{
	for (size_t i = e->n; i-- > 0;)
		if (e->v[i].id == id)
			return true;
	return false;
}

void events_add(struct events *e, long long id, long long date)
{
	if (date > e->time && date <= time(NULL))
		e->time = date;
	tidy(e);
	e->v[e->n++] = (struct event){ id, date };
}
