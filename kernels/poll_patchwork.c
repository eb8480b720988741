/*
 * A Patchwork instance, by its REST API 1.3 (or what it serves without a version):
 * events "series-completed" in order of their dates, pages by the Link header, then
 * the series, its cover letter and its patches. "since" means "not before", so the
 * ids of the events of the last date are kept with it. A filter that Patchwork does
 * not know it ignores, so what comes is looked at again. Each patch is made a mail
 * of its headers, comment and diff, to be read like any other.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "kernels/poll_web.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/str.h"

enum { PAGES_MAX = 200, TOKEN_MAX = 4096, ANSWER_MAX = 16 << 20 };

struct patchwork {
	struct poll *p;
	struct http *http;
	char *api; /* with a slash at its end */
	struct json_object *ids;
	char *since; /* NULL: none yet */
};

static void patchwork_done(struct patchwork *w)
{
	http_free(w->http);
	free(w->api);
	json_object_put(w->ids);
	free(w->since);
}

/* ---- requests ---- */

/* 0 with a document, or with NULL for a 404. ret_next may be NULL. */
static int get_json(struct patchwork *w, const char *url, struct json_object **ret,
		    char **ret_next, struct err *err)
{
	AUTO(http_answer_done) struct http_answer a = { .body = STR_INIT };
	struct http_ask ask = { .url = url,
				.accept = "application/json",
				.max = ANSWER_MAX };

	*ret = NULL;
	if (poll_http_get(w->p, w->http, &ask, &a, err) < 0)
		return -1;
	if (a.status == 404)
		return 0;
	if (a.status != 200)
		return http_status_err(url, &a, err);
	if (json_parse(str_get(&a.body), a.body.len, ret, err) < 0)
		return err_prefix(err, "%.200s", url);
	if (ret_next)
		*ret_next = TAKE_PTR(a.next);
	return 0;
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
	if (w->since) {
		str_add(&url, "&since=");
		http_escape(&url, w->since);
	}
	return str_take(&url);
}

/* ---- a patch as a mail ---- */

static bool is_header_name(const char *s)
{
	size_t n = 0;

	while (isalnum((unsigned char)s[n]) || s[n] == '-' || s[n] == '_')
		n++;
	return n && !s[n];
}

static void add_header(struct str *out, const char *name, const char *value)
{
	str_addf(out, "%s: ", name);
	for (; *value; value++) {
		if (*value == '\r')
			continue;
		str_addc(out, *value);
		/* A line of its own would be another header. */
		if (*value == '\n' && value[1] != ' ' && value[1] != '\t')
			str_addc(out, ' ');
	}
	str_addc(out, '\n');
}

static void add_headers(struct str *out, struct json_object *headers, const char *msgid)
{
	bool has_id = false;

	json_object_object_foreach(headers, name, value)
	{
		/* Of a header that is there more than once, the first. */
		if (json_object_is_type(value, json_type_array))
			value = json_object_array_get_idx(value, 0);
		if (!is_header_name(name) || !strncasecmp(name, "Content-", 8) ||
		    !json_object_is_type(value, json_type_string))
			continue;
		has_id = has_id || !strcasecmp(name, "Message-ID");
		add_header(out, name, json_object_get_string(value));
	}
	if (!has_id)
		add_header(out, "Message-ID", msgid);
	str_add(out, "Content-Type: text/plain; charset=utf-8\n"
		     "Content-Transfer-Encoding: 8bit\n\n");
}

/* what: "patches" or "covers". */
static int take_mail(struct patchwork *w, const char *what, struct json_object *of,
		     struct err *err)
{
	AUTO_FREE char *url =
		str_printf("%s%s/%lld/", w->api, what, json_int(of, "id", 0));
	AUTO_JSON struct json_object *o = NULL;
	AUTO(str_done) struct str mail = STR_INIT;
	struct json_object *headers;
	int rc;

	if (get_json(w, url, &o, NULL, err) < 0)
		return -1;
	headers = json_obj(o, "headers");
	if (!headers) {
		poll_note(w->p, "%s: %s", url, o ? "has no headers" : "is not there");
		w->p->skipped++;
		return 0;
	}
	add_headers(&mail, headers, json_str(of, "msgid", ""));
	str_addf(&mail, "%s\n", json_str(o, "content", ""));
	str_add(&mail, json_str(o, "diff", ""));
	w->p->archive_url = json_str(o, "list_archive_url", NULL);
	rc = poll_add(w->p, url, str_get(&mail), mail.len, false, err);
	w->p->archive_url = NULL;
	return rc;
}

static int take_series(struct patchwork *w, long long id, struct err *err)
{
	AUTO_FREE char *url = str_printf("%sseries/%lld/", w->api, id);
	AUTO_JSON struct json_object *s = NULL;
	struct json_object *cover, *patches;

	if (get_json(w, url, &s, NULL, err) < 0)
		return -1;
	if (!s) {
		poll_note(w->p, "%s: is not there any more", url);
		return 0;
	}
	cover = json_obj(s, "cover_letter");
	if (cover && take_mail(w, "covers", cover, err) < 0)
		return -1;
	patches = json_arr(s, "patches");
	for (size_t i = 0; i < json_len(patches); i++)
		if (take_mail(w, "patches", json_object_array_get_idx(patches, i), err) <
		    0)
			return -1;
	return 0;
}

/* ---- events ---- */

static bool known_event(const struct patchwork *w, long long id, const char *date)
{
	if (!w->since || strcmp(w->since, date) != 0)
		return false;
	for (size_t i = 0; i < json_len(w->ids); i++)
		if (json_object_get_int64(json_object_array_get_idx(w->ids, i)) == id)
			return true;
	return false;
}

static void move_cursor(struct patchwork *w, long long id, const char *date)
{
	struct json_object *o = json_object_new_object();

	if (!w->since || strcmp(w->since, date) != 0) {
		free(w->since);
		w->since = str_dup(date);
		json_object_put(w->ids);
		w->ids = json_object_new_array();
	}
	json_object_array_add(w->ids, json_object_new_int64(id));
	json_set_str(o, "since", w->since);
	json_set(o, "ids", json_object_get(w->ids));
	poll_set_cursor(w->p, o);
}

static bool is_wanted(const struct patchwork *w, struct json_object *event)
{
	const char *project =
		json_str(json_obj(event, "project"), "link_name", w->p->project);

	return !strcmp(json_str(event, "category", ""), "series-completed") &&
	       (!*w->p->project || !strcmp(project, w->p->project));
}

static int take_event(struct patchwork *w, struct json_object *event, struct err *err)
{
	struct json_object *series = json_obj(json_obj(event, "payload"), "series");
	const char *date = json_str(event, "date", NULL);
	long long id = json_int(event, "id", -1);

	if (!date || id < 0)
		return err_set(err, ERR_INPUT, "%.200s: an event without a date or an id",
			       w->api);
	if (!is_wanted(w, event) || known_event(w, id, date))
		return 0;
	if (series && take_series(w, json_int(series, "id", 0), err) < 0)
		return -1;
	move_cursor(w, id, date);
	return 0;
}

/* 1 when a limit ended it. */
static int take_events(struct patchwork *w, struct json_object *events, struct err *err)
{
	if (!json_object_is_type(events, json_type_array))
		return err_set(err, ERR_INPUT, "%.200s: no list of events", w->api);
	for (size_t i = 0; i < json_len(events); i++) {
		if (poll_full(w->p))
			return 1;
		if (take_event(w, json_object_array_get_idx(events, i), err) < 0)
			return -1;
	}
	return 0;
}

static int first_page(struct patchwork *w, struct json_object **ret, char **ret_next,
		      struct err *err)
{
	AUTO_FREE char *url = events_url(w);
	AUTO_FREE char *plain = NULL;

	if (get_json(w, url, ret, ret_next, err) < 0 || *ret)
		return *ret ? 0 : -1;
	/* An older one does not know our version of the API. */
	free(w->api);
	w->api = str_printf("%s%sapi/", w->p->url, str_ends(w->p->url, "/") ? "" : "/");
	plain = events_url(w);
	if (get_json(w, plain, ret, ret_next, err) < 0)
		return -1;
	if (!*ret)
		return err_set(err, ERR_MISSING, "%.200s: there is no Patchwork here",
			       w->p->url);
	return 0;
}

static int walk(struct patchwork *w, struct err *err)
{
	AUTO_FREE char *next = NULL;
	AUTO_JSON struct json_object *events = NULL;
	int rc = first_page(w, &events, &next, err);

	for (int i = 0; !rc && i < PAGES_MAX; i++) {
		AUTO_FREE char *url = NULL;

		rc = take_events(w, events, err);
		if (rc || !next)
			break;
		url = TAKE_PTR(next);
		json_object_put(TAKE_PTR(events));
		rc = get_json(w, url, &events, &next, err);
		if (!rc && !events) /* past the end */
			break;
		w->p->more = i == PAGES_MAX - 1;
	}
	return rc < 0 ? -1 : 0;
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
	*ret_auth = str_printf("Token %s", token);
	return 0;
}

static void read_cursor(struct patchwork *w)
{
	const char *since = json_str(w->p->cursor, "since", NULL);
	time_t t = (time_t)w->p->since;
	char text[32];
	struct tm tm;

	w->ids = json_object_get(json_arr(w->p->cursor, "ids"));
	if (!w->ids)
		w->ids = json_object_new_array();
	if (!since && t > 0 && gmtime_r(&t, &tm)) {
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
		since = text;
	}
	w->since = str_dup(since);
}

int poll_patchwork(struct poll *p, struct err *err)
{
	AUTO(patchwork_done) struct patchwork w = { .p = p };
	AUTO_FREE char *auth = NULL;

	w.api = str_printf("%s%sapi/1.3/", p->url, str_ends(p->url, "/") ? "" : "/");
	if (read_token(p, &auth, err) < 0 || poll_http_new(p, auth, &w.http, err) < 0)
		return -1;
	read_cursor(&w);
	return walk(&w, err);
}
