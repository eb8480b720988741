#include "web/links.h"

#include <stdio.h>

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
