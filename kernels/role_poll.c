#include "kernels/role_poll.h"

#include <string.h>

#include "kernels/poll.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/str.h"

#define MIB (1024LL * 1024)

static const struct kind {
	const char *name;
	int (*run)(struct poll *p, struct err *err);
	bool by_url; /* else by path */
} kinds[] = {
	{ "archive", poll_archive, true },
	{ "epoch", poll_epoch, false },
	{ "patchwork", poll_patchwork, true },
	{ "maildir", poll_maildir, false },
};

static const struct kind *find_kind(struct json_object *job, struct err *err)
{
	const char *name = json_str(job, "kind", "");

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const char *where = kinds[i].by_url ? "url" : "path";

		if (strcmp(kinds[i].name, name) != 0)
			continue;
		if (!*json_str(job, where, "")) {
			err_set(err, ERR_INTERNAL, "job: kind %s without %s", name,
				where);
			return NULL;
		}
		return &kinds[i];
	}
	err_set(err, ERR_INTERNAL, "job: unknown kind of source \"%s\"", name);
	return NULL;
}

static long long limit(struct json_object *limits, const char *key, long long def)
{
	long long v = json_int(limits, key, def);

	return v > 0 ? v : def;
}

static void read_job(struct poll *p, struct json_object *job)
{
	struct json_object *l = json_obj(job, "limits");

	p->url = json_str(job, "url", "");
	p->path = json_str(job, "path", "");
	p->project = json_str(job, "project", "");
	p->token_file = json_str(job, "token_file", "");
	p->cursor = json_obj(job, "cursor");
	p->since = json_int(job, "since", 0);
	p->limits.mail_bytes = (size_t)limit(l, "mail_bytes", 2 * MIB);
	p->limits.mails = (size_t)limit(l, "mails", 2000);
	p->limits.bytes = (size_t)limit(l, "bytes", 256 * MIB);
	p->limits.ms = (uint64_t)limit(l, "ms", 120000);
	p->limits.connect_ms = (uint64_t)limit(l, "connect_ms", 15000);
	p->limits.request_ms = (uint64_t)limit(l, "request_ms", 60000);
	p->limits.stall_bytes = limit(l, "stall_bytes", 256);
	p->limits.stall_s = limit(l, "stall_s", 20);
	p->end_ms = poll_now_ms() + p->limits.ms;
}

static void write_result(struct poll *p, const char *error, struct json_object *result)
{
	json_set_str(result, "status", "ok");
	json_set_str(result, "error", error);
	json_set(result, "cursor",
		 p->next ? TAKE_PTR(p->next) : json_object_get(p->cursor));
	json_set_bool(result, "more", p->more && !error);
	json_set_int(result, "mails", (long long)p->mails);
	json_set_int(result, "skipped", (long long)p->skipped);
	json_set(result, "notes", TAKE_PTR(p->notes));
	json_set_int(result, "retry_after", p->retry_after);
	json_set_int(result, "again", p->again);
	json_set_str(result, "file", POLL_LINES);
	json_set_str(result, "raw", POLL_RAW);
}

static int close_file(FILE **f, const char *name, struct err *err)
{
	FILE *file = TAKE_PTR(*f);
	int bad = ferror(file);

	if (fclose(file) != 0 || bad)
		return err_sys(err, "write %s", name);
	return 0;
}

static void poll_done(struct poll *p)
{
	json_object_put(p->next);
	json_object_put(p->notes);
	if (p->lines)
		fclose(p->lines);
	if (p->raw)
		fclose(p->raw);
}

int role_poll(struct json_object *job, const char *jobdir, struct json_object *result,
	      struct err *err)
{
	AUTO_FREE char *lines = path_join(jobdir, POLL_LINES, NULL);
	AUTO_FREE char *raw = path_join(jobdir, POLL_RAW, NULL);
	AUTO(poll_done) struct poll p = { .url = NULL };
	const struct kind *kind = find_kind(job, err);
	struct err why = { .code = ERR_NONE };
	int rc;

	if (!kind)
		return -1;
	read_job(&p, job);
	p.notes = json_object_new_array();
	p.lines = fopen(lines, "we");
	p.raw = fopen(raw, "we");
	if (!p.lines || !p.raw)
		return err_sys(err, "create %s in %s", POLL_LINES, jobdir);
	rc = kind->run(&p, &why);
	/* Lines that were not written must not be thought seen. */
	if (close_file(&p.lines, lines, err) < 0 || close_file(&p.raw, raw, err) < 0)
		return -1;
	write_result(&p, rc < 0 ? why.msg : NULL, result);
	return 0;
}
