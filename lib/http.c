#include "lib/http.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "lib/cleanup.h"
#include "lib/gunzip.h"
#include "lib/text.h"

enum { REDIRECTS_MAX = 5, OTHER_BODY_MAX = 4096, DETAIL_POINTS = 200 };

struct origin {
	char *scheme, *host, *port;
};

struct http {
	CURL *curl;
	struct http_opts o;
	char *agent, *auth;
	struct origin origin;
	uint64_t got; /* bytes of all answers */
	char why[CURL_ERROR_SIZE];
};

/* One request on its way. */
struct transfer {
	struct http *h;
	const struct http_ask *ask;
	struct http_answer *a;
	struct gunzip *gz;
	size_t out;
	bool failed; /* err says why the body was refused */
	struct err err;
};

/* ---- where a URL leads ---- */

static void origin_done(struct origin *o)
{
	curl_free(o->scheme);
	curl_free(o->host);
	curl_free(o->port);
}

static bool origin_of(const char *url, struct origin *ret)
{
	CURLU *u = curl_url();
	bool ok;

	*ret = (struct origin){ NULL, NULL, NULL };
	ok = u && !curl_url_set(u, CURLUPART_URL, url, 0) &&
	     !curl_url_get(u, CURLUPART_SCHEME, &ret->scheme, 0) &&
	     !curl_url_get(u, CURLUPART_HOST, &ret->host, 0) &&
	     !curl_url_get(u, CURLUPART_PORT, &ret->port, CURLU_DEFAULT_PORT) &&
	     (!strcmp(ret->scheme, "http") || !strcmp(ret->scheme, "https"));
	curl_url_cleanup(u);
	return ok;
}

/* Digits only: "127.evil.example" is a name. */
static bool is_loopback4(const char *host)
{
	struct in_addr a;

	return inet_pton(AF_INET, host, &a) == 1 && ntohl(a.s_addr) >> 24 == 127;
}

/* May a request to a go on to b? */
static bool may_follow(const struct origin *a, const struct origin *b)
{
	if (strcasecmp(a->host, b->host) != 0)
		return false;
	if (!strcmp(a->scheme, b->scheme) && !strcmp(a->port, b->port))
		return true;
	return !strcmp(a->scheme, "http") && !strcmp(a->port, "80") &&
	       !strcmp(b->scheme, "https") && !strcmp(b->port, "443");
}

bool http_is_private(const char *url)
{
	AUTO(origin_done) struct origin o = { NULL, NULL, NULL };

	return origin_of(url, &o) &&
	       (!strcmp(o.scheme, "https") || !strcasecmp(o.host, "localhost") ||
		!strcmp(o.host, "[::1]") || is_loopback4(o.host));
}

static bool same_server(const struct http *h, const char *url)
{
	AUTO(origin_done) struct origin o = { NULL, NULL, NULL };

	return origin_of(url, &o) && may_follow(&h->origin, &o);
}

/* ---- what comes back ---- */

/* The value of header name in a line, trimmed; NULL when it is another. */
static char *header_value(const char *line, size_t len, const char *name)
{
	AUTO_FREE char *copy = NULL;
	size_t n = strlen(name);

	if (len <= n || strncasecmp(line, name, n) != 0 || line[n] != ':')
		return NULL;
	copy = str_ndup(line + n + 1, len - n - 1);
	return str_dup(str_trim(copy));
}

/* The URL of rel="next" in a Link header; NULL. */
static char *next_link(const char *value)
{
	const char *lt = value, *gt, *end;

	while ((lt = strchr(lt, '<')) && (gt = strchr(lt, '>'))) {
		AUTO_FREE char *params = NULL;

		end = strchr(gt, '<');
		params = str_ndup(gt, end ? (size_t)(end - gt) : strlen(gt));
		if (strstr(params, "rel=\"next\"") || strstr(params, "rel=next"))
			return str_ndup(lt + 1, (size_t)(gt - lt) - 1);
		lt = gt;
	}
	return NULL;
}

static void take(char **slot, char *value)
{
	free(*slot);
	*slot = value;
}

static int body_out(const char *data, size_t len, void *arg, struct err *err)
{
	struct transfer *t = arg;

	t->out += len;
	t->h->got += len;
	if (t->out > t->ask->max)
		return err_set(err, ERR_LIMIT, "an answer of over %zu bytes",
			       t->ask->max);
	if (t->h->o.bytes && t->h->got > t->h->o.bytes)
		return err_set(err, ERR_SYS, "answers of over %llu bytes",
			       (unsigned long long)t->h->o.bytes);
	if (t->ask->body && t->a->status == 200)
		return t->ask->body(data, len, t->ask->arg, err);
	/* Nobody needs the whole of an error page. */
	if (t->a->status != 200) {
		size_t room = OTHER_BODY_MAX - t->a->body.len;

		len = len < room ? len : room;
	}
	str_addn(&t->a->body, data, len);
	return 0;
}

static size_t on_header(char *data, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	size_t len = size * n;
	char *v;

	if ((v = header_value(data, len, "ETag"))) {
		take(&t->a->etag, v);
	} else if ((v = header_value(data, len, "Last-Modified"))) {
		take(&t->a->modified, v);
	} else if ((v = header_value(data, len, "Link"))) {
		char *next = next_link(v);

		if (next)
			take(&t->a->next, next);
		free(v);
	} else if ((v = header_value(data, len, "Content-Encoding"))) {
		if (!strcasecmp(v, "gzip") && !t->gz) {
			t->gz = gunzip_new(t->ask->max, body_out, t);
		} else if (*v && strcasecmp(v, "identity") != 0) {
			AUTO_FREE char *clean = text_clean_line(v, 40);

			err_set(&t->err, ERR_INPUT, "an answer in the encoding \"%s\"",
				clean);
			t->failed = true;
		}
		free(v);
	}
	return t->failed ? 0 : len;
}

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	size_t len = size * n;
	int rc;

	curl_easy_getinfo(t->h->curl, CURLINFO_RESPONSE_CODE, &t->a->status);
	if (t->gz)
		rc = gunzip_feed(t->gz, data, len, &t->err);
	else
		rc = body_out(data, len, t, &t->err);
	if (rc < 0) {
		t->failed = true;
		return 0;
	}
	return len;
}

/* ---- a request ---- */

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static int time_left(const struct http *h, long *ret_ms, struct err *err)
{
	uint64_t now = now_ms(), left = h->o.request_ms;

	if (h->o.end_ms && now >= h->o.end_ms)
		return err_set(err, ERR_SYS, "no time is left for it");
	if (h->o.end_ms && h->o.end_ms - now < left)
		left = h->o.end_ms - now;
	*ret_ms = (long)left;
	return 0;
}

static struct curl_slist *add_header(struct curl_slist *list, const char *name,
				     const char *value)
{
	AUTO_FREE char *line = value ? str_printf("%s: %s", name, value) : NULL;

	return line ? curl_slist_append(list, line) : list;
}

static struct curl_slist *headers_of(const struct http *h, const struct http_ask *ask)
{
	/* Unpacked by us, since only so its growth can be watched. */
	struct curl_slist *list = add_header(NULL, "Accept-Encoding", "gzip");

	list = add_header(list, "Accept", ask->accept ? ask->accept : "*/*");
	list = add_header(list, "Authorization", h->auth);
	list = add_header(list, "If-None-Match", ask->etag);
	return add_header(list, "If-Modified-Since", ask->modified);
}

static void set_options(struct http *h, const char *url, struct curl_slist *headers,
			long ms, struct transfer *t)
{
	CURL *c = h->curl;

	curl_easy_reset(c); /* connections stay */
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_HTTP_CONTENT_DECODING, 0L);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c, CURLOPT_USERAGENT, h->agent);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS,
			 h->o.connect_ms < (uint64_t)ms ? (long)h->o.connect_ms : ms);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, ms);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, (long)h->o.stall_bytes);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)h->o.stall_s);
	curl_easy_setopt(c, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)t->ask->max);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, h->why);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
}

static void read_info(struct http *h, struct http_answer *a)
{
	curl_off_t retry = 0;

	curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &a->status);
	/* A date may be past. */
	if (!curl_easy_getinfo(h->curl, CURLINFO_RETRY_AFTER, &retry) && retry > 0)
		a->retry_after = retry;
}

static int get_once(struct http *h, const char *url, const struct http_ask *ask,
		    struct http_answer *a, struct err *err)
{
	struct transfer t = { .h = h, .ask = ask, .a = a };
	struct curl_slist *headers;
	CURLcode rc;
	long ms = 0;

	*a = (struct http_answer){ .body = STR_INIT };
	if (time_left(h, &ms, err) < 0)
		return -1;
	headers = headers_of(h, ask);
	h->why[0] = '\0';
	set_options(h, url, headers, ms, &t);
	rc = curl_easy_perform(h->curl);
	read_info(h, a);
	curl_slist_free_all(headers);
	if (rc == CURLE_OK && t.gz && a->status != 304 && gunzip_end(t.gz, &t.err) < 0)
		t.failed = true;
	gunzip_free(t.gz);
	if (t.failed) {
		*err = t.err;
		return -1;
	}
	if (rc == CURLE_FILESIZE_EXCEEDED)
		return err_set(err, ERR_LIMIT, "an answer of over %zu bytes", ask->max);
	if (rc != CURLE_OK)
		return err_set(err, ERR_SYS, "%s",
			       *h->why ? h->why : curl_easy_strerror(rc));
	return 0;
}

/* Where a redirect leads to, when we may go there; NULL with err else. */
static char *redirect_target(struct http *h, struct err *err)
{
	char *to = NULL;

	curl_easy_getinfo(h->curl, CURLINFO_REDIRECT_URL, &to);
	if (to && same_server(h, to))
		return str_dup(to);
	err_set(err, ERR_INPUT, "redirected elsewhere, to %.200s: not followed",
		to ? to : "nowhere");
	return NULL;
}

static bool is_redirect(long status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 ||
	       status == 308;
}

/*
 * A link relative to the page that had it, made absolute; dropped if it leaves the
 * host. Scheme and port are those of the page: behind a proxy that speaks https an
 * application often believes that it is asked by http.
 */
static void resolve_next(const char *url, struct http_answer *a)
{
	AUTO(origin_done) struct origin page = { NULL, NULL, NULL };
	CURLU *u = curl_url();
	char *host = NULL, *full = NULL;
	bool ok = a->next && u && origin_of(url, &page) &&
		  !curl_url_set(u, CURLUPART_URL, url, 0) &&
		  !curl_url_set(u, CURLUPART_URL, a->next, 0) &&
		  !curl_url_get(u, CURLUPART_HOST, &host, 0) &&
		  !strcasecmp(host, page.host) &&
		  !curl_url_set(u, CURLUPART_SCHEME, page.scheme, 0) &&
		  !curl_url_set(u, CURLUPART_PORT, page.port, 0) &&
		  !curl_url_get(u, CURLUPART_URL, &full, CURLU_NO_DEFAULT_PORT);

	a->next_left = a->next && !ok;
	take(&a->next, ok ? str_dup(full) : NULL);
	curl_free(host);
	curl_free(full);
	curl_url_cleanup(u);
}

int http_get(struct http *h, const struct http_ask *ask, struct http_answer *ret_answer,
	     struct err *err)
{
	AUTO_FREE char *url = str_dup(ask->url);

	*ret_answer = (struct http_answer){ .body = STR_INIT };
	if (!same_server(h, url))
		return err_set(err, ERR_INPUT, "%.200s: is not of the server asked", url);
	for (int i = 0; i <= REDIRECTS_MAX; i++) {
		char *to;

		http_answer_done(ret_answer);
		if (get_once(h, url, ask, ret_answer, err) < 0)
			return err_prefix(err, "%.200s", url);
		if (!is_redirect(ret_answer->status)) {
			resolve_next(url, ret_answer);
			return 0;
		}
		to = redirect_target(h, err);
		if (!to)
			return err_prefix(err, "%.200s", url);
		take(&url, to);
	}
	return err_set(err, ERR_INPUT, "%.200s: over %d redirects", ask->url,
		       REDIRECTS_MAX);
}

void http_answer_done(struct http_answer *a)
{
	free(a->etag);
	free(a->modified);
	free(a->next);
	str_done(&a->body);
	*a = (struct http_answer){ .body = STR_INIT };
}

int http_status_err(const char *url, const struct http_answer *a, struct err *err)
{
	const char *text = str_get(&a->body);
	AUTO_FREE char *detail = NULL;

	/* An HTML page says nothing on one line. */
	if (*text != '<' && text_is_utf8(text, a->body.len))
		detail = text_clean_line(text, DETAIL_POINTS);
	return err_set(err, ERR_SYS, "%.200s: HTTP status %ld%s%s", url, a->status,
		       detail && *detail ? ": " : "", detail ? detail : "");
}

/* ---- the server ---- */

int http_new(const struct http_opts *opts, struct http **ret_http, struct err *err)
{
	static bool ready;
	struct http *h;

	if (!ready)
		curl_global_init(CURL_GLOBAL_DEFAULT);
	ready = true;
	h = mem_alloc0(sizeof(*h));
	h->o = *opts;
	h->agent = str_dup(opts->agent ? opts->agent : "sluice");
	h->auth = str_dup(opts->auth);
	h->curl = curl_easy_init();
	if (!h->curl || !origin_of(opts->base, &h->origin)) {
		err_set(err, ERR_INPUT, "\"%.200s\" is no http or https URL", opts->base);
		http_free(h);
		return -1;
	}
	*ret_http = h;
	return 0;
}

void http_free(struct http *h)
{
	if (!h)
		return;
	curl_easy_cleanup(h->curl);
	origin_done(&h->origin);
	free(h->agent);
	free(h->auth);
	free(h);
}

void http_escape(struct str *out, const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-._~";

	for (const unsigned char *p = (const unsigned char *)text; *p; p++)
		if (strchr(plain, *p))
			str_addc(out, (char)*p);
		else
			str_addf(out, "%%%02X", *p);
}
