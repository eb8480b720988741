#include "web/http.h"

#include <string.h>

#include "lib/cleanup.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/sha256.h"
#include "web/page.h"
#include "web/request.h"

#define URL_MAX 256
#define STREAM_BLOCK (64u << 10)

/* No script, nothing from elsewhere, in no frame. */
static const char *const headers[][2] = {
	{ "Content-Security-Policy",
	  "default-src 'none'; style-src 'self'; base-uri 'none';"
	  " form-action 'self'; frame-ancestors 'none'" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "X-Frame-Options", "DENY" },
	{ "Referrer-Policy", "no-referrer" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
	{ "Cache-Control", "no-cache" },
};

static enum MHD_Result queue(struct MHD_Connection *c, unsigned int status,
			     struct MHD_Response *m, const char *type, const char *etag)
{
	enum MHD_Result r;

	if (!m)
		return MHD_NO;
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
		MHD_add_response_header(m, headers[i][0], headers[i][1]);
	if (type)
		MHD_add_response_header(m, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	if (etag && *etag)
		MHD_add_response_header(m, MHD_HTTP_HEADER_ETAG, etag);
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(m, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	r = MHD_queue_response(c, status, m);
	MHD_destroy_response(m);
	return r;
}

/* Text is ours to free from here on. */
static enum MHD_Result queue_text(struct MHD_Connection *c, unsigned int status,
				  struct str *text, const char *type, const char *etag)
{
	size_t len = text->len;
	char *data = str_take(text);

	return queue(c, status,
		     MHD_create_response_from_buffer(len, data, MHD_RESPMEM_MUST_FREE),
		     type, etag);
}

static enum MHD_Result fail(struct MHD_Connection *c, unsigned int status, bool json,
			    const char *text)
{
	struct str out = STR_INIT;
	struct html h;

	if (json) {
		AUTO_JSON struct json_object *o = json_object_new_object();

		json_set_str(o, "error", text);
		str_add(&out, json_object_to_json_string(o));
		str_addc(&out, '\n');
		return queue_text(c, status, &out, "application/json", NULL);
	}
	html_init(&h);
	page_begin(&h, text, 0);
	html_el(&h, "h1", NULL, text);
	html_raw(&h, "<p><a href=\"/\">All series</a></p>");
	page_end(&h);
	return queue_text(c, status, &h.out, "text/html; charset=utf-8", NULL);
}

static bool is_cached(struct MHD_Connection *c, const char *etag)
{
	const char *have = MHD_lookup_connection_value(c, MHD_HEADER_KIND,
						       MHD_HTTP_HEADER_IF_NONE_MATCH);

	return have && *etag && (strcmp(have, "*") == 0 || strstr(have, etag));
}

/* With the page as its body MHD would announce a length that never comes. */
static enum MHD_Result not_modified(struct MHD_Connection *c, const char *etag)
{
	return queue(c, MHD_HTTP_NOT_MODIFIED,
		     MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT),
		     NULL, etag);
}

static ssize_t stream_read(void *cls, uint64_t pos, char *buf, size_t max)
{
	struct err err = { .code = ERR_NONE };
	ssize_t n = artifact_read(cls, pos, buf, max, &err);

	if (n < 0) {
		log_error("%s", err.msg);
		return MHD_CONTENT_READER_END_WITH_ERROR;
	}
	return n == 0 ? MHD_CONTENT_READER_END_OF_STREAM : n;
}

static void stream_done(void *cls)
{
	artifact_close(cls);
}

static enum MHD_Result send_stream(struct MHD_Connection *c, struct reply *re)
{
	uint64_t size = artifact_size(re->stream);

	if (is_cached(c, re->etag)) {
		artifact_close(re->stream);
		return not_modified(c, re->etag);
	}
	return queue(c, MHD_HTTP_OK,
		     MHD_create_response_from_callback(size, STREAM_BLOCK, stream_read,
						       re->stream, stream_done),
		     re->type, re->etag);
}

static enum MHD_Result send_text(struct MHD_Connection *c, struct str *text,
				 const char *type)
{
	char hex[SHA256_HEX], etag[48];

	sha256_of(str_get(text), text->len, hex);
	snprintf(etag, sizeof(etag), "\"%.32s\"", hex);
	if (is_cached(c, etag)) {
		str_done(text);
		return not_modified(c, etag);
	}
	return queue_text(c, MHD_HTTP_OK, text, type, etag);
}

/* Anything but a sensible number is what it is without. */
static int64_t number_of(struct MHD_Connection *c, const char *name, int64_t without)
{
	const char *text = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, name);
	long long v = without;

	if (text)
		str_to_ll(text, 1, 1000000000, &v);
	return v;
}

/*
 * A text of the query, its escapes undone (the server keeps them, for the path's
 * sake). One too long for what is looked for by it stands for what is not there.
 */
static const char *text_of(struct MHD_Connection *c, const char *name,
			   char ret_text[REQUEST_TEXT])
{
	const char *text = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, name);

	if (!text || !*text)
		return NULL;
	snprintf(ret_text, REQUEST_TEXT, "%s", strlen(text) < REQUEST_TEXT ? text : "?");
	MHD_http_unescape(ret_text);
	return ret_text;
}

static enum MHD_Result no_database(struct MHD_Connection *c, bool json,
				   const struct err *err)
{
	if (err->code == ERR_MISSING)
		return fail(c, MHD_HTTP_SERVICE_UNAVAILABLE, json,
			    "Nothing is stored yet: no series was tested here");
	log_error("%s", err->msg);
	return fail(c, MHD_HTTP_SERVICE_UNAVAILABLE, json,
		    err->code == ERR_BUSY ? "The database is busy, try again" :
					    "The database cannot be read");
}

static enum MHD_Result run_route(struct site *s, struct MHD_Connection *c,
				 const struct route *route, int64_t id)
{
	bool json = route->flags & ROUTE_JSON;
	struct err err = { .code = ERR_NONE };
	struct reply re = { .type = "text/html; charset=utf-8" };
	char state[REQUEST_TEXT], source[REQUEST_TEXT];
	char list[REQUEST_TEXT], msgid[REQUEST_TEXT];
	struct request rq = { .opts = s->opts,
			      .id = id,
			      .token = *s->token ? s->token : NULL,
			      .page = number_of(c, "page", 1),
			      .from = number_of(c, "from", 0),
			      .state = text_of(c, "state", state),
			      .source = text_of(c, "source", source),
			      .list = text_of(c, "list", list),
			      .msgid = text_of(c, "id", msgid) };
	int r;

	if (site_db(s, &err) < 0)
		return no_database(c, json, &err);
	rq.db = s->db;
	rq.store = s->store;
	r = route->fn(&rq, &re, &err);
	if (r == 1 && re.gone)
		return queue_text(c, MHD_HTTP_GONE, &re.body, re.type, NULL);
	if (r == 1)
		return re.stream ? send_stream(c, &re) : send_text(c, &re.body, re.type);
	str_done(&re.body);
	if (r == 0)
		return fail(c, MHD_HTTP_NOT_FOUND, json, "There is no such thing here");
	site_close_db(s);
	return no_database(c, json, &err);
}

static bool is_local_name(const char *host, size_t len)
{
	static const char *const names[] = { "localhost", "127.0.0.1", "[::1]" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (len == strlen(names[i]) && strncasecmp(host, names[i], len) == 0)
			return true;
	return false;
}

/*
 * On loopback a page in somebody's browser could reach us by a name that it
 * makes resolve to 127.0.0.1 (DNS rebinding) and read unpublished patches.
 */
static bool host_is_fine(const struct site *s, struct MHD_Connection *c)
{
	const char *host =
		MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
	const char *port;

	if (!s->loopback || !host)
		return true;
	port = strrchr(host, ':');
	if (port && strchr(port, ']'))
		port = NULL;
	return is_local_name(host, port ? (size_t)(port - host) : strlen(host));
}

static enum MHD_Result answer(struct site *s, struct MHD_Connection *c, const char *url,
			      const char *method)
{
	const struct route *route;
	int64_t id;

	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 &&
	    strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return fail(c, MHD_HTTP_METHOD_NOT_ALLOWED, false, "Only GET and HEAD");
	if (strlen(url) > URL_MAX)
		return fail(c, MHD_HTTP_URI_TOO_LONG, false, "This address is too long");
	if (!host_is_fine(s, c))
		return fail(c, MHD_HTTP_MISDIRECTED_REQUEST, false,
			    "This server answers to localhost only");
	if (strcmp(url, url_css().s) == 0) {
		struct str css = STR_INIT;

		str_addn(&css, s->css, s->css_len);
		return send_text(c, &css, "text/css; charset=utf-8");
	}
	route = route_find(url, &id);
	if (!route)
		return fail(c, MHD_HTTP_NOT_FOUND, str_starts(url, "/api/"),
			    "There is no such page");
	return run_route(s, c, route, id);
}

/* ---- the one form ---- */

struct form {
	struct str body;
};

void http_end(void *state)
{
	struct form *f = state;

	if (!f)
		return;
	str_done(&f->body);
	free(f);
}

static bool is_form(const struct site *s, const char *url, const char *method)
{
	return *s->token && strcmp(method, MHD_HTTP_METHOD_POST) == 0 &&
	       strcmp(url, RERUN_PATH) == 0;
}

static const char *header(struct MHD_Connection *c, const char *name)
{
	return MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);
}

static enum MHD_Result answer_form(struct site *s, struct MHD_Connection *c,
				   const struct form *f)
{
	const struct rerun_ask ask = { .host = header(c, MHD_HTTP_HEADER_HOST),
				       .origin = header(c, MHD_HTTP_HEADER_ORIGIN),
				       .fetch_site = header(c, "Sec-Fetch-Site"),
				       .body = str_get(&f->body),
				       .token = s->token };
	struct err err = { .code = ERR_NONE };
	struct MHD_Response *m;
	const char *why;
	int64_t job;

	if (!host_is_fine(s, c))
		return fail(c, MHD_HTTP_MISDIRECTED_REQUEST, false,
			    "This server answers to localhost only");
	why = rerun_check(&ask, &job);
	if (why)
		return fail(c, MHD_HTTP_FORBIDDEN, false, why);
	if (s->opts->rerun(job, s->opts->arg, &err) < 0)
		return fail(c,
			    err.code == ERR_INPUT ? MHD_HTTP_CONFLICT :
						    MHD_HTTP_SERVICE_UNAVAILABLE,
			    false, err.msg);
	m = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	if (m)
		MHD_add_response_header(m, MHD_HTTP_HEADER_LOCATION, url_queue().s);
	return queue(c, MHD_HTTP_SEE_OTHER, m, NULL, NULL);
}

enum MHD_Result http_handle(void *cls, struct MHD_Connection *c, const char *url,
			    const char *method, const char *version, const char *upload,
			    size_t *upload_size, void **state)
{
	bool form = is_form(cls, url, method);
	struct form *f = *state;

	(void)version;
	/* First the headers alone: answering then would break keep-alive. */
	if (!f) {
		f = mem_alloc0(sizeof(*f));
		f->body.limit = RERUN_BODY;
		*state = f;
		return MHD_YES;
	}
	/* Any other body is nothing to us: closing says so. */
	if (*upload_size > 0 && !form)
		return MHD_NO;
	if (*upload_size > 0) {
		str_addn(&f->body, upload, *upload_size);
		*upload_size = 0;
		return f->body.truncated ? MHD_NO : MHD_YES;
	}
	return form ? answer_form(cls, c, f) : answer(cls, c, url, method);
}
