#include "daemon/event_json.h"

#include <limits.h>
#include <string.h>

static const char *const kinds[] = {
	[RUN_PHASE] = "phase",
	[RUN_SERIES] = "series",
	[RUN_BASE] = "base",
	[RUN_STEP] = "step",
	[RUN_BUILD_BEGIN] = "build-begin",
	[RUN_BUILD_END] = "build-end",
	[RUN_BOOT_BEGIN] = "boot-begin",
	[RUN_BOOT_END] = "boot-end",
	[RUN_TICK] = "tick",
	[RUN_NOTE] = "note",
	[RUN_BISECT] = "bisect",
	[RUN_SAID] = "said",
};

static const struct {
	const char *key;
	size_t at;
	int usual;
} ints[] = {
	{ "step", offsetof(struct run_event, step), -1 },
	{ "steps", offsetof(struct run_event, nsteps), 0 },
	{ "passed", offsetof(struct run_event, passed), 0 },
	{ "failed", offsetof(struct run_event, failed), 0 },
	{ "skipped", offsetof(struct run_event, skipped), 0 },
	{ "known", offsetof(struct run_event, known), 0 },
	{ "warnings", offsetof(struct run_event, warnings), 0 },
	{ "done", offsetof(struct run_event, done), 0 },
	{ "total", offsetof(struct run_event, total), 0 },
};

static const struct {
	const char *key;
	size_t at;
} texts[] = {
	{ "subject", offsetof(struct run_event, subject) },
	{ "config", offsetof(struct run_event, config) },
	{ "topology", offsetof(struct run_event, topology) },
	{ "status", offsetof(struct run_event, status) },
	{ "text", offsetof(struct run_event, text) },
	{ "failed_test", offsetof(struct run_event, failed_test) },
};

struct json_object *event_to_json(const struct run_event *ev)
{
	struct json_object *o = json_object_new_object();

	json_set_str(o, "kind", kinds[ev->kind]);
	for (size_t i = 0; i < ARRAY_SIZE(ints); i++) {
		int v = *(const int *)((const char *)ev + ints[i].at);

		if (v != ints[i].usual)
			json_set_int(o, ints[i].key, v);
	}
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		const char *v = *(const char *const *)((const char *)ev + texts[i].at);

		if (v)
			json_set_str(o, texts[i].key, v);
	}
	if (ev->seconds > 0)
		json_set_num(o, "seconds", ev->seconds);
	if (ev->expected_s >= 0)
		json_set_num(o, "expected", ev->expected_s);
	if (ev->reused)
		json_set_bool(o, "reused", true);
	if (ev->deep)
		json_set_bool(o, "deep", true);
	if (ev->id)
		json_set_int(o, "id", ev->id);
	return o;
}

static int to_int(long long v)
{
	return v < INT_MIN ? INT_MIN : v > INT_MAX ? INT_MAX : (int)v;
}

bool event_from_json(struct json_object *o, struct run_event *ret)
{
	const char *kind = json_str(o, "kind", "");
	struct run_event ev = { .kind = RUN_PHASE };
	size_t k = 0;

	while (k < ARRAY_SIZE(kinds) && strcmp(kinds[k], kind) != 0)
		k++;
	if (k == ARRAY_SIZE(kinds))
		return false;
	ev.kind = (enum run_event_kind)k;
	for (size_t i = 0; i < ARRAY_SIZE(ints); i++)
		*(int *)((char *)&ev + ints[i].at) =
			to_int(json_int(o, ints[i].key, ints[i].usual));
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		*(const char **)((char *)&ev + texts[i].at) =
			json_str(o, texts[i].key, NULL);
	ev.seconds = json_num(o, "seconds", 0);
	ev.expected_s = json_num(o, "expected", -1);
	ev.reused = json_flag(o, "reused", false);
	ev.deep = json_flag(o, "deep", false);
	ev.id = json_int(o, "id", 0);
	*ret = ev;
	return true;
}
