#include "kernels/build_job.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "kernels/logtool.h"
#include "lib/cleanup.h"
#include "lib/job.h"
#include "lib/json.h"
#include "lib/str.h"
#include "lib/text.h"

#define OUTPUT_MAX_DEFAULT (16LL << 20)
#define PROCESSES_MAX_DEFAULT 4096
#define WATCH_MS_DEFAULT 10000
#define STRIP_MS 60000
#define STRIP_LINE_MAX 300

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

struct strip_words {
	const char *from;
	char *fault; /* the first line about the file */
	char *ours;  /* the first about anything else */
};

static void strip_says(struct job *job, const char *line, size_t len, void *arg)
{
	struct strip_words *w = arg;
	bool about = !logtool_evidence(line) && strstr(line, w->from);
	char **to = about ? &w->fault : &w->ours;

	(void)job;
	(void)len;
	if (!*to)
		*to = text_clean_line(line, STRIP_LINE_MAX);
}

/* What a strange file does to a tool, and nobody from outside. */
static bool is_crash(int sig)
{
	return sig == SIGSEGV || sig == SIGABRT || sig == SIGBUS || sig == SIGFPE ||
	       sig == SIGILL;
}

int build_strip(const char *from, const char *to, char *const *envp, char **ret_fault,
		struct err *err)
{
	char *argv[] = { (char *)"strip", (char *)"-s", (char *)"-o",
			 (char *)to,      (char *)from, NULL };
	struct strip_words w = { .from = from };
	struct job_opts opts = { .argv = argv,
				 .envp = envp,
				 .deadline_ms = STRIP_MS,
				 .on_line = strip_says,
				 .arg = &w };
	enum job_how how;
	int code, rc = job_run(&opts, &how, &code, err);

	*ret_fault = NULL;
	if (rc == 0 && how == JOB_SIGNALED && is_crash(code))
		*ret_fault = str_printf("strip was ended by signal %d (%s)", code,
					strsignal(code));
	else if (rc == 0 && how == JOB_EXITED && code != 0 && w.fault && !w.ours)
		*ret_fault = TAKE_PTR(w.fault);
	else if (rc == 0 && (how != JOB_EXITED || code != 0))
		rc = err_set(err, ERR_SYS, "strip of %s: %s", from,
			     w.ours ? w.ours : job_how_str(how));
	free(w.fault);
	free(w.ours);
	return rc;
}
