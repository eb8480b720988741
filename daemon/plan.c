#include "daemon/plan.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/suites.h"
#include "kernels/selftests_libs.h"
#include "kernels/toolchain.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/job.h"
#include "lib/paths.h"
#include "lib/str.h"

#define SYSTEM_HEADERS "/usr/include"

static int load_configs(struct plan *p, char *const *names, struct err *err)
{
	AUTO_FREE char *dir = path_join(paths_data(), "kernels", "configs", NULL);

	p->configs = mem_alloc0((strv_len(names) + 1) * sizeof(*p->configs));
	for (size_t i = 0; names[i]; i++) {
		p->configs[i] = mem_alloc0(sizeof(**p->configs));
		p->nconfigs++;
		if (kconfig_load(dir, names[i], p->configs[i], err) < 0)
			return -1;
	}
	return 0;
}

static int load_topologies(struct plan *p, char *const *names, struct err *err)
{
	AUTO_FREE char *dir = path_join(paths_data(), "runners", "topologies", NULL);

	p->topologies = mem_alloc0((strv_len(names) + 1) * sizeof(*p->topologies));
	for (size_t i = 0; names[i]; i++) {
		if (topology_load(dir, names[i], &p->topologies[i], err) < 0)
			return -1;
		p->ntopologies++;
	}
	return 0;
}

static int load_suites(struct plan *p, const struct config *config, char *const *names,
		       struct err *err)
{
	p->suites = mem_alloc0((strv_len(names) + 1) * sizeof(*p->suites));
	for (size_t i = 0; names[i]; i++) {
		if (suites_load(config, names[i], &p->suites[i], err) < 0)
			return -1;
		p->nsuites++;
	}
	return suites_check_programs(p->suites, p->nsuites, err);
}

static int load_known_issues(struct plan *p, struct err *err)
{
	AUTO_FREE char *path =
		path_join(paths_data(), "runners", KNOWN_ISSUES_FILE, NULL);
	time_t now = time(NULL);
	char today[16];
	struct tm tm;

	if (known_issues_load(path, &p->known_issues, err) < 0)
		return -1;
	strftime(today, sizeof(today), "%Y-%m-%d", gmtime_r(&now, &tm));
	p->expired = known_issues_expire(p->known_issues, today);
	return 0;
}

/* The same name twice would build or boot everything twice. */
static int check_names(const char *what, char *const *names, struct err *err)
{
	if (!names[0])
		return err_set(err, ERR_INPUT, "no %s is named", what);
	for (size_t i = 0; names[i]; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(names[i], names[j]) == 0)
				return err_set(err, ERR_INPUT, "%s \"%s\" is named twice",
					       what, names[i]);
	return 0;
}

/*
 * Another name of the compiler makes make compile everything anew: output
 * folders with and without ccache must not mix.
 */
static void plan_add_ccache(struct plan *p)
{
	char *with = str_printf("%s, by ccache", p->toolchain_text);
	struct sha256 *h = sha256_new();

	sha256_add_str(h, p->toolchain);
	sha256_add_str(h, "ccache");
	sha256_hex(h, p->toolchain);
	sha256_free(h);
	free(p->toolchain_text);
	p->toolchain_text = with;
}

/* "model name" of the first CPU; a guest under KVM has the same. The caller frees. */
static char *host_cpu_model(void)
{
	AUTO_FILE FILE *f = fopen("/proc/cpuinfo", "re");
	char line[512];

	while (f && fgets(line, sizeof(line), f))
		if (str_starts(line, "model name"))
			return str_dup(line);
	return str_dup("unknown");
}

/*
 * Some virtual machines have a /dev/kvm that makes a machine and then lacks what
 * QEMU sets up in it. A guest that is never let run tells: QEMU is told to quit
 * at once, and ends with 0 only if all its registers could be set.
 */
static bool kvm_starts(const struct config *config, const struct state *st)
{
	AUTO_FREE char *quit = path_join(st->jobs, "quit", NULL);
	const char *argv[] = { config->qemu, "-nodefaults", "-no-user-config",
			       "-display",   "none",        "-machine",
			       "q35",        "-accel",      "kvm",
			       "-cpu",       "host",        "-m",
			       "64M",        "-S",          "-monitor",
			       "stdio",      NULL };
	struct job_opts opts = { .argv = (char *const *)argv,
				 .stdin_path = quit,
				 .uid = geteuid() == 0 ? st->uid : 0,
				 .gid = geteuid() == 0 ? st->gid : 0,
				 .deadline_ms = 10000 };
	enum job_how how;
	int code;

	return file_write_atomic(quit, "quit\n", 5, 0644, NULL) == 0 &&
	       job_run(&opts, &how, &code, NULL) == 0 && how == JOB_EXITED && code == 0;
}

static int load_machine(struct plan *p, const struct config *config,
			const struct state *st, struct err *err)
{
	struct toolchain tc;

	if (toolchain_id(config->make, &tc, err) < 0)
		return -1;
	memcpy(p->toolchain, tc.hash, sizeof(p->toolchain));
	p->toolchain_text = str_dup(tc.text);
	if (*config->ccache_dir)
		plan_add_ccache(p);
	toolchain_done(&tc);
	if (accel_pick(config->accel, st->uid, st->gid, &p->accel, err) < 0)
		return -1;
	if (p->accel == ACCEL_KVM && strcmp(config->accel, "auto") == 0 &&
	    !kvm_starts(config, st)) {
		p->accel = ACCEL_TCG;
		p->accel_note = str_dup("/dev/kvm opens, but QEMU does not start with "
					"it; guests run by TCG");
	}
	p->cpu_model = p->accel == ACCEL_KVM ? host_cpu_model() : str_dup("");
	return qemu_version(config->qemu, &p->qemu_version, err);
}

char *plan_cmdline(const struct plan *p, size_t config, const char *extra)
{
	const struct kconfig *k = p->configs[config];
	struct str s = STR_INIT;

	str_add(&s, k->cmdline);
	if (k->slowdown > 1)
		str_addf(&s, "%ssluice.slowdown=%u", s.len ? " " : "", k->slowdown);
	if (*extra)
		str_addf(&s, "%s%s", s.len ? " " : "", extra);
	return str_take(&s);
}

static int load_libraries(struct plan *p, struct err *err)
{
	for (size_t i = 0; i < p->nsuites; i++)
		if (p->suites[i]->selftests)
			return selftests_libs_id(SYSTEM_HEADERS, p->libraries, err);
	return 0;
}

/* What a kernel would cut off is missed by nobody, until a test behaves strangely. */
static int check_cmdlines(const struct plan *p, const char *extra, struct err *err)
{
	for (size_t c = 0; c < p->nconfigs; c++)
		for (size_t t = 0; t < p->ntopologies; t++) {
			AUTO_FREE char *words = plan_cmdline(p, c, extra);
			AUTO_FREE char *all = qemu_cmdline(p->topologies[t], words);

			if (strlen(all) > QEMU_CMDLINE_MAX)
				return err_set(err, ERR_INPUT,
					       "config %s, topology %s: a kernel command "
					       "line of %zu bytes, a kernel takes %d",
					       p->configs[c]->name,
					       p->topologies[t]->name, strlen(all),
					       QEMU_CMDLINE_MAX);
		}
	return 0;
}

bool plan_has_suite(const struct plan *p, size_t suite, const struct plan_cell *cell)
{
	const struct suite *s = p->suites[suite];

	return (p->configs[cell->config]->deep || s->deep) == cell->deep &&
	       suite_runs_on(s, p->topologies[cell->topology]->name);
}

const struct suite_test *plan_selftest(const struct plan *p, const char *test,
				       size_t *ret_suite)
{
	for (size_t i = 0; i < p->nsuites; i++)
		for (size_t k = 0; p->suites[i]->selftests && k < p->suites[i]->ntests;
		     k++)
			if (strcmp(p->suites[i]->tests[k].id, test) == 0) {
				*ret_suite = i;
				return &p->suites[i]->tests[k];
			}
	return NULL;
}

static struct json_object *list_tests(const struct plan *p, const struct plan_cell *cell)
{
	const struct kconfig *config = p->configs[cell->config];
	struct json_object *tests = json_object_new_array();

	for (size_t i = 0; i < p->nsuites; i++) {
		const struct suite *s = p->suites[i];

		if (!plan_has_suite(p, i, cell))
			continue;
		for (size_t k = 0; k < s->ntests; k++)
			json_object_array_add(tests, suite_test_json(&s->tests[k],
								     config->slowdown));
	}
	if (json_len(tests))
		return tests;
	json_object_put(tests);
	return NULL;
}

static size_t cell_index(const struct plan *p, const struct plan_cell *cell)
{
	return (cell->config * p->ntopologies + cell->topology) * 2 + cell->deep;
}

struct json_object *plan_tests(const struct plan *p, const struct plan_cell *cell)
{
	return p->tests[cell_index(p, cell)];
}

static void load_tests(struct plan *p)
{
	p->tests = mem_alloc0(p->nconfigs * p->ntopologies * 2 *
			      sizeof(struct json_object *));
	for (size_t c = 0; c < p->nconfigs; c++)
		for (size_t t = 0; t < p->ntopologies; t++)
			for (int deep = 0; deep < 2; deep++) {
				struct plan_cell cell = { .config = c,
							  .topology = t,
							  .deep = deep };

				p->tests[cell_index(p, &cell)] = list_tests(p, &cell);
			}
}

/* What is named; a list that is NULL is left out. */
static int load_named(struct plan *p, const struct config *config, char *const *configs,
		      char *const *topologies, char *const *suites, struct err *err)
{
	if ((configs && check_names("config", configs, err) < 0) ||
	    (topologies && check_names("topology", topologies, err) < 0) ||
	    (suites && check_names("suite", suites, err) < 0) ||
	    (configs && load_configs(p, configs, err) < 0) ||
	    (topologies && load_topologies(p, topologies, err) < 0) ||
	    (suites && load_suites(p, config, suites, err) < 0))
		return -1;
	return 0;
}

int plan_check(const struct config *config, char *const *configs, char *const *topologies,
	       char *const *suites, struct err *err)
{
	struct plan *p = mem_alloc0(sizeof(*p));
	int rc = load_named(p, config, configs, topologies, suites, err);

	plan_free(p);
	return rc;
}

int plan_load_names(const struct config *config, char *const *configs,
		    char *const *topologies, char *const *suites, struct plan **ret_plan,
		    struct err *err)
{
	struct plan *p = mem_alloc0(sizeof(*p));

	if (load_named(p, config, configs, topologies, suites, err) < 0) {
		plan_free(p);
		return -1;
	}
	load_tests(p);
	*ret_plan = p;
	return 0;
}

int plan_load(const struct config *config, const struct state *st, char *const *configs,
	      char *const *topologies, char *const *suites, struct plan **ret_plan,
	      struct err *err)
{
	struct plan *p = mem_alloc0(sizeof(*p));

	if (load_named(p, config, configs, topologies, suites, err) < 0 ||
	    load_known_issues(p, err) < 0 ||
	    check_cmdlines(p, config->cmdline_extra, err) < 0 ||
	    load_machine(p, config, st, err) < 0 || load_libraries(p, err) < 0) {
		plan_free(p);
		return -1;
	}
	load_tests(p);
	*ret_plan = p;
	return 0;
}

void plan_free(struct plan *p)
{
	if (!p)
		return;
	for (size_t i = 0; p->tests && i < p->nconfigs * p->ntopologies * 2; i++)
		json_object_put(p->tests[i]);
	for (size_t i = 0; i < p->nconfigs; i++) {
		kconfig_done(p->configs[i]);
		free(p->configs[i]);
	}
	for (size_t i = 0; i < p->ntopologies; i++)
		topology_free(p->topologies[i]);
	for (size_t i = 0; i < p->nsuites; i++)
		suite_free(p->suites[i]);
	free(p->tests);
	free(p->configs);
	free(p->topologies);
	free(p->suites);
	known_issues_free(p->known_issues);
	strv_free(p->expired);
	free(p->toolchain_text);
	free(p->qemu_version);
	free(p->cpu_model);
	free(p->accel_note);
	free(p);
}

/* Adds a program once; names and paths go to the vectors, which own them. file
 * NULL: of the guest folder. */
static int add_program(const struct state *st, const char *folder, const char *name,
		       const char *file, struct initramfs_entry *entries, size_t *n,
		       struct err *err)
{
	AUTO_FREE char *inside = str_printf("%s%s", folder, name);
	AUTO_FREE char *source = file ? str_dup(file) :
					path_join(st->guest_dir, name, NULL);

	for (size_t i = 0; i < *n; i++)
		if (strcmp(entries[i].path, inside) == 0)
			return 0;
	if (!path_exists(source))
		return err_set(err, ERR_MISSING,
			       "%s: the guest program \"%s\" is not built (run make)",
			       source, name);
	entries[*n] = (struct initramfs_entry){ .path = TAKE_PTR(inside),
						.source = TAKE_PTR(source) };
	(*n)++;
	return 0;
}

int plan_write_initramfs(const struct plan *p, const struct state *st, bool deep,
			 const struct initramfs_entry *more, size_t nmore,
			 const char *path, struct err *err)
{
	AUTO_FREE struct initramfs_entry *entries = NULL;
	size_t n = 0, max = 1 + nmore;
	int rc;

	/* Each test's own program, and the one that runs it with settings. */
	for (size_t i = 0; i < p->nsuites; i++)
		max += 2 * p->suites[i]->ntests;
	entries = mem_alloc0(max * sizeof(*entries));
	rc = add_program(st, "", "init", NULL, entries, &n, err);
	for (size_t i = 0; rc == 0 && i < p->nsuites; i++) {
		char **programs;

		if (p->suites[i]->deep && !deep)
			continue;
		programs = suite_programs(p->suites[i]);
		for (size_t k = 0; rc == 0 && programs[k]; k++)
			rc = add_program(st, "tests/", programs[k],
					 suite_program_file(p->suites[i], programs[k]),
					 entries, &n, err);
		strv_free(programs);
	}
	if (nmore)
		memcpy(entries + n, more, nmore * sizeof(*entries));
	if (rc == 0)
		rc = initramfs_write(path, entries, n + nmore, err);
	for (size_t i = 0; i < n; i++) {
		free((char *)entries[i].path);
		free((char *)entries[i].source);
	}
	return rc;
}
