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
 * read some time after its last change is the next reading spared, and not for longer
 * than an hour: a manifest may be a copy that nobody renews.
 */
#include "kernels/poll_archive.h"

#include <string.h>
#include <time.h>

#include "kernels/mbox.h"
#include "lib/cleanup.h"
#include "lib/gunzip.h"
#include "lib/str.h"

enum {
	MANIFEST_MAX = 4 << 20,
	SETTLE_S = 900,
	REREAD_S = 3600,
	BEHIND_S = 90, /* as long as public-inbox-httpd looks at an old index, and more */
	AGAIN_S = 10,
};

static void archive_done(struct archive *a)
{
	http_free(a->http);
	free(a->base);
	free(a->etag);
	free(a->modified);
	poll_list_done(&a->list);
	seen_free(a->seen);
	later_free(a->later);
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

static int fetch_mail(void *arg, const char *msgid, struct err *err)
{
	struct archive *a = arg;
	AUTO(http_answer_done) struct http_answer answer = { .body = STR_INIT };
	AUTO(str_done) struct str url = STR_INIT;
	struct http_ask ask = { .max = a->p->limits.mail_bytes * 2 };
	struct taking t = { .a = a, .msgid = msgid };
	struct err why = { .code = ERR_NONE };
	int rc;

	str_add(&url, a->base);
	http_escape(&url, msgid);
	str_add(&url, "/raw");
	ask.url = str_get(&url);
	rc = poll_http_try(a->p, a->http, &ask, &answer, &why);
	if (rc != LATER_GOT && why.code != ERR_LIMIT) {
		*err = why;
		return rc;
	}
	if (rc == LATER_GOT && answer.status == 200)
		return mbox_each(str_get(&answer.body), answer.body.len, on_mail, &t,
				 err);
	if (rc == LATER_GOT) /* taken out meanwhile; else too large */
		http_status_err(ask.url, &answer, &why);
	poll_note(a->p, "%s", why.msg);
	a->p->skipped++;
	return LATER_GOT;
}

static int take_mail(struct archive *a, const struct poll_item *item, struct err *err)
{
	int rc = 0;

	if (!later_has(a->later, item->msgid))
		rc = later_try(a->later, a->p, item->msgid, fetch_mail, a, err);
	if (!rc || later_has(a->later, item->msgid))
		seen_add(a->seen, item->msgid);
	if (rc < 0)
		return -1;
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
	return a->read >= a->changed + SETTLE_S && now >= a->read &&
	       now < a->read + REREAD_S && !a->history;
}

/* ---- the poll ---- */

static void read_cursor(struct archive *a)
{
	struct json_object *c = a->p->cursor;

	a->seen = seen_new(json_arr(c, "seen"));
	a->later = later_new(json_arr(c, "later"));
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
	json_set(o, "later", later_json(a->later));
	poll_set_cursor(a->p, o);
}

static int poll_by_number(struct archive *a, struct err *err)
{
	long long uid = a->uid;
	bool more;

	if (archive_list_by_number(a, &uid, err) < 0)
		return -1;
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

	if (archive_list_by_time(a, &all, err) < 0 || take_mails(a, err) < 0)
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

static int read_feeds(struct archive *a, long long now, struct err *err)
{
	/* Before the rest, so that what comes meanwhile is above it. */
	if (a->uid < 0) {
		if (archive_find_last(a, &a->uid, err) < 0)
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
	return 0;
}

static int work(struct archive *a, struct err *err)
{
	long long now = time(NULL);
	int rc = nothing_new(a, now, err);

	if (rc < 0 || (!rc && read_feeds(a, now, err) < 0) ||
	    (!a->p->more && later_again(a->later, a->p, fetch_mail, a, err) < 0))
		return -1;
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
	if (!rc || p->cursor || p->mails || !later_is_empty(a.later))
		write_cursor(&a);
	return rc;
}
