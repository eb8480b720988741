#include "kernels/role_build.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "kernels/build_configure.h"
#include "kernels/build_job.h"
#include "kernels/build_judge.h"
#include "kernels/build_made.h"
#include "kernels/buildlog.h"
#include "kernels/kconfig.h"
#include "kernels/make_argv.h"
#include "kernels/make_run.h"
#include "kernels/notbuilt.h"
#include "kernels/strays.h"
#include "kernels/warnings.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/sha256.h"
#include "lib/str.h"

#define WARNINGS_DOC_MAX (64u << 20)

/* One build, from job to result. */
struct build {
	const char *jobdir;
	struct make_opts make;
	const char *target;
	char **env;
	char **changed;
	struct kconfig_fragment *fragments; /* texts borrowed from the job */
	size_t nfragments;
	struct make_limits limits;
	uint64_t timeout_ms;
	struct json_object *before; /* the warnings document, or NULL */
	int step;
	FILE *copy;
	const char *copy_path; /* NULL: stdout */
	struct buildlog *log;
	struct build_made made;
	bool reconfigure; /* still to be done by the next build */
	enum build_outcome status;
	char *reason;
};

/* --- the job ------------------------------------------------------------ */

static void read_fragments(struct build *b, struct json_object *arr)
{
	size_t n = json_len(arr);

	b->fragments = mem_alloc0((n + 1) * sizeof(*b->fragments));
	for (size_t i = 0; i < n; i++) {
		struct json_object *f = json_object_array_get_idx(arr, i);

		b->fragments[b->nfragments++] = (struct kconfig_fragment){
			.name = (char *)json_str(f, "name", ""),
			.text = (char *)json_str(f, "text", ""),
		};
	}
}

static int read_before(struct build *b, struct json_object *job, struct err *err)
{
	const char *path = json_str(job, "warnings_in", NULL);
	long long step;

	if (path && json_read_file(path, WARNINGS_DOC_MAX, &b->before, err) < 0)
		return -1;
	step = b->before ? json_int(b->before, "step", -1) + 1 : 0;
	b->step = (int)json_int(job, "step", step);
	return 0;
}

static int open_log(struct build *b, struct json_object *job, struct err *err)
{
	b->copy_path = json_str(job, "log", NULL);
	b->copy = b->copy_path ? fopen(b->copy_path, "we") : stdout;
	if (!b->copy)
		return err_sys(err, "create %s", b->copy_path);
	return 0;
}

static int read_job(struct build *b, struct json_object *job, struct err *err)
{
	const char *ccache = json_str(job, "ccache", NULL);

	b->make = (struct make_opts){
		.make = json_str(job, "make", "make"),
		.src = json_str(job, "src", NULL),
		.out = json_str(job, "out", NULL),
		.arch = json_str(job, "arch", "x86_64"),
		.jobs = (int)json_int(job, "jobs", 1),
		.ccache = ccache != NULL,
	};
	b->target = json_str(job, "target", "vmlinux");
	if (!b->make.src || *b->make.src != '/' || !b->make.out || *b->make.out != '/')
		return err_set(err, ERR_INPUT, "a build job needs absolute src and out");
	b->env = make_env(ccache, json_flag(job, "ccache_write", false));
	b->changed = build_job_strings(json_arr(job, "changed"));
	read_fragments(b, json_arr(job, "fragments"));
	build_job_limits(job, &b->limits, &b->timeout_ms);
	b->log = buildlog_new(b->make.src, b->make.out);
	b->made = (struct build_made){ .src = b->make.src, .out = b->make.out };
	return read_before(b, job, err) < 0 || open_log(b, job, err) < 0 ? -1 : 0;
}

static void build_done(struct build *b)
{
	if (b->copy_path && b->copy)
		fclose(b->copy);
	strv_free(b->env);
	strv_free(b->changed);
	free(b->fragments);
	free(b->reason);
	json_object_put(b->before);
	buildlog_free(b->log);
}

/* --- make --------------------------------------------------------------- */

static struct make_run run_of(const struct build *b)
{
	return (struct make_run){
		.envp = b->env,
		.out = b->make.out,
		.limits = &b->limits,
		.log = b->log,
		.copy = b->copy,
	};
}

static void judge(struct build *b, enum make_how how, int code)
{
	const struct build_end end = {
		.how = how,
		.code = code,
		.limits = &b->limits,
		.timeout_ms = b->timeout_ms,
		.peak_memory = build_peak_memory(),
		.out = b->make.out,
		.log = b->log,
	};

	buildlog_end(b->log);
	b->made.killed = how != MAKE_EXITED;
	free(b->reason);
	b->status = build_judge(&end, &b->reason);
}

static void fail(struct build *b, char *reason)
{
	free(b->reason);
	b->reason = reason;
	b->status = BUILD_FAIL;
}

static int configure(struct build *b, struct json_object *result, struct err *err)
{
	struct build_configure c = {
		.make = &b->make,
		.run = run_of(b),
		.fragments = b->fragments,
		.nfragments = b->nfragments,
	};
	char **missing = NULL;
	enum make_how how;
	int code;

	b->reconfigure = true;
	buildlog_target(b->log, ".config");
	if (build_configure(&c, &how, &code, &missing, err) < 0)
		return -1;
	judge(b, how, code);
	if (!missing) {
		if (b->status == BUILD_OK)
			fail(b, str_dup("the configuration left no .config"));
		return 0;
	}
	b->reconfigure = false;
	b->made.configured = true;
	for (size_t i = 0; missing[i]; i++)
		json_add_str(json_arr(result, "config_missing"), missing[i]);
	strv_free(missing);
	return 0;
}

static int run_make(struct build *b, struct err *err)
{
	char **argv = make_argv(&b->make, b->target);
	struct make_run run = run_of(b);
	enum make_how how;
	int code, rc;

	buildlog_target(b->log, "make");
	run.argv = argv;
	rc = make_run(&run, &how, &code, err);
	strv_free(argv);
	if (rc == 0)
		judge(b, how, code);
	return rc;
}

static bool wants_configure(const struct build *b, struct json_object *job)
{
	return json_flag(job, "configure", false) ||
	       json_flag(b->before, "reconfigure", false) ||
	       build_configure_needed(b->make.out, b->changed);
}

/* --- the image ------------------------------------------------------------ */

static int publish_image(const char *path, struct json_object *result, struct err *err)
{
	char hash[SHA256_HEX];

	if (sha256_of_file(path, hash, err) < 0)
		return -1;
	json_set_str(result, "image", path);
	json_set_str(result, "image_sha256", hash);
	return 0;
}

static int take_image(struct build *b, struct json_object *result, struct err *err)
{
	AUTO_FREE char *name = make_image(b->make.arch, b->target);
	AUTO_FREE char *from = path_join(b->make.out, name, NULL);
	AUTO_FREE char *to = path_join(b->jobdir, "image", NULL);
	AUTO_FREE char *fault = NULL;
	struct stat st;

	if (lstat(from, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size == 0) {
		fail(b, str_printf("make succeeded, but left no file %s", name));
		return 0;
	}
	if (strcmp(name, "vmlinux") != 0)
		return tree_remove(to, err) < 0 || file_copy(from, to, 0644, err) < 0 ?
			       -1 :
			       publish_image(to, result, err);
	if (build_strip(from, to, b->env, &fault, err) < 0)
		return -1;
	if (fault) {
		fail(b, str_dup("vmlinux is no ELF file that strip can read"));
		return 0;
	}
	return publish_image(to, result, err);
}

/* --- what is known afterwards --------------------------------------------- */

static bool object_gone(const char *object, void *arg)
{
	const struct build *b = arg;

	return build_made_gone(&b->made, object);
}

/* kbuild's own helpers: ".tmp_vmlinux1.kallsyms.o" */
static bool is_hidden(const char *target)
{
	const char *slash = strrchr(target, '/');

	return (slash ? slash[1] : target[0]) == '.';
}

static int carry_warnings(struct build *b, struct json_object *result, struct err *err)
{
	AUTO_JSON struct json_object *targets = build_made_targets(&b->made, b->log);
	AUTO_JSON struct json_object *pending = NULL;
	AUTO_JSON struct json_object *doc = NULL;
	AUTO_FREE char *path = path_join(b->jobdir, "warnings-out.json", NULL);
	struct warnings_build w = {
		.step = b->step,
		.complete = b->made.complete,
		.compiled = targets,
		.reconfigure = b->reconfigure,
		.gone = object_gone,
		.arg = b,
	};
	struct json_object *compiled = json_arr(result, "compiled");

	if (!b->made.complete && build_made_pending(&b->made, b->log, b->changed,
						    &pending, &w.pending_all, err) < 0)
		return -1;
	w.pending = pending;
	json_object_object_foreach(targets, target, list)
	{
		(void)list;
		if (buildlog_is_compiled(b->log, target) && !is_hidden(target))
			json_add_str(compiled, target);
	}
	doc = warnings_carry(b->before, &w);
	json_set_str(result, "warnings", path);
	return json_write_file(path, doc, err);
}

/* Only a complete build can say that a file did not go into it. */
static int list_not_built(struct build *b, struct json_object *result, struct err *err)
{
	char **files = NULL;

	if (!b->made.complete)
		return 0;
	if (notbuilt_find(b->make.src, b->make.out, b->changed, &files, err) < 0)
		return -1;
	for (size_t i = 0; files[i]; i++)
		json_add_str(json_arr(result, "not_built"), files[i]);
	strv_free(files);
	return 0;
}

static void report_error(struct build *b, struct json_object *result)
{
	static const char *const kinds[] = {
		[BUILDLOG_COMPILE] = "compile", [BUILDLOG_LINK] = "link",
		[BUILDLOG_KCONFIG] = "kconfig", [BUILDLOG_TOOL] = "tool",
		[BUILDLOG_MAKE] = "make",
	};
	const struct buildlog_error *e = buildlog_error(b->log);
	struct json_object *o;

	/* Of a build that was stopped, the last words are our own doing. */
	if (!e || b->status == BUILD_OK || b->status == BUILD_TIMEOUT)
		return;
	o = json_object_new_object();
	json_set_str(o, "file", e->file);
	json_set_int(o, "line", e->line);
	json_set_str(o, "text", e->text);
	json_set_str(o, "context", e->context);
	json_set_str(o, "object", e->target);
	json_set_str(o, "kind", kinds[e->kind]);
	json_set(result, "error", o);
}

static void start_result(struct build *b, struct json_object *result)
{
	json_set_int(result, "schema", 1);
	json_set(result, "config_missing", json_object_new_array());
	json_set(result, "compiled", json_object_new_array());
	json_set(result, "not_built", json_object_new_array());
	json_set(result, "error", NULL);
	json_set(result, "image", NULL);
	json_set(result, "image_sha256", NULL);
	json_set_str(result, "log", b->copy_path);
}

static int run_build(struct build *b, struct json_object *job, struct json_object *result,
		     struct err *err)
{
	bool configured = wants_configure(b, job);

	start_result(b, result);
	json_set_bool(result, "configured", configured);
	b->made.start = build_made_now();
	if (configured && configure(b, result, err) < 0)
		return -1;
	if (b->status == BUILD_OK && run_make(b, err) < 0)
		return -1;
	/* From here on nobody writes to the output any more. */
	if (strays_kill(err) < 0)
		return -1;
	b->made.complete = b->status == BUILD_OK;
	build_made_drop_partial(&b->made, b->log);
	if (carry_warnings(b, result, err) < 0 || list_not_built(b, result, err) < 0)
		return -1;
	return b->status == BUILD_OK ? take_image(b, result, err) : 0;
}

int role_build(struct json_object *job, const char *jobdir, struct json_object *result,
	       struct err *err)
{
	AUTO(build_done) struct build b = { .jobdir = jobdir };
	uint64_t start = make_now_ms();
	double cpu = build_cpu_seconds();

	if (strays_adopt(err) < 0 || read_job(&b, job, err) < 0)
		return -1;
	if (run_build(&b, job, result, err) < 0)
		return err_prefix(err, "build %s", b.target);
	json_set_str(result, "status", build_word(b.status));
	json_set_bool(result, "limited", b.status == BUILD_LIMIT);
	json_set_str(result, "reason", b.reason);
	json_set_num(result, "seconds", (double)(make_now_ms() - start) / 1000);
	json_set_num(result, "cpu_seconds", build_cpu_seconds() - cpu);
	report_error(&b, result);
	return 0;
}
