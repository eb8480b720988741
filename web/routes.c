#include <string.h>

#include "lib/cleanup.h"
#include "web/request.h"

static const struct route routes[] = {
	{ "/", page_series_list, 0 },
	{ "/series/#", page_series, 0 },
	{ "/run/#", page_run, 0 },
	{ "/run/#/console.txt", stream_console, 0 },
	{ "/build/#", page_build, 0 },
	{ "/build/#/log.txt", stream_build_log, 0 },
	{ "/build/#/config.txt", stream_build_config, 0 },
	{ "/queue", page_queue, 0 },
	{ "/sources", page_sources, 0 },
	{ "/bisections", page_bisections, 0 },
	{ "/bisection/#", page_bisection, 0 },
	{ "/postings", page_postings, 0 },
	{ "/posting", page_posting, 0 }, /* ?id=<message-id> */
	{ "/posting/#", page_posting, 0 },
	{ "/posting/#/changes", page_changes, 0 },
	{ "/api/v1/series", api_series_list, ROUTE_JSON },
	{ "/api/v1/series/#", api_series, ROUTE_JSON },
	{ "/api/v1/run/#", api_run, ROUTE_JSON },
	{ "/api/v1/queue", api_queue, ROUTE_JSON },
	{ "/api/v1/sources", api_sources, ROUTE_JSON },
	{ "/api/v1/bisections", api_bisections, ROUTE_JSON },
	{ "/api/v1/bisection/#", api_bisection, ROUTE_JSON },
	{ "/api/v1/postings", api_postings, ROUTE_JSON },
	{ "/api/v1/posting", api_posting, ROUTE_JSON },
	{ "/api/v1/posting/#", api_posting, ROUTE_JSON },
	{ "/api/v1/posting/#/changes", api_changes, ROUTE_JSON },
};

/* One form for each number: no sign, no leading zero, at most 15 digits. */
static const char *take_number(const char *p, int64_t *ret)
{
	int64_t v = 0;
	int digits = 0;

	if (*p == '0')
		return NULL;
	for (; *p >= '0' && *p <= '9'; p++) {
		if (++digits > 15)
			return NULL;
		v = v * 10 + (*p - '0');
	}
	*ret = v;
	return digits ? p : NULL;
}

static bool fits(const char *pattern, const char *path, int64_t *ret_id)
{
	for (; *pattern; pattern++) {
		if (*pattern == '#') {
			path = take_number(path, ret_id);
			if (!path)
				return false;
		} else if (*path++ != *pattern) {
			return false;
		}
	}
	return *path == '\0';
}

const struct route *route_find(const char *path, int64_t *ret_id)
{
	int64_t id = 0;

	for (size_t i = 0; i < ARRAY_SIZE(routes); i++) {
		if (fits(routes[i].pattern, path, &id)) {
			*ret_id = id;
			return &routes[i];
		}
	}
	return NULL;
}
