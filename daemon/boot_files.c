#include "daemon/boot_files.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"

/* Those made so far, by step and suites. */
struct boot_files {
	struct entry {
		int step;
		bool deep;
		char *suites; /* names, each behind a space */
		struct run_initramfs initramfs;
	} * *v;
	size_t n;
};

/* ---- initramfs ---- */

static int make_initramfs(struct series_run *r, bool deep,
			  const struct initramfs_entry *more, size_t nmore,
			  struct run_initramfs *ret, struct err *err)
{
	AUTO_FREE char *tmp =
		str_printf("%s/initramfs-%ld", r->state->jobs, (long)getpid());
	int rc = plan_write_initramfs(r->plan, r->state, deep, more, nmore, tmp, err);

	if (rc == 0)
		rc = artifact_put_file(r->artifacts, tmp, ARTIFACT_RAW, ret->sha, err);
	if (rc == 0)
		rc = artifact_path(r->artifacts, ret->sha, &ret->path, err);
	unlink(tmp);
	return rc;
}

int boot_files_init(struct series_run *r, struct err *err)
{
	r->files = mem_alloc0(sizeof(*r->files));
	for (int deep = 0; deep < 2; deep++)
		if (make_initramfs(r, deep, NULL, 0, &r->initramfs[deep], err) < 0)
			return -1;
	return 0;
}

void boot_files_done(struct series_run *r)
{
	struct boot_files *f = r->files;

	for (size_t i = 0; f && i < f->n; i++) {
		free(f->v[i]->suites);
		free(f->v[i]->initramfs.path);
		free(f->v[i]);
	}
	if (f)
		free(f->v);
	free(f);
	free(r->initramfs[0].path);
	free(r->initramfs[1].path);
}

struct programs {
	struct initramfs_entry *v;
	size_t n;
};

static void programs_done(struct programs *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free((char *)p->v[i].path);
		free((char *)p->v[i].source);
	}
	free(p->v);
}

static int add_programs(struct series_run *r, int step, size_t suite, struct programs *p,
			struct err *err)
{
	struct json_object *list = run_selftests(r, step, suite)->programs;

	p->v = mem_realloc(p->v, p->n + json_len(list) + 1, sizeof(*p->v));
	for (size_t i = 0; i < json_len(list); i++) {
		struct json_object *o = json_object_array_get_idx(list, i);
		const char *sha = json_str(o, "sha256", NULL);
		char *source;

		if (!sha)
			continue;
		if (artifact_path(r->artifacts, sha, &source, err) < 0)
			return -1;
		p->v[p->n++] = (struct initramfs_entry){
			.path = str_printf("tests/%s/%s", r->plan->suites[suite]->name,
					   json_str(o, "name", "")),
			.source = source,
		};
	}
	return 0;
}

static const struct run_initramfs *known_initramfs(const struct boot_files *f, int step,
						   bool deep, const char *suites)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->v[i]->step == step && f->v[i]->deep == deep &&
		    strcmp(f->v[i]->suites, suites) == 0)
			return &f->v[i]->initramfs;
	return NULL;
}

/* Of a cell with selftests: those of its suites, however many topologies have them. */
static int own_initramfs(struct series_run *r, const struct plan_cell *cell, int step,
			 const struct run_initramfs **ret, struct err *err)
{
	AUTO(programs_done) struct programs more = { .n = 0 };
	AUTO(str_done) struct str suites = STR_INIT;
	struct boot_files *f = r->files;
	struct entry *e;

	for (size_t s = 0; s < r->plan->nsuites; s++) {
		if (!r->plan->suites[s]->selftests || !plan_has_suite(r->plan, s, cell))
			continue;
		str_addf(&suites, " %s", r->plan->suites[s]->name);
		if (add_programs(r, step, s, &more, err) < 0)
			return -1;
	}
	*ret = known_initramfs(f, step, cell->deep, str_get(&suites));
	if (*ret)
		return 0;
	e = mem_alloc0(sizeof(*e));
	e->step = step;
	e->deep = cell->deep;
	e->suites = str_take(&suites);
	f->v = mem_realloc(f->v, f->n + 1, sizeof(struct entry *));
	f->v[f->n++] = e;
	*ret = &e->initramfs;
	return make_initramfs(r, cell->deep, more.v, more.n, &e->initramfs, err);
}

/* ---- tests ---- */

static struct json_object *program_of(const struct walk_selftests *t, const char *name)
{
	for (size_t i = 0; i < json_len(t->programs); i++) {
		struct json_object *o = json_object_array_get_idx(t->programs, i);

		if (strcmp(json_str(o, "name", ""), name) == 0)
			return o;
	}
	return NULL;
}

/* What becomes of a test without its program. */
static struct json_object *unmade_test(const char *test, const struct walk_selftests *t,
				       struct json_object *program)
{
	struct json_object *o = json_object_new_object();
	const char *status = json_str(program, "status", "");
	const char *error = json_str(program, "error", "no reason is known");
	bool fails = strcmp(status, "fail") == 0;
	AUTO_FREE char *reason =
		t->why ? str_printf("infra: its program was not built: %s", t->why) :
			 str_printf("%s%s", fails ? "does not build: " : "", error);

	json_set_str(o, "test", test);
	json_set_str(o, "result",
		     test_result_str(t->why ? RESULT_NOT_RUN :
				     fails  ? RESULT_FAIL :
					      RESULT_SKIP));
	json_set_str(o, "reason", reason);
	return o;
}

/* True for a test whose program is the tree's. */
static bool sort_test(struct series_run *r, struct run_boot *boot,
		      struct json_object *test)
{
	const char *id = json_str(test, "test", "");
	size_t suite;
	const struct suite_test *st = plan_selftest(r->plan, id, &suite);
	const struct walk_selftests *t;
	struct json_object *program;

	t = st ? run_selftests(r, boot->step, suite) : NULL;
	program = t ? program_of(t, st->program) : NULL;
	if (!st || json_str(program, "sha256", NULL)) {
		json_object_array_add(boot->plan, json_object_get(test));
		return st != NULL;
	}
	if (!boot->unmade)
		boot->unmade = json_object_new_array();
	json_object_array_add(boot->unmade, unmade_test(id, t, program));
	return true;
}

int boot_files_fit(struct series_run *r, const struct plan_cell *cell,
		   struct run_boot *boot, struct err *err)
{
	struct json_object *all = plan_tests(r->plan, cell);
	bool own = false;

	boot->plan = json_object_new_array();
	for (size_t i = 0; i < json_len(all); i++)
		own |= sort_test(r, boot, json_object_array_get_idx(all, i));
	boot->initramfs = &r->initramfs[cell->deep];
	return own ? own_initramfs(r, cell, boot->step, &boot->initramfs, err) : 0;
}
