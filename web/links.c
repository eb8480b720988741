#include "web/links.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define URL(...)                                           \
	({                                                 \
		struct url u_;                             \
		snprintf(u_.s, sizeof(u_.s), __VA_ARGS__); \
		u_;                                        \
	})

struct url url_series_list(int64_t page)
{
	return page > 1 ? URL("/?page=%lld", (long long)page) : URL("/");
}

struct url url_series(int64_t id)
{
	return URL("/series/%lld", (long long)id);
}

struct url url_series_step(int64_t id, int64_t step)
{
	return URL("/series/%lld#step%lld", (long long)id, (long long)step);
}

struct url url_run(int64_t id)
{
	return URL("/run/%lld", (long long)id);
}

struct url url_run_test(int64_t id, int64_t seq)
{
	return URL("/run/%lld#test%lld", (long long)id, (long long)seq);
}

struct url url_run_console(int64_t id)
{
	return URL("/run/%lld/console.txt", (long long)id);
}

struct url url_build(int64_t id)
{
	return URL("/build/%lld", (long long)id);
}

struct url url_build_log(int64_t id)
{
	return URL("/build/%lld/log.txt", (long long)id);
}

struct url url_build_config(int64_t id)
{
	return URL("/build/%lld/config.txt", (long long)id);
}

struct url url_line(int64_t line)
{
	return URL("#L%lld", (long long)line);
}

struct url url_css(void)
{
	return URL("/static/sluice.css");
}

struct url url_api_series_list(int64_t page)
{
	return page > 1 ? URL("/api/v1/series?page=%lld", (long long)page) :
			  URL("/api/v1/series");
}

struct url url_api_series(int64_t id)
{
	return URL("/api/v1/series/%lld", (long long)id);
}

struct url url_api_run(int64_t id)
{
	return URL("/api/v1/run/%lld", (long long)id);
}

struct url url_queue(void)
{
	return URL("/queue");
}

struct url url_sources(void)
{
	return URL("/sources");
}

struct url url_bisections(void)
{
	return URL("/bisections");
}

struct url url_bisection(int64_t id)
{
	return URL("/bisection/%lld", (long long)id);
}

struct url url_posting(int64_t id)
{
	return URL("/posting/%lld", (long long)id);
}

struct url url_changes(int64_t id, int64_t from)
{
	return from ? URL("/posting/%lld/changes?from=%lld", (long long)id,
			  (long long)from) :
		      URL("/posting/%lld/changes", (long long)id);
}

struct url url_api_changes(int64_t id, int64_t from)
{
	return from ? URL("/api/v1/posting/%lld/changes?from=%lld", (long long)id,
			  (long long)from) :
		      URL("/api/v1/posting/%lld/changes", (long long)id);
}

/* "<sep>name=value", or nothing when it does not fit. */
static bool add_arg(struct url *u, char sep, const char *name, const char *value)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t start = strlen(u->s), at = start;

	if (!value || start + strlen(name) + 3 + 3 * strlen(value) >= sizeof(u->s))
		return false;
	u->s[at++] = sep;
	at += (size_t)sprintf(u->s + at, "%s=", name);
	for (const unsigned char *p = (const unsigned char *)value; *p; p++) {
		bool plain = (*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z') ||
			     (*p >= 'A' && *p <= 'Z') || strchr("-._~@", *p);

		if (plain) {
			u->s[at++] = (char)*p;
			continue;
		}
		u->s[at++] = '%';
		u->s[at++] = hex[*p >> 4];
		u->s[at++] = hex[*p & 15];
	}
	u->s[at] = '\0';
	return true;
}

struct url url_posting_msgid(const char *message_id)
{
	struct url u = URL("/posting");

	add_arg(&u, '?', "id", message_id);
	return u;
}

static void add_filter(struct url *u, const struct url_filter *f, int64_t page)
{
	char number[24], sep = '?';

	snprintf(number, sizeof(number), "%lld", (long long)page);
	if (f && add_arg(u, sep, "state", f->state))
		sep = '&';
	if (f && add_arg(u, sep, "source", f->source))
		sep = '&';
	if (f && add_arg(u, sep, "list", f->list))
		sep = '&';
	add_arg(u, sep, "page", page > 1 ? number : NULL);
}

struct url url_postings(const struct url_filter *f, int64_t page)
{
	struct url u = URL("/postings");

	add_filter(&u, f, page);
	return u;
}

struct url url_api_queue(void)
{
	return URL("/api/v1/queue");
}

struct url url_api_sources(void)
{
	return URL("/api/v1/sources");
}

struct url url_api_bisections(void)
{
	return URL("/api/v1/bisections");
}

struct url url_api_bisection(int64_t id)
{
	return URL("/api/v1/bisection/%lld", (long long)id);
}

struct url url_api_posting(int64_t id)
{
	return URL("/api/v1/posting/%lld", (long long)id);
}

struct url url_api_postings(const struct url_filter *f, int64_t page)
{
	struct url u = URL("/api/v1/postings");

	add_filter(&u, f, page);
	return u;
}

bool url_outside(const char *text, struct url *ret)
{
	static const char fine[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789-._~:/?#@!$&*+,;=%";

	if (!text ||
	    (strncmp(text, "https://", 8) != 0 && strncmp(text, "http://", 7) != 0))
		return false;
	if (text[strspn(text, fine)] || strlen(text) >= sizeof(ret->s))
		return false;
	*ret = URL("%s", text);
	return true;
}
