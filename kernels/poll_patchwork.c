/*
 * A Patchwork instance, by its REST API 1.3 (or what it serves without a version):
 * events "series-completed" in order of their dates, pages by the Link header, then
 * the series, its cover letter and its patches. A filter that Patchwork does not know
 * it ignores, so what comes is looked at again. Each patch is made a mail again, to be
 * read like any other (poll_patch_mail.c).
 *
 * An event gets its date before it can be seen: of two mails that come at once the
 * later event may show first. So each poll goes back an hour behind the newest date
 * done, and knows by their ids those of that hour. A date of the future moves nothing.
 *
 * A series that takes longer than a poll may is gone on with in the next one.
 */
#include "kernels/poll_events.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/atom.h"
#include "kernels/poll_later.h"
#include "kernels/poll_patch_mail.h"
#include "kernels/poll_web.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/str.h"

enum { PAGES_MAX = 200, TOKEN_MAX = 4096, ANSWER_MAX = 16 << 20, VALUES_MAX = 200000 };

struct patchwork {
	struct poll *p;
	struct http *http;
	char *api;      /* with a slash at its end */
	bool next_left; /* the last answer named a next page of another server */
	/* the cursor */
	struct events *events; /* those that are done */
	struct later *later;   /* "series/ID", "covers/ID", "patches/ID" */
	long long part;        /* a series that was begun; -1: none */
	long long part_done;   /* mails of it */
};

static void patchwork_done(struct patchwork *w)
{
	http_free(w->http);
	free(w->api);
	events_free(w->events);
	later_free(w->later);
}

/* ---- requests ---- */

/* LATER_GOT with a document, or with NULL for a 404. ret_next may be NULL. */
static int get_json(struct patchwork *w, const char *url, struct json_object **ret,
		    char **ret_next, struct err *err)
{
	AUTO(http_answer_done) struct http_answer a = { .body = STR_INIT };
	struct http_ask ask = { .url = url,
				.accept = "application/json",
				.max = ANSWER_MAX };
	int rc = poll_http_try(w->p, w->http, &ask, &a, err);

	*ret = NULL;
	if (rc != LATER_GOT || a.status == 404)
		return rc;
	if (a.status != 200)
		http_status_err(url, &a, err);
	else if (json_parse_max(str_get(&a.body), a.body.len, VALUES_MAX, ret, err) < 0)
		err_prefix(err, "%.200s", url);
	if (!*ret)
		return LATER_ONE;
	if (ret_next)
		*ret_next = TAKE_PTR(a.next);
	w->next_left = a.next_left;
	return LATER_GOT;
}

static char *events_url(const struct patchwork *w)
{
	struct str url = STR_INIT;

	str_addf(&url, "%sevents/?category=series-completed&order=date&per_page=250",
		 w->api);
	if (*w->p->project) {
		str_add(&url, "&project=");
		http_escape(&url, w->p->project);
	}
	events_add_since(w->events, &url);
	return str_take(&url);
}

/* ---- mails and series ---- */

/* key: "patches/ID", "covers/ID". */
static int fetch_mail(struct patchwork *w, const char *key, struct err *err)
{
	AUTO_FREE char *url = str_printf("%s%s/", w->api, key);
	AUTO_JSON struct json_object *o = NULL;
	AUTO(str_done) struct str mail = STR_INIT;
	int rc = get_json(w, url, &o, NULL, err);

	if (rc != LATER_GOT && err->code != ERR_LIMIT)
		return rc;
	if (!json_obj(o, "headers")) {
		poll_note(w->p, "%s: %s", url,
			  rc ? err->msg :
			  o  ? "has no headers" :
			       "is not there");
		w->p->skipped++;
		return LATER_GOT;
	}
	poll_patch_mail(o, &mail);
	w->p->archive_url = json_str(o, "list_archive_url", NULL);
	rc = poll_add(w->p, url, str_get(&mail), mail.len, false, err);
	w->p->archive_url = NULL;
	return rc;
}

static int fetch(void *arg, const char *key, struct err *err);

/* The n-th mail of a series, 0 and up; 0, also when it was put by, or -1. */
static int take_mail(struct patchwork *w, struct json_object *series, size_t n,
		     struct err *err)
{
	struct json_object *cover = json_obj(series, "cover_letter");
	bool is_cover = cover && n == 0;
	struct json_object *of =
		is_cover ? cover :
			   json_object_array_get_idx(json_arr(series, "patches"),
						     n - (cover != NULL));
	AUTO_FREE char *key = str_printf("%s/%lld", is_cover ? "covers" : "patches",
					 json_int(of, "id", 0));

	if (later_has(w->later, key))
		return 0;
	if (later_try(w->later, w->p, key, fetch, w, err) == 0)
		return 0;
	w->part_done += later_has(w->later, key);
	return -1;
}

/* Time and bytes only: a series is not cut because it has many mails. */
static bool is_over(const struct poll *p)
{
	return poll_now_ms() >= p->end_ms || p->bytes >= p->limits.bytes;
}

/* The mails of a series, from where the last poll was. LATER_ALL when it ends early,
 * at a limit without an err. */
static int take_mails(struct patchwork *w, long long id, struct json_object *series,
		      struct err *err)
{
	size_t n = json_len(json_arr(series, "patches")) +
		   (json_obj(series, "cover_letter") != NULL);
	size_t first;

	if (w->part != id)
		w->part_done = 0;
	w->part = id;
	first = (size_t)w->part_done;
	while ((size_t)w->part_done < n) {
		if ((size_t)w->part_done > first && is_over(w->p)) {
			w->p->more = true;
			return LATER_ALL;
		}
		if (take_mail(w, series, (size_t)w->part_done, err) < 0)
			return LATER_ALL;
		w->part_done++;
	}
	w->part = -1;
	return LATER_GOT;
}

static int fetch_series(struct patchwork *w, const char *key, struct err *err)
{
	AUTO_FREE char *url = str_printf("%s%s/", w->api, key);
	AUTO_JSON struct json_object *s = NULL;
	int rc = get_json(w, url, &s, NULL, err);

	if (rc == LATER_GOT && !s)
		poll_note(w->p, "%s: is not there any more", url);
	if (rc != LATER_GOT || !s)
		return rc;
	return take_mails(w, strtoll(key + strlen("series/"), NULL, 10), s, err);
}

static int fetch(void *arg, const char *key, struct err *err)
{
	return str_starts(key, "series/") ? fetch_series(arg, key, err) :
					    fetch_mail(arg, key, err);
}

/* ---- events ---- */

static void write_cursor(struct patchwork *w)
{
	struct json_object *o = events_json(w->events);

	json_set(o, "later", later_json(w->later));
	json_set_int(o, "part", w->part);
	json_set_int(o, "part_done", w->part_done);
	poll_set_cursor(w->p, o);
}

static bool is_wanted(const struct patchwork *w, struct json_object *event)
{
	const char *project =
		json_str(json_obj(event, "project"), "link_name", w->p->project);

	return !strcmp(json_str(event, "category", ""), "series-completed") &&
	       (!*w->p->project || !strcmp(project, w->p->project));
}

/* 0, 1 when a limit ended it, or -1. */
static int take_series(struct patchwork *w, long long id, struct err *err)
{
	AUTO_FREE char *key = str_printf("series/%lld", id);
	AUTO_JSON struct json_object *s = NULL;
	int rc = 0;

	if (later_has(w->later, key))
		return 0;
	rc = later_try(w->later, w->p, key, fetch, w, err);
	if (!rc || w->part != id)
		return rc;
	/* It was begun: not the series is missing, but the rest of its mails. */
	later_forget(w->later, key);
	return w->p->more ? 1 : -1;
}

static int take_event(struct patchwork *w, struct json_object *event, struct err *err)
{
	struct json_object *series = json_obj(json_obj(event, "payload"), "series");
	long long id = json_int(event, "id", -1), date;
	int rc = 0;

	if (id < 0 || !atom_time(json_str(event, "date", ""), &date)) {
		poll_note(w->p, "%.200s: an event without a date or an id", w->api);
		return 0;
	}
	if (events_has(w->events, id))
		return 0;
	if (series && is_wanted(w, event))
		rc = take_series(w, json_int(series, "id", 0), err);
	if (rc == 0)
		events_add(w->events, id, date);
	return rc;
}

/* 1 when a limit ended it. */
static int take_events(struct patchwork *w, struct json_object *events, struct err *err)
{
	int rc = 0;

	if (!json_object_is_type(events, json_type_array))
		return err_set(err, ERR_INPUT, "%.200s: no list of events", w->api);
	for (size_t i = 0; i < json_len(events) && rc == 0; i++) {
		if (poll_full(w->p))
			return 1;
		rc = take_event(w, json_object_array_get_idx(events, i), err);
	}
	return rc;
}

static int first_page(struct patchwork *w, struct json_object **ret, char **ret_next,
		      struct err *err)
{
	AUTO_FREE char *url = events_url(w);
	AUTO_FREE char *plain = NULL;

	if (get_json(w, url, ret, ret_next, err) != LATER_GOT || *ret)
		return *ret ? 0 : -1;
	/* An older one does not know our version of the API. */
	free(w->api);
	w->api = str_printf("%s%sapi/", w->p->url, str_ends(w->p->url, "/") ? "" : "/");
	plain = events_url(w);
	if (get_json(w, plain, ret, ret_next, err) != LATER_GOT)
		return -1;
	if (!*ret)
		return err_set(err, ERR_MISSING, "%.200s: there is no Patchwork here",
			       w->p->url);
	return 0;
}

/* 1 when a limit ended it. */
static int walk(struct patchwork *w, struct err *err)
{
	AUTO_FREE char *next = NULL;
	AUTO_JSON struct json_object *events = NULL;
	int rc = first_page(w, &events, &next, err);

	if (rc < 0)
		return -1;
	/* From now on a later poll goes back to where this one began. */
	write_cursor(w);
	for (int i = 0; !rc && i < PAGES_MAX; i++) {
		AUTO_FREE char *url = NULL;
		bool left = w->next_left;

		rc = take_events(w, events, err);
		if (!rc && left)
			return err_set(
				err, ERR_INPUT,
				"%.200s: the next page of its events is on another server",
				w->api);
		if (rc || !next)
			break;
		url = TAKE_PTR(next);
		json_object_put(TAKE_PTR(events));
		if (get_json(w, url, &events, &next, err) != LATER_GOT)
			return -1;
		if (!events) /* past the end */
			break;
		if (next && !strcmp(next, url))
			return err_set(err, ERR_INPUT,
				       "%.200s: a page that follows itself", url);
		w->p->more = i == PAGES_MAX - 1;
	}
	return rc;
}

/* ---- the poll ---- */

static int read_token(const struct poll *p, char **ret_auth, struct err *err)
{
	AUTO_FREE char *text = NULL;
	char *token;

	if (!*p->token_file)
		return 0;
	if (file_read(p->token_file, TOKEN_MAX, &text, NULL, err) < 0)
		return -1;
	token = str_trim(text);
	for (const char *c = token; *c; c++)
		if (!isgraph((unsigned char)*c))
			return err_set(err, ERR_INPUT, "%s: more than one word",
				       p->token_file);
	if (!*token)
		return err_set(err, ERR_INPUT, "%s: is empty", p->token_file);
	/* Config says so, too; but here is where it would be sent. */
	if (!http_is_private(p->url))
		return err_set(err, ERR_INPUT, "a token goes over https only");
	*ret_auth = str_printf("Token %s", token);
	return 0;
}

static void read_cursor(struct patchwork *w)
{
	struct json_object *c = w->p->cursor;

	w->events = events_new(c, w->p->since);
	w->later = later_new(json_arr(c, "later"));
	w->part = json_int(c, "part", -1);
	w->part_done = json_int(c, "part_done", 0);
	if (w->part_done < 0)
		w->part = -1;
}

int poll_patchwork(struct poll *p, struct err *err)
{
	AUTO(patchwork_done) struct patchwork w = { .p = p };
	AUTO_FREE char *auth = NULL;
	int rc;

	w.api = str_printf("%s%sapi/1.3/", p->url, str_ends(p->url, "/") ? "" : "/");
	if (read_token(p, &auth, err) < 0 || poll_http_new(p, auth, &w.http, err) < 0)
		return -1;
	read_cursor(&w);
	rc = walk(&w, err);
	if (!rc)
		rc = later_again(w.later, p, fetch, &w, err);
	if (p->next)
		write_cursor(&w);
	return rc < 0 ? -1 : 0;
}
