/*
 * The form of every URL that a page or the API names; web/routes.c takes them
 * apart again. Numbers, and percent-encoded what a list of postings is narrowed by:
 * nothing of a stranger is part of one as it is, but for url_outside.
 */
#ifndef SLUICE_WEB_LINKS_H
#define SLUICE_WEB_LINKS_H

#include <stdbool.h>
#include <stdint.h>

struct url {
	char s[1024];
};

struct url url_series_list(int64_t page); /* from 1 */
struct url url_series(int64_t id);
struct url url_series_step(int64_t id, int64_t step); /* its row */
struct url url_run(int64_t id);
struct url url_run_test(int64_t id, int64_t seq); /* its row */
struct url url_run_console(int64_t id);           /* the bytes */
struct url url_build(int64_t id);
struct url url_build_log(int64_t id);
struct url url_build_config(int64_t id);
struct url url_line(int64_t line); /* of the log on the same page */
struct url url_queue(void);
struct url url_sources(void);
struct url url_bisections(void);
struct url url_bisection(int64_t id);
struct url url_posting(int64_t id);
/* Of the one that holds a mail: /posting?id=. */
struct url url_posting_msgid(const char *message_id);
/* Against another version of it; from 0: the one before. */
struct url url_changes(int64_t id, int64_t from);
struct url url_api_changes(int64_t id, int64_t from);
/* NULL: not narrowed by it. What is too long for an address is left out. */
struct url_filter {
	const char *state, *source, *list;
};
struct url url_postings(const struct url_filter *f, int64_t page);
/* A page elsewhere that a stranger names: false unless it is http or https, of
 * characters that such an address has, and fits. */
bool url_outside(const char *text, struct url *ret);
struct url url_css(void);
struct url url_api_series_list(int64_t page);
struct url url_api_series(int64_t id);
struct url url_api_run(int64_t id);
struct url url_api_queue(void);
struct url url_api_sources(void);
struct url url_api_bisections(void);
struct url url_api_bisection(int64_t id);
struct url url_api_posting(int64_t id);
struct url url_api_postings(const struct url_filter *f, int64_t page);

#endif
