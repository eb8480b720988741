/*
 * A public-inbox over HTTP. manifest.js.gz says cheaply whether anything came; what
 * came is read from its Atom feeds, and each new mail from MSGID/raw.
 *
 * new.atom goes by the time of arrival. It is read with an overlap of an hour, since
 * mails do not come in order; marks of what was fetched keep the overlap cheap. But a
 * mail without a Received header has arrived when its Date says, perhaps years ago.
 * So where the archive has a search index, its articles are asked for by number, too
 * ("uid:"), from a little before the last one seen: that is the order in which they
 * came. The feeds do not show numbers, but as many as were listed have come, less
 * those that were taken out; so our number never gets ahead. Neither is enough by
 * itself: a server may look at an old state of its index for a while.
 *
 * A first poll goes by time from where it was told to begin, by the index if it can,
 * since that shows more at once.
 *
 * The manifest changes before the index knows the mail: only when the feeds were
 * read some time after its last change is the next reading spared.
 */
#include <string.h>
#include <time.h>

#include "kernels/atom.h"
#include "kernels/mbox.h"
#include "kernels/msgid.h"
#include "kernels/poll_list.h"
#include "kernels/poll_web.h"
#include "lib/cleanup.h"
#include "lib/gunzip.h"
#include "lib/sha256.h"
#include "lib/str.h"

enum {
	MANIFEST_MAX = 4 << 20,
	SEARCH_PAGE = 200, /* public-inbox shows no more */
	NEW_PAGE = 25,
	PAGES_MAX = 100,
	UID_BACK = 20,
	UID_WINDOW = 2000,
	OVERLAP_S = 3600,
	SETTLE_S = 900,
	BEHIND_S = 90, /* as long as public-inbox-httpd looks at an old index, and more */
	AGAIN_S = 10,
	RT_MIN = 100000000, /* what is shorter is no time to public-inbox */
};

struct archive {
	struct poll *p;
	struct http *http;
	char *base; /* with a slash at its end */
	struct poll_list list;
	struct seen *seen;
	/* the cursor */
	long long time;      /* the newest arrival that was fetched */
	long long uid;       /* all up to it are done with; -1: not known */
	long long first_uid; /* those up to it were there before we came */
	bool history;        /* the first poll's way up to now is not done yet */
	char manifest[SHA256_HEX];
	char *etag, *modified;   /* of it */
	long long changed, read; /* when the manifest did so, when feeds were read */
	bool found;              /* a mail since then */
	bool there;              /* something of a public-inbox has answered */
};

static void archive_done(struct archive *a)
{
	http_free(a->http);
	free(a->base);
	free(a->etag);
	free(a->modified);
	poll_list_done(&a->list);
	seen_free(a->seen);
}

/* ---- feeds ---- */

struct page {
	struct archive *a;
	size_t n;
	long long first, last, oldest; /* times, in the order shown */
};

static int on_entry(const struct atom_entry *e, void *arg, struct err *err)
{
	struct page *page = arg;
	AUTO_FREE char *id = NULL;

	(void)err;
	if (!page->n || e->updated < page->oldest)
		page->oldest = e->updated;
	if (!page->n)
		page->first = e->updated;
	page->last = e->updated;
	page->n++;
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

/* The highest number there is, 0 for none; -1 in *ret where "uid:" means nothing. */
static int find_last(struct archive *a, long long *ret, struct err *err)
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

/*
 * A window of numbers from a little before the last one on. *ret_uid: up to where
 * all is fetched once the list is. 1, 0 when nothing is shown, -1.
 */
static int list_by_number(struct archive *a, long long *ret_uid, struct err *err)
{
	long long back = a->uid - UID_BACK;
	long long from = back > a->first_uid ? back : a->first_uid + 1;
	long long to = a->uid + UID_WINDOW;
	AUTO_FREE char *q = str_printf("uid%%3A%lld..%lld", from, to);
	struct page page = { .n = SEARCH_PAGE };
	size_t listed;
	int rc;

	for (int i = 0; i < PAGES_MAX && page.n == SEARCH_PAGE; i++) {
		rc = read_search(a, q, (long long)i * SEARCH_PAGE, SEARCH_PAGE, &page,
				 err);
		if (rc < 0)
			return -1;
		if (!rc && !i)
			return 0;
	}
	listed = a->list.listed;
	*ret_uid = from - 1 + (long long)listed;
	if (*ret_uid < a->uid)
		*ret_uid = a->uid;
	if (listed + UID_BACK < UID_WINDOW / 2)
		return 1;
	rc = has_article(a, to + 1, err);
	if (rc > 0) {
		*ret_uid = to;
		a->p->more = true;
	}
	return rc < 0 ? -1 : 1;
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

	for (int i = 0; i < PAGES_MAX && !enough(a); i++) {
		time_t t = (time_t)at;
		struct tm tm;
		char stamp[32];
		AUTO_FREE char *url = NULL;
		size_t before = a->list.listed;
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
		at = page.last > at ? page.last : at;
		/* A whole page of one second: on with the next one. */
		if (a->list.listed == before)
			at++;
	}
	return 0;
}

static void drop_before(struct archive *a, long long from)
{
	struct poll_list *l = &a->list;
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (l->v[i].updated >= from)
			l->v[kept++] = l->v[i];
		else
			free(l->v[i].msgid);
	}
	l->n = kept;
}

static int list_by_time(struct archive *a, bool *ret_all, struct err *err)
{
	long long from = a->history ? a->time : a->time - OVERLAP_S;
	AUTO_FREE char *url = str_printf("%snew.atom", a->base);
	struct page page;
	int rc = read_feed(a, url, &page, err);

	if (rc < 0)
		return -1;
	*ret_all = true;
	if (rc > 0 && page.n >= NEW_PAGE && page.oldest >= from) {
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

/* ---- mails ---- */

struct taking {
	struct archive *a;
	const char *msgid;
};

static int on_mail(const char *mail, size_t len, void *arg, struct err *err)
{
	struct taking *t = arg;

	return poll_add(t->a->p, t->msgid, mail, len, false, err);
}

static int take_mail(struct archive *a, const struct poll_item *item, struct err *err)
{
	AUTO(http_answer_done) struct http_answer answer = { .body = STR_INIT };
	AUTO(str_done) struct str url = STR_INIT;
	struct http_ask ask = { .max = a->p->limits.mail_bytes * 2 };
	struct taking t = { .a = a, .msgid = item->msgid };
	struct err why = { .code = ERR_NONE };
	int rc;

	str_add(&url, a->base);
	http_escape(&url, item->msgid);
	str_add(&url, "/raw");
	ask.url = str_get(&url);
	rc = poll_http_get(a->p, a->http, &ask, &answer, &why);
	if (rc < 0 && why.code != ERR_LIMIT) {
		*err = why;
		return -1;
	}
	if (rc < 0 || answer.status != 200) { /* too large; or taken out meanwhile */
		if (!rc)
			http_status_err(ask.url, &answer, &why);
		poll_note(a->p, "%s", why.msg);
		a->p->skipped++;
	} else if (mbox_each(str_get(&answer.body), answer.body.len, on_mail, &t, err) <
		   0) {
		return -1;
	}
	seen_add(a->seen, item->msgid);
	/* A mail from the future must not hide those of today. */
	if (item->updated > a->time && item->updated <= time(NULL))
		a->time = item->updated;
	return 0;
}

static int take_mails(struct archive *a, struct err *err)
{
	poll_list_sort(&a->list);
	for (size_t i = 0; i < a->list.n; i++) {
		if (poll_full(a->p))
			return 0;
		if (take_mail(a, &a->list.v[i], err) < 0)
			return -1;
	}
	return 0;
}

/* ---- the manifest ---- */

/* The hash of what it says; empty when there is none. */
static int read_manifest(struct archive *a, char ret[SHA256_HEX], struct err *err)
{
	AUTO(http_answer_done) struct http_answer answer = { .body = STR_INIT };
	AUTO(str_done) struct str text = STR_INIT;
	AUTO_FREE char *url = str_printf("%smanifest.js.gz", a->base);
	struct http_ask ask = { .url = url, .max = MANIFEST_MAX };

	ret[0] = '\0';
	if (*a->manifest) {
		ask.etag = a->etag;
		ask.modified = a->modified;
	}
	if (poll_http_get(a->p, a->http, &ask, &answer, err) < 0)
		return -1;
	if (answer.status == 404)
		return 0;
	a->there = true;
	if (answer.status == 304) {
		memcpy(ret, a->manifest, SHA256_HEX);
		return 0;
	}
	free(a->etag);
	free(a->modified);
	a->etag = TAKE_PTR(answer.etag);
	a->modified = TAKE_PTR(answer.modified);
	if (gunzip_all(str_get(&answer.body), answer.body.len, MANIFEST_MAX, &text, err) <
	    0)
		return err_prefix(err, "%.200s", url);
	sha256_of(str_get(&text), text.len, ret);
	return 0;
}

/* 1 when nothing can have come since the feeds were read. */
static int nothing_new(struct archive *a, long long now, struct err *err)
{
	char hash[SHA256_HEX];

	if (read_manifest(a, hash, err) < 0)
		return -1;
	if (!*hash || strcmp(hash, a->manifest) != 0) {
		memcpy(a->manifest, hash, sizeof(hash));
		a->changed = now;
		a->found = false;
		return 0;
	}
	return a->read >= a->changed + SETTLE_S && !a->history;
}

/* ---- the poll ---- */

static void read_cursor(struct archive *a)
{
	struct json_object *c = a->p->cursor;

	a->seen = seen_new(json_arr(c, "seen"));
	poll_list_init(&a->list, a->seen);
	a->time = json_int(c, "time", a->p->since);
	a->uid = json_int(c, "uid", -1);
	a->first_uid = json_int(c, "first_uid", 0);
	a->history = json_flag(c, "history", true);
	snprintf(a->manifest, sizeof(a->manifest), "%s", json_str(c, "manifest", ""));
	a->etag = str_dup(json_str(c, "etag", NULL));
	a->modified = str_dup(json_str(c, "modified", NULL));
	a->changed = json_int(c, "changed", 0);
	a->read = json_int(c, "read", 0);
	a->found = json_flag(c, "found", false);
}

static void write_cursor(struct archive *a)
{
	struct json_object *o = json_object_new_object();

	json_set_int(o, "time", a->time);
	json_set_int(o, "uid", a->uid);
	json_set_int(o, "first_uid", a->first_uid);
	json_set_bool(o, "history", a->history);
	json_set_str(o, "manifest", a->manifest);
	json_set_str(o, "etag", a->etag);
	json_set_str(o, "modified", a->modified);
	json_set_int(o, "changed", a->changed);
	json_set_int(o, "read", a->read);
	json_set_bool(o, "found", a->found);
	json_set(o, "seen", seen_json(a->seen));
	poll_set_cursor(a->p, o);
}

static int poll_by_number(struct archive *a, struct err *err)
{
	long long uid = a->uid;
	bool more;
	int rc = list_by_number(a, &uid, err);

	if (rc <= 0)
		return rc; /* its index is gone: another time */
	more = a->p->more;
	a->p->more = false;
	if (take_mails(a, err) < 0)
		return -1;
	if (!a->p->more)
		a->uid = uid;
	a->p->more |= more;
	return 0;
}

static int poll_by_time(struct archive *a, struct err *err)
{
	bool all = true;

	if (list_by_time(a, &all, err) < 0 || take_mails(a, err) < 0)
		return -1;
	/* The index may be a while behind: what it lacked is looked for at once. */
	if (all && !a->p->more && a->history) {
		a->history = false;
		all = !a->list.listed;
	}
	a->p->more |= !all;
	/* It is not empty, so its index is not there, or not yet. */
	if (a->list.listed && !a->uid)
		a->uid = -1;
	return 0;
}

static int work(struct archive *a, struct err *err)
{
	long long now = time(NULL);
	int rc = nothing_new(a, now, err);

	if (rc)
		return rc < 0 ? -1 : 0;
	/* Before the rest, so that what comes meanwhile is above it. */
	if (a->uid < 0) {
		if (find_last(a, &a->uid, err) < 0)
			return -1;
		a->first_uid = a->uid;
	}
	if (a->uid >= 0 && !a->history && poll_by_number(a, err) < 0)
		return -1;
	poll_list_clear(&a->list);
	if (!a->p->more && poll_by_time(a, err) < 0)
		return -1;
	if (!a->p->more)
		a->read = now;
	/* Something has come that no feed shows yet. */
	a->found |= a->p->mails + a->p->skipped > 0;
	if (!a->found && *a->manifest && now < a->changed + BEHIND_S)
		a->p->again = AGAIN_S;
	if (!a->there)
		return err_set(err, ERR_MISSING, "%.200s: there is no public-inbox here",
			       a->base);
	return 0;
}

int poll_archive(struct poll *p, struct err *err)
{
	AUTO(archive_done) struct archive a = { .p = p };
	int rc;

	a.base = str_printf("%s%s", p->url, str_ends(p->url, "/") ? "" : "/");
	if (poll_http_new(p, NULL, &a.http, err) < 0)
		return -1;
	read_cursor(&a);
	rc = work(&a, err);
	/* A first poll that did not get anywhere is made again as such. */
	if (!rc || p->cursor || p->mails)
		write_cursor(&a);
	return rc;
}
