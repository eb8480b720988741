#include "kernels/poll_archive.h"

#include <string.h>
#include <time.h>

#include "kernels/atom.h"
#include "kernels/msgid.h"
#include "lib/cleanup.h"
#include "lib/str.h"

enum {
	SEARCH_PAGE = 200, /* public-inbox shows no more */
	NEW_PAGE = 25,
	PAGES_MAX = 100,
	OLD_PAGES_MAX = 2000, /* that show nothing new */
	UID_BACK = 20,
	UID_WINDOW = 2000,
	OVERLAP_S = 3600,
	RT_MIN = 100000000, /* what is shorter is no time to public-inbox */
};

/* ---- feeds ---- */

struct page {
	struct archive *a;
	size_t n;
	/* Times, in the order shown; 0 when no entry has one that can be read. */
	long long first, last, oldest;
};

static int on_entry(const struct atom_entry *e, void *arg, struct err *err)
{
	struct page *page = arg;
	AUTO_FREE char *id = NULL;

	(void)err;
	page->n++;
	if (e->updated) {
		if (!page->oldest || e->updated < page->oldest)
			page->oldest = e->updated;
		if (!page->first)
			page->first = e->updated;
		page->last = e->updated;
	}
	if (msgid_from_text(e->href, &id, NULL) < 0)
		poll_note(page->a->p, "a mail without a usable message-id: %s", e->href);
	else
		poll_list_add(&page->a->list, id, e->updated);
	return 0;
}

/* 1 with a page, 0 when there is nothing (404) or no such feed, -1. */
static int read_feed(struct archive *a, const char *url, struct page *page,
		     struct err *err)
{
	AUTO(http_answer_done) struct http_answer answer = { .body = STR_INIT };
	struct atom *atom = atom_new(on_entry, page);
	struct http_ask ask = { .url = url,
				.max = POLL_ANSWER_MAX,
				.body = atom_feed,
				.arg = atom };
	int rc;

	*page = (struct page){ .a = a };
	rc = http_get(a->http, &ask, &answer, err);
	if (!rc && answer.status == 200) {
		a->there = true;
		rc = atom_end(atom, err);
		rc = rc < 0 ? err_prefix(err, "%.200s", url) : 1;
	} else if (!rc && answer.status != 404 && answer.status != 400 &&
		   answer.status != 501) {
		a->p->retry_after = answer.retry_after;
		rc = http_status_err(url, &answer, err);
	}
	atom_free(atom);
	return rc;
}

/* q is escaped; offset < 0 counts from the oldest on. */
static int read_search(struct archive *a, const char *q, long long offset, int limit,
		       struct page *page, struct err *err)
{
	AUTO_FREE char *url =
		str_printf("%s?q=%s&x=A&o=%lld&l=%d", a->base, q, offset, limit);

	return read_feed(a, url, page, err);
}

/* ---- by number ---- */

/* Whether there is an article of number n or above: 1, 0, -1. Lists nothing. */
static int has_article(struct archive *a, long long n, struct err *err)
{
	AUTO_FREE char *q = str_printf("uid%%3A%lld..", n);
	struct poll_list kept = a->list;
	struct page page;
	int rc;

	poll_list_init(&a->list, a->seen);
	rc = read_search(a, q, 0, 1, &page, err);
	poll_list_done(&a->list);
	a->list = kept;
	return rc > 0 ? page.n > 0 : rc;
}

int archive_find_last(struct archive *a, long long *ret, struct err *err)
{
	long long low = 0, high = 1LL << 40; /* low exists, high does not */
	int rc = has_article(a, high, err);

	*ret = -1;
	if (rc)
		return rc < 0 ? -1 : 0;
	for (long long n = 1; n < high; n *= 2) {
		rc = has_article(a, n, err);
		if (rc < 0)
			return -1;
		if (!rc)
			high = n;
		else
			low = n;
		if (!rc)
			break;
	}
	while (low && high - low > 1) {
		long long mid = low + (high - low) / 2;

		rc = has_article(a, mid, err);
		if (rc < 0)
			return -1;
		if (rc)
			low = mid;
		else
			high = mid;
	}
	*ret = low;
	return 0;
}

/* Pages of what q finds, into the list; 0, also when nothing is found. */
static int list_all(struct archive *a, const char *q, struct err *err)
{
	struct page page = { .n = SEARCH_PAGE };
	int rc = 1;

	for (int i = 0; i < PAGES_MAX && rc > 0 && page.n == SEARCH_PAGE; i++)
		rc = read_search(a, q, (long long)i * SEARCH_PAGE, SEARCH_PAGE, &page,
				 err);
	return rc < 0 ? -1 : 0;
}

int archive_list_by_number(struct archive *a, long long *ret_uid, struct err *err)
{
	long long back = a->uid - UID_BACK;
	long long from = back > a->first_uid ? back : a->first_uid + 1;
	long long to = a->uid + UID_WINDOW;
	AUTO_FREE char *q = str_printf("uid%%3A%lld..%lld", from, to);
	long long listed;
	int rc;

	if (list_all(a, q, err) < 0)
		return -1;
	listed = (long long)a->list.listed;
	*ret_uid = from - 1 + listed > a->uid ? from - 1 + listed : a->uid;
	/* A full window has more behind it, and so may one that shows nothing new:
	 * numbers of mails that were taken out stay free. */
	if (*ret_uid > a->uid && listed < UID_WINDOW / 2)
		return 0;
	rc = has_article(a, to + 1, err);
	if (rc > 0) {
		*ret_uid = to;
		a->p->more = true;
	}
	return rc < 0 ? -1 : 0;
}

/* ---- by time ---- */

/* Enough for this poll? */
static bool enough(const struct archive *a)
{
	return a->list.n >= a->p->limits.mails;
}

/* By the index, oldest first. 1 done (*ret_all: up to now), 0 no index, -1. */
static int list_by_search(struct archive *a, long long from, bool *ret_all,
			  struct err *err)
{
	AUTO_FREE char *q = str_printf("rt%%3A%lld..", from > RT_MIN ? from : RT_MIN);
	struct page page;
	int rc;

	for (int i = 0; i < PAGES_MAX; i++) {
		rc = read_search(a, q, -1 - (long long)i * SEARCH_PAGE, SEARCH_PAGE,
				 &page, err);
		if (rc < 0 || (!rc && !i))
			return rc;
		*ret_all = !rc || page.n < SEARCH_PAGE;
		if (*ret_all || enough(a))
			return 1;
	}
	return 1;
}

/* By new.atom from a time on, oldest first; when there are few it shows the newest. */
static int list_by_new(struct archive *a, long long from, bool *ret_all, struct err *err)
{
	struct page page;
	long long at = from > 0 ? from : 1;

	/* The overlap alone may have more pages than one poll is to take new ones. */
	for (int i = 0, fresh = 0; fresh < PAGES_MAX && i < OLD_PAGES_MAX && !enough(a) &&
				   poll_now_ms() < a->p->end_ms;
	     i++) {
		time_t t = (time_t)at;
		struct tm tm;
		char stamp[32];
		AUTO_FREE char *url = NULL;
		size_t before = a->list.listed, known = a->list.n;
		int rc;

		gmtime_r(&t, &tm);
		strftime(stamp, sizeof(stamp), "%Y%m%d%H%M%S", &tm);
		url = str_printf("%snew.atom?t=%s-", a->base, stamp);
		rc = read_feed(a, url, &page, err);
		if (rc < 0)
			return -1;
		*ret_all = !rc || page.n < NEW_PAGE || page.first > page.last;
		if (*ret_all)
			return 0;
		fresh += a->list.n > known;
		at = page.last > at ? page.last : at;
		/* A whole page of one second: on with the next one. */
		if (a->list.listed == before)
			at++;
	}
	return 0;
}

/* One whose time cannot be read may be new. */
static void drop_before(struct archive *a, long long from)
{
	struct poll_list *l = &a->list;
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (l->v[i].updated >= from || !l->v[i].updated)
			l->v[kept++] = l->v[i];
		else
			free(l->v[i].msgid);
	}
	l->n = kept;
}

int archive_list_by_time(struct archive *a, bool *ret_all, struct err *err)
{
	long long from = a->history ? a->time : a->time - OVERLAP_S;
	AUTO_FREE char *url = str_printf("%snew.atom", a->base);
	struct page page;
	int rc = read_feed(a, url, &page, err);

	if (rc < 0)
		return -1;
	*ret_all = true;
	if (rc > 0 && page.n >= NEW_PAGE && (page.oldest >= from || !page.oldest)) {
		/* More has come than a page shows. */
		poll_list_clear(&a->list);
		*ret_all = false;
		rc = a->history ? list_by_search(a, from, ret_all, err) : 0;
		if (!rc)
			rc = list_by_new(a, from, ret_all, err);
		if (rc < 0)
			return -1;
	}
	drop_before(a, from);
	return 0;
}
