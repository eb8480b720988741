#include "kernels/role_selftests.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "kernels/build_job.h"
#include "kernels/build_judge.h"
#include "kernels/buildlog.h"
#include "kernels/elf_static.h"
#include "kernels/make_argv.h"
#include "kernels/make_run.h"
#include "kernels/selftests_error.h"
#include "kernels/selftests_size.h"
#include "kernels/selftests_tree.h"
#include "kernels/strays.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/str.h"

#define ROOT ".selftests"

/*
 * Linked into each program: what it prints goes out line by line, as if to a
 * terminal. Some fork with their output unwritten, and in a pipe the child's copy of
 * it comes out once more; the tree's own runner starts them by stdbuf for that, which
 * does nothing for static programs (selftests/kselftest/runner.sh).
 */
static const char line_buffered[] =
	"#include <stdio.h>\n"
	"__attribute__((constructor)) static void line_buffered(void)\n"
	"{\n"
	"\tsetvbuf(stdout, NULL, _IOLBF, 0);\n"
	"}\n";

/* One run of the role, from job to result. */
struct selftests {
	const char *jobdir;
	struct make_opts make; /* of "make headers" */
	const char *out;       /* the kernel's output folder */
	char **folders, **programs;
	char **env;
	struct make_limits limits;
	uint64_t timeout_ms, programs_max;
	FILE *copy;
	const char *copy_path; /* NULL: stdout */
	const char *folder;    /* of folders */
	/* Below out/.selftests: */
	char *headers, *tree, *cwd, *bin, *line_buffered;
	enum build_outcome status; /* BUILD_OK while nothing of ours went wrong */
	char *reason;
	struct json_object *results; /* borrowed */
};

/* How one make ended. */
struct made {
	enum build_outcome outcome;
	char *reason;
	struct buildlog *log;
};

static void made_done(struct made *m)
{
	free(m->reason);
	buildlog_free(m->log);
}

/* --- the job ------------------------------------------------------------ */

static int open_log(struct selftests *s, struct json_object *job, struct err *err)
{
	s->copy_path = json_str(job, "log", NULL);
	s->copy = s->copy_path ? fopen(s->copy_path, "we") : stdout;
	if (!s->copy)
		return err_sys(err, "create %s", s->copy_path);
	return 0;
}

static int read_job(struct selftests *s, struct json_object *job, struct err *err)
{
	const char *src = json_str(job, "src", "");

	s->out = json_str(job, "out", "");
	if (*src != '/' || *s->out != '/')
		return err_set(err, ERR_INPUT,
			       "a selftests job needs absolute src and out");
	s->headers = path_join(s->out, ROOT, "headers", NULL);
	s->tree = path_join(s->out, ROOT, "tree", NULL);
	s->bin = path_join(s->out, ROOT, "bin", NULL);
	s->line_buffered = path_join(s->out, ROOT, "line_buffered.o", NULL);
	s->make = (struct make_opts){
		.make = json_str(job, "make", "make"),
		.src = src,
		.out = s->headers,
		.arch = json_str(job, "arch", "x86_64"),
		.jobs = (int)json_int(job, "jobs", 1),
	};
	s->folders = build_job_strings(json_arr(job, "folders"));
	s->programs = build_job_strings(json_arr(job, "programs"));
	s->env = make_env(NULL, false);
	s->programs_max = (uint64_t)json_int(job, "programs_max_bytes", 0);
	build_job_limits(job, &s->limits, &s->timeout_ms);
	return open_log(s, job, err);
}

static void selftests_done(struct selftests *s)
{
	if (s->copy_path && s->copy)
		fclose(s->copy);
	strv_free(s->folders);
	strv_free(s->programs);
	strv_free(s->env);
	free(s->headers);
	free(s->tree);
	free(s->cwd);
	free(s->bin);
	free(s->line_buffered);
	free(s->reason);
}

/* --- make --------------------------------------------------------------- */

/* Takes argv over. Afterwards no process of it is left. */
static int run(struct selftests *s, char **argv, const char *src, struct made *ret,
	       struct err *err)
{
	struct made m = { .log = buildlog_new(src, s->out) };
	struct make_run r = {
		.argv = argv,
		.envp = s->env,
		.out = s->out,
		.limits = &s->limits,
		.log = m.log,
		.copy = s->copy,
	};
	struct build_end end = {
		.limits = &s->limits,
		.timeout_ms = s->timeout_ms,
		.out = s->out,
		.log = m.log,
	};
	int rc = make_run(&r, &end.how, &end.code, err);

	strv_free(argv);
	if (rc < 0 || strays_kill(err) < 0) {
		made_done(&m);
		return -1;
	}
	buildlog_end(m.log);
	end.peak_memory = build_peak_memory();
	m.outcome = build_judge(&end, &m.reason);
	*ret = m;
	return 0;
}

/* Whether it ended by our own trouble or for want of time, which is nobody's fault. */
static bool lost(struct selftests *s, struct made *m)
{
	if (m->outcome != BUILD_TIMEOUT && m->outcome != BUILD_INFRA)
		return false;
	s->status = m->outcome;
	free(s->reason);
	s->reason = TAKE_PTR(m->reason);
	return true;
}

static char **program_argv(const struct selftests *s, const char *program)
{
	char **v = mem_alloc0(12 * sizeof(*v));
	size_t n = 0;

	v[n++] = str_dup(s->make.make);
	v[n++] = str_printf("-j%d", s->make.jobs < 1 ? 1 : s->make.jobs);
	v[n++] = str_dup("-Otarget");
	v[n++] = str_dup("--no-print-directory");
	v[n++] = str_dup("-C");
	v[n++] = str_dup(s->cwd);
	v[n++] = str_printf("OUTPUT=%s", s->bin);
	v[n++] = str_printf("ARCH=%s", s->make.arch);
	v[n++] = str_printf("KHDR_INCLUDES=-isystem %s/usr/include", s->headers);
	v[n++] = str_printf("LDFLAGS=-static %s", s->line_buffered);
	v[n++] = str_printf("%s/%s", s->bin, program);
	return v;
}

/* --- programs ------------------------------------------------------------ */

static void add_result(struct selftests *s, const char *program, const char *status,
		       const char *file, const char *error)
{
	struct json_object *o = json_object_new_object();

	json_set_str(o, "name", program);
	json_set_str(o, "status", status);
	json_set_str(o, "file", file);
	json_set_str(o, "error", error);
	json_object_array_add(s->results, o);
}

/* Hands over what make has left, without symbols. */
static int take_program(struct selftests *s, const char *program, struct err *err)
{
	AUTO_FREE char *from = path_join(s->bin, program, NULL);
	AUTO_FREE char *file = path_join("bin", program, NULL);
	AUTO_FREE char *to = path_join(s->jobdir, file, NULL);
	AUTO_FREE char *why = NULL;
	AUTO_FREE char *unreadable = NULL;
	AUTO_FREE char *large = selftests_size_fault(from, s->programs_max);
	const char *fault = elf_static_fault(from);

	if (!fault)
		fault = large;
	if (!fault && build_strip(from, to, s->env, &unreadable, err) < 0)
		return -1;
	if (unreadable)
		fault = "cannot be read by strip";
	if (fault)
		why = str_printf("make succeeded, but %s %s", program, fault);
	add_result(s, program, fault ? "fail" : "ok", fault ? NULL : file, why);
	return 0;
}

static void tell_failure(struct selftests *s, const char *program, const struct made *m)
{
	/* Beyond a limit, what tools said last is no cause. */
	const struct buildlog_error *e =
		m->outcome == BUILD_FAIL ? buildlog_error(m->log) : NULL;
	AUTO_FREE char *library = selftests_error_library(e);
	AUTO_FREE char *text = NULL;

	if (library)
		text = str_printf("needs %s, which this machine does not have", library);
	else
		text = selftests_error_text(e, m->reason, s->make.src, s->folder);
	add_result(s, program, library ? "lacking" : "fail", NULL, text);
}

static int make_program(struct selftests *s, const char *program, struct err *err)
{
	AUTO_FREE char *path = path_join(s->bin, program, NULL);
	AUTO_FREE char *name = str_printf("%s.c", program);
	AUTO_FREE char *source = path_join(s->cwd, name, NULL);
	AUTO_FREE char *why = NULL;
	AUTO(made_done) struct made m = { .outcome = BUILD_OK };

	if (!path_exists(source)) {
		why = str_printf("this tree has no " SELFTESTS_DIR "/%s/%s", s->folder,
				 name);
		add_result(s, program, "absent", NULL, why);
		return 0;
	}
	/* One may have been made on the way to another. */
	if (!path_exists(path) && run(s, program_argv(s, program), s->tree, &m, err) < 0)
		return -1;
	if (m.outcome == BUILD_OK)
		return take_program(s, program, err);
	if (!lost(s, &m))
		tell_failure(s, program, &m);
	return 0;
}

/* --- the whole ------------------------------------------------------------ */

static int make_headers(struct selftests *s, bool *ret_ok, struct err *err)
{
	AUTO(made_done) struct made m = { .outcome = BUILD_OK };
	AUTO_FREE char *why = NULL;

	*ret_ok = false;
	if (dir_make(s->headers, 0755, err) < 0 ||
	    run(s, make_argv(&s->make, "headers"), s->make.src, &m, err) < 0)
		return -1;
	*ret_ok = m.outcome == BUILD_OK;
	if (*ret_ok || lost(s, &m))
		return 0;
	why = str_printf("make headers: %s", m.reason);
	for (size_t i = 0; s->programs[i]; i++)
		add_result(s, s->programs[i], "fail", NULL, why);
	return 0;
}

/* What was made of other sources may be newer than these, and make would take it for
 * made; of headers the tree's makefiles name but a few. */
static int drop_made(struct selftests *s, struct err *err)
{
	AUTO_FREE char *root = path_join(s->out, ROOT, NULL);

	return tree_remove(root, err);
}

/* By the compiler that the selftests are built with, see their lib.mk. */
static int make_line_buffered(struct selftests *s, struct err *err)
{
	AUTO_FREE char *dir = path_join(s->out, ROOT, NULL);
	AUTO_FREE char *source = path_join(dir, "line_buffered.c", NULL);
	AUTO(made_done) struct made m = { .outcome = BUILD_OK };
	char **v = mem_alloc0(7 * sizeof(*v));

	v[0] = str_dup("gcc");
	v[1] = str_dup("-O2");
	v[2] = str_dup("-c");
	v[3] = str_dup("-o");
	v[4] = str_dup(s->line_buffered);
	v[5] = str_dup(source);
	if (dir_make(dir, 0755, err) < 0 ||
	    file_write_atomic(source, line_buffered, strlen(line_buffered), 0644, err) <
		    0) {
		strv_free(v);
		return -1;
	}
	if (run(s, v, dir, &m, err) < 0)
		return -1;
	if (m.outcome == BUILD_OK || lost(s, &m))
		return 0;
	return err_set(err, ERR_SYS, "gcc cannot compile %s: %s", source, m.reason);
}

static int make_folder(struct selftests *s, struct err *err)
{
	AUTO_FREE char *bin = path_join(s->jobdir, "bin", NULL);
	bool ok;

	s->cwd = path_join(s->tree, SELFTESTS_DIR, s->folder, NULL);
	if (drop_made(s, err) < 0 || make_headers(s, &ok, err) < 0)
		return -1;
	if (!ok)
		return 0;
	if (dir_make(bin, 0755, err) < 0 || dir_make(s->bin, 0755, err) < 0 ||
	    selftests_tree_make(s->make.src, s->tree, s->folder, err) < 0 ||
	    make_line_buffered(s, err) < 0)
		return -1;
	for (size_t i = 0; s->programs[i] && s->status == BUILD_OK; i++)
		if (make_program(s, s->programs[i], err) < 0)
			return -1;
	selftests_size_fit(s->results, s->jobdir, s->programs_max);
	return 0;
}

static int run_all(struct selftests *s, struct err *err)
{
	for (size_t i = 0; !s->folder && s->folders[i]; i++)
		if (selftests_tree_has(s->make.src, s->folders[i]))
			s->folder = s->folders[i];
	if (s->folder)
		return make_folder(s, err);
	for (size_t i = 0; s->programs[i]; i++) {
		AUTO_FREE char *why = str_printf("this tree has no " SELFTESTS_DIR "/%s",
						 s->folders[0] ? s->folders[0] : "");

		add_result(s, s->programs[i], "absent", NULL, why);
	}
	return 0;
}

int role_selftests(struct json_object *job, const char *jobdir,
		   struct json_object *result, struct err *err)
{
	AUTO(selftests_done) struct selftests s = { .jobdir = jobdir };
	uint64_t start = make_now_ms();
	double cpu = build_cpu_seconds();

	if (strays_adopt(err) < 0 || read_job(&s, job, err) < 0)
		return -1;
	s.results = json_object_new_array();
	json_set(result, "programs", s.results);
	if (run_all(&s, err) < 0)
		return err_prefix(err, "selftests");
	json_set_str(result, "status", build_word(s.status));
	json_set_str(result, "reason", s.reason ? s.reason : "");
	json_set_str(result, "folder", s.folder);
	json_set_num(result, "seconds", (double)(make_now_ms() - start) / 1000);
	json_set_num(result, "cpu_seconds", build_cpu_seconds() - cpu);
	json_set_str(result, "log", s.copy_path);
	return 0;
}
