#include "kernels/build_job.h"

#include <sys/resource.h>

#include "lib/job.h"
#include "lib/json.h"
#include "lib/str.h"

#define OUTPUT_MAX_DEFAULT (16LL << 20)
#define PROCESSES_MAX_DEFAULT 4096
#define WATCH_MS_DEFAULT 10000
#define STRIP_MS 60000

static uint64_t positive(struct json_object *job, const char *key, long long def)
{
	long long v = json_int(job, key, def);

	return v > 0 ? (uint64_t)v : 0;
}

void build_job_limits(struct json_object *job, struct make_limits *ret_limits,
		      uint64_t *ret_timeout_ms)
{
	uint64_t timeout = positive(job, "timeout_ms", 0);

	*ret_timeout_ms = timeout;
	*ret_limits = (struct make_limits){
		.deadline_ms = timeout ? make_now_ms() + timeout : 0,
		.out_max = positive(job, "out_max_bytes", 0),
		.memory_max = positive(job, "memory_max_bytes", 0),
		.memory_total = positive(job, "memory_total_bytes", 0),
		.output_max = positive(job, "output_max_bytes", OUTPUT_MAX_DEFAULT),
		.processes_max = positive(job, "processes_max", PROCESSES_MAX_DEFAULT),
		.watch_ms = positive(job, "watch_ms", WATCH_MS_DEFAULT),
	};
}

char **build_job_strings(struct json_object *arr)
{
	size_t n = json_len(arr), k = 0;
	char **v = mem_alloc0((n + 1) * sizeof(*v));

	for (size_t i = 0; i < n; i++) {
		struct json_object *s = json_object_array_get_idx(arr, i);

		if (json_object_is_type(s, json_type_string))
			v[k++] = str_dup(json_object_get_string(s));
	}
	return v;
}

double build_cpu_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_CHILDREN, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

uint64_t build_peak_memory(void)
{
	struct rusage use;

	return getrusage(RUSAGE_CHILDREN, &use) == 0 ? (uint64_t)use.ru_maxrss * 1024 : 0;
}

int build_strip(const char *from, const char *to, char *const *envp, bool *ret_ok,
		struct err *err)
{
	char *argv[] = { (char *)"strip", (char *)"-s", (char *)"-o",
			 (char *)to,      (char *)from, NULL };
	struct job_opts opts = {
		.argv = argv,
		.envp = envp,
		.deadline_ms = STRIP_MS,
	};
	enum job_how how;
	int code;

	if (job_run(&opts, &how, &code, err) < 0)
		return -1;
	*ret_ok = how == JOB_EXITED && code == 0;
	return 0;
}
