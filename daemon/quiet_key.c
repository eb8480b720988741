#include "daemon/quiet_key.h"

#include "daemon/quiet_record.h"
#include "lib/cleanup.h"

static struct json_object *suite_key(const struct suite *s, unsigned int repeat,
				     unsigned int slowdown)
{
	struct json_object *o = json_object_new_object(), *tests, *names;

	tests = json_object_new_array();
	names = json_object_new_array();
	for (size_t i = 0; i < s->ntests; i++)
		json_object_array_add(tests, suite_test_json(&s->tests[i], slowdown));
	for (char **t = s->topologies; t && *t; t++)
		json_add_str(names, *t);
	json_set_str(o, "suite", s->name);
	json_set_int(o, "repeat", repeat);
	json_set(o, "topologies", names);
	json_set(o, "tests", tests);
	return o;
}

static struct json_object *limits_key(const struct quiet_opts *o)
{
	struct json_object *limits = json_object_new_object();

	json_set_int(limits, "boot_deadline_ms", (long long)quiet_boot_ms(o));
	json_set_int(limits, "console_max", (long long)o->config->console_bytes);
	json_set_int(limits, "events_max", o->config->qmp_events);
	return limits;
}

struct json_object *quiet_key(const struct quiet_opts *o)
{
	struct json_object *key = json_object_new_object();
	struct json_object *suites = json_object_new_array();
	AUTO_FREE char *cmdline = plan_cmdline(o->plan, 0, o->config->cmdline_extra);

	json_set_str(key, "schema", QUIET_SCHEMA);
	json_set_str(key, "judge", SLUICE_JUDGE);
	json_set_str(key, "image", o->image_sha);
	json_set_str(key, "initramfs", o->initramfs_sha);
	json_set_str(key, "accel", accel_str(o->plan->accel));
	json_set_str(key, "cpu_model", o->plan->cpu_model);
	json_set_str(key, "qemu_version", o->plan->qemu_version);
	json_set_str(key, "cmdline_extra", cmdline);
	json_set(key, "limits", limits_key(o));
	for (size_t i = 0; i < o->plan->nsuites; i++)
		json_object_array_add(suites, suite_key(o->plan->suites[i],
							o->suites->v[i].repeat,
							o->plan->configs[0]->slowdown));
	json_set(key, "suites", suites);
	return key;
}
