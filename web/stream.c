/* Artifacts as they are: console logs, build logs, .config. */
#include <string.h>

#include "db/boot.h"
#include "db/build.h"
#include "web/request.h"

static int tell_dropped(struct reply *re, int64_t when)
{
	char day[ARTIFACT_DAY];

	artifact_day(when, day);
	str_addf(&re->body, "This was dropped on %s by retention.\n", day);
	re->type = "text/plain; charset=utf-8";
	re->gone = true;
	return 1;
}

static int stream(struct request *rq, struct reply *re, const char *sha, struct err *err)
{
	int64_t when;

	if (!sha)
		return 0;
	if (artifact_dropped(rq->store, sha, &when, err) > 0)
		return tell_dropped(re, when);
	if (artifact_open(rq->store, sha, &re->stream, err) < 0)
		return err && err->code == ERR_MISSING ? 0 : -1;
	/* Never HTML: the bytes are a guest's. */
	re->type = "text/plain; charset=utf-8";
	snprintf(re->etag, sizeof(re->etag), "\"%s\"", sha);
	return 1;
}

int stream_console(struct request *rq, struct reply *re, struct err *err)
{
	struct boot b;
	int r = boot_find(rq->db, rq->id, &b, err);

	if (r != 1)
		return r;
	r = stream(rq, re, b.console, err);
	boot_done(&b);
	return r;
}

int stream_build_log(struct request *rq, struct reply *re, struct err *err)
{
	struct build b;
	int r = build_find(rq->db, rq->id, &b, err);

	if (r != 1)
		return r;
	r = stream(rq, re, b.log, err);
	build_done(&b);
	return r;
}

int stream_build_config(struct request *rq, struct reply *re, struct err *err)
{
	struct build b;
	int r = build_find(rq->db, rq->id, &b, err);

	if (r != 1)
		return r;
	r = stream(rq, re, b.kconfig, err);
	build_done(&b);
	return r;
}
