#include "kernels/role_fetch.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "kernels/b4.h"
#include "kernels/fetch_result.h"
#include "kernels/mbox.h"
#include "kernels/mime.h"
#include "kernels/msgid.h"
#include "kernels/patch.h"
#include "kernels/thread.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/str.h"
#include "lib/text.h"

/* Every mail in what b4 am writes begins with this; bodies are not quoted. */
static const char b4_separator[] = "From git@z Thu Jan  1 00:00:00 1970\n";

enum { DEFAULT_TIMEOUT_MS = 60000, DEFAULT_MBOX_BYTES = 64 << 20 };

struct fetch {
	struct json_object *result;
	const char *jobdir;
	char *msgid; /* asked for, or NULL */
	char *b4_dir;
	struct b4 b4;
	size_t max_patches, max_mail, max_mbox;
	uint64_t deadline; /* ms, monotonic */
	struct thread *thread;
	struct mail_series series;
};

static void fetch_done(struct fetch *f)
{
	thread_free(f->thread);
	mail_series_done(&f->series);
	free(f->msgid);
	free(f->b4_dir);
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* Both calls of b4 share the job's time. */
static const struct b4 *b4_in_time(struct fetch *f)
{
	uint64_t now = now_ms();

	f->b4.timeout_ms = f->deadline > now ? f->deadline - now : 1;
	return &f->b4;
}

/* Always 1: the result is written, there is nothing more to do. */
static int unusable(struct fetch *f, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static int unusable(struct fetch *f, const char *fmt, ...)
{
	char reason[700];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	fetch_result_unusable(f->result, &f->series, reason);
	return 1;
}

/* ---- the thread ---- */

static int load_msgid(struct fetch *f, struct err *err)
{
	AUTO_FREE char *maildir = NULL;
	AUTO_FREE char *log = NULL;
	int rc = b4_thread(b4_in_time(f), f->msgid, &maildir, &log, err);

	if (rc < 0)
		return -1;
	if (rc > 0)
		return unusable(f, "message-id %s is not known at %s", f->msgid,
				f->b4.archive);
	return thread_add_maildir(f->thread, maildir, f->max_mbox, err);
}

static int load_mbox(struct fetch *f, const char *path, struct err *err)
{
	AUTO_FREE char *data = NULL;
	size_t len;

	if (file_read(path, f->max_mbox, &data, &len, err) < 0)
		return -1;
	return thread_add_mbox(f->thread, data, len, err);
}

static int load(struct fetch *f, struct json_object *source, struct err *err)
{
	const char *kind = json_str(source, "kind", "");
	const char *path = json_str(source, "path", "");
	const char *msgid = json_str(source, "msgid", NULL);
	struct err why = { .code = ERR_NONE };
	int rc;

	if (msgid && *msgid && msgid_from_text(msgid, &f->msgid, &why) < 0)
		return unusable(f, "%s", why.msg);
	if (!strcmp(kind, "msgid"))
		return f->msgid ? load_msgid(f, err) : unusable(f, "no message-id given");
	if (!strcmp(kind, "mbox"))
		rc = load_mbox(f, path, &why);
	else if (!strcmp(kind, "maildir"))
		rc = thread_add_maildir(f->thread, path, f->max_mbox, &why);
	else
		return err_set(err, ERR_INTERNAL, "job: unknown source kind \"%s\"",
			       kind);
	return rc < 0 ? unusable(f, "%s", why.msg) : 0;
}

/* ---- b4 am ---- */

/* The subject b4 is to see, where the real one would mislead it; else NULL. */
static char *plain_subject(const struct mail_series *s, const struct mail *m, int k)
{
	AUTO_FREE char *title = NULL;
	const struct tags *t = &m->tags;
	bool lone = s->total == 1 && k == 1 && !t->numbered;

	if (!t->odd && t->version == s->version && (t->numbered || lone) && t->k == k)
		return NULL;
	title = mime_encode_text(t->title);
	if (lone)
		return str_printf("[PATCH v%d] %s", s->version, title);
	return str_printf("[PATCH v%d %d/%d] %s", s->version, k, s->total, title);
}

static void add_for_b4(const struct mail_series *s, const struct mail *m, int k,
		       struct str *out)
{
	AUTO(str_done) struct str mail = STR_INIT;
	AUTO_FREE char *subject = plain_subject(s, m, k);

	mail_repaired(m, subject, &mail);
	mbox_add(out, str_get(&mail), mail.len);
}

/* Only the mails of the series: b4 cannot pick another one then. */
static int write_for_b4(const struct fetch *f, const char *path, struct err *err)
{
	AUTO(str_done) struct str mbox = STR_INIT;
	const struct mail_series *s = &f->series;

	if (s->cover && !s->cover->has_diff)
		add_for_b4(s, s->cover, 0, &mbox);
	for (int k = 1; k <= s->total; k++)
		add_for_b4(s, s->patches[k - 1], k, &mbox);
	return file_write_atomic(path, str_get(&mbox), mbox.len, 0644, err);
}

static char *patch_file(int k)
{
	return str_printf("patches/%04d.eml", k);
}

/* Takes one mail for patch k: it must be the one we sent, with its diff. */
static int take_patch(struct fetch *f, int k, const char *mail, size_t len,
		      struct err *err)
{
	AUTO_FREE char *name = patch_file(k);
	AUTO_FREE char *path = path_join(f->jobdir, name, NULL);
	struct patch *p = NULL;
	int rc = 0;

	if (patch_parse(mail, len, &p, err) < 0)
		return -1;
	if (!p->diff_len)
		rc = err_set(err, ERR_INPUT, "patch %d came out without its diff", k);
	else if (!f->series.patches[k - 1]->id_made &&
		 strcmp(p->message_id, f->series.patches[k - 1]->message_id) != 0)
		rc = err_set(err, ERR_INPUT, "patch %d came out as another mail", k);
	else
		rc = file_write_atomic(path, mail, len, 0644, err);
	if (!rc)
		fetch_result_patch(f->result, k, f->series.patches[k - 1], p, name);
	patch_free(p);
	return rc;
}

/* Splits b4's output; -1 with ERR_INPUT when it is not exactly the series. */
static int take_b4_output(struct fetch *f, const char *mbox, size_t len, struct err *err)
{
	const size_t n = sizeof(b4_separator) - 1;
	const char *end = mbox + len, *s = mbox, *next;
	int k = 0;

	if (len < n || memcmp(mbox, b4_separator, n) != 0)
		return err_set(err, ERR_INPUT, "nothing came out");
	for (; s < end; s = next) {
		s += n;
		next = s;
		while ((next = memmem(next, (size_t)(end - next), b4_separator, n)) &&
		       next > s && next[-1] != '\n')
			next++;
		if (!next)
			next = end;
		if (++k > f->series.total)
			return err_set(err, ERR_INPUT, "more than %d came out",
				       f->series.total);
		if (take_patch(f, k, s, (size_t)(next - s), err) < 0)
			return -1;
	}
	if (k < f->series.total)
		return err_set(err, ERR_INPUT, "%d of %d came out", k, f->series.total);
	return 0;
}

/* The last resort: the mails as they are, said so in the result. */
static int assemble(struct fetch *f, const char *why, const char *complaint,
		    struct err *err)
{
	fetch_result_assembled(f->result, why, complaint);
	for (int k = 1; k <= f->series.total; k++) {
		AUTO(str_done) struct str mail = STR_INIT;
		struct err e = { .code = ERR_NONE };

		mail_repaired(f->series.patches[k - 1], NULL, &mail);
		if (take_patch(f, k, str_get(&mail), mail.len, &e) == 0)
			continue;
		if (e.code == ERR_INPUT)
			return unusable(f, "patch %d of %d: %s", k, f->series.total,
					e.msg);
		*err = e;
		return -1;
	}
	return 0;
}

static int run_b4(struct fetch *f, struct err *err)
{
	AUTO_FREE char *input = path_join(f->b4_dir, "series.mbox", NULL);
	AUTO_FREE char *patches = path_join(f->jobdir, "patches", NULL);
	AUTO_FREE char *mbox = NULL;
	AUTO_FREE char *log = NULL;
	AUTO_FREE char *complaint = NULL;
	struct err why = { .code = ERR_NONE };
	size_t len = 0;

	if (dir_make(f->b4_dir, 0755, err) < 0 || dir_make(patches, 0755, err) < 0 ||
	    write_for_b4(f, input, err) < 0)
		return -1;
	if (b4_am(b4_in_time(f), input, f->series.version, &mbox, &len, &log, err) < 0)
		return -1;
	complaint = b4_complaint(log);
	fetch_result_attestation(f->result, log);
	if (strstr(log, "Exiting due to attestation") ||
	    strstr(log, "suspicious unicode"))
		return unusable(f, "b4 refuses it: %s", complaint);
	if (take_b4_output(f, mbox ? mbox : "", len, &why) == 0)
		return 0;
	if (why.code != ERR_INPUT) {
		*err = why;
		return -1;
	}
	return assemble(f, why.msg, complaint, err);
}

/* ---- the role ---- */

static int find_series(struct fetch *f, int version)
{
	size_t total;

	if (!thread_find(f->thread, f->msgid, version, &f->series))
		return unusable(f, "%s", f->series.reason);
	total = (size_t)f->series.total;
	if (f->max_patches && total > f->max_patches)
		return unusable(f, "a series of %zu patches, the limit is %zu", total,
				f->max_patches);
	return 0;
}

static size_t limit(struct json_object *limits, const char *key, size_t def)
{
	long long v = json_int(limits, key, (long long)def);

	return v > 0 ? (size_t)v : def;
}

static void read_job(struct fetch *f, struct json_object *job)
{
	struct json_object *limits = json_obj(job, "limits");
	long long timeout = json_int(job, "timeout_ms", DEFAULT_TIMEOUT_MS);

	f->max_patches = limit(limits, "patches", 0);
	f->max_mail = limit(limits, "mail_bytes", 0);
	f->max_mbox = limit(limits, "mbox_bytes", DEFAULT_MBOX_BYTES);
	f->deadline = now_ms() + (uint64_t)(timeout > 0 ? timeout : DEFAULT_TIMEOUT_MS);
	f->b4_dir = path_join(f->jobdir, "b4", NULL);
	f->b4 = (struct b4){
		.program = json_str(job, "b4", "b4"),
		.dir = f->b4_dir,
		.allowed_ms = (uint64_t)(timeout > 0 ? timeout : DEFAULT_TIMEOUT_MS),
		.archive = json_str(job, "archive", "https://lore.kernel.org/all"),
		.attestation = json_str(job, "attestation", "off"),
	};
	f->thread = thread_new(f->max_mail);
}

int role_fetch(struct json_object *job, const char *jobdir, struct json_object *result,
	       struct err *err)
{
	AUTO(fetch_done) struct fetch f = { .result = result, .jobdir = jobdir };
	int rc;

	f.series.notes = (struct str)STR_INIT;
	read_job(&f, job);
	rc = load(&f, json_obj(job, "source"), err);
	if (!rc)
		rc = find_series(&f, (int)json_int(job, "version", 0));
	if (!rc)
		rc = run_b4(&f, err);
	if (!rc)
		fetch_result_ok(result, f.thread, &f.series);
	return rc < 0 ? -1 : 0;
}
