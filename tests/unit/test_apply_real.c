/*
 * Real mails against `git am -3`, the reference: the same patches accepted, the
 * same trees. The mails are those of $SLUICE_MAIL_DIR (../shared/mail; skipped
 * when there are none).
 *
 * test_made_trees takes some of them and makes, for each, the small tree that
 * its hunks were cut from, with the lines at their place and moved.
 * test_real_tree wants $SLUICE_TEST_TREE, "STORE TREE" (a store made by sluice
 * and the name of a kernel tree in it) and b4, applies every series of the mails
 * there, and takes minutes.
 */
#include "tests/unit/git_fixture.h"

#include <glob.h>

#include "kernels/filepatch.h"
#include "kernels/patch.h"
#include "kernels/policy.h"
#include "kernels/role_apply.h"
#include "kernels/store.h"
#include "kernels/tree_import.h"

#define MAILS_MAX 25

static const char *mail_dir(void)
{
	const char *dir = getenv("SLUICE_MAIL_DIR");

	return dir ? dir : "../shared/mail";
}

static int setup(void **state)
{
	struct err err = { 0 };

	if (tmpdir_setup(state))
		return -1;
	AUTO_FREE char *store = path_join(*state, "store", NULL);
	sh(*state, "git init -q -b main src");
	return store_create(store, &err);
}

/* ---- made trees ---- */

struct maker {
	struct str text;
	unsigned long line; /* number of the next one */
};

static void fill_to(struct maker *m, unsigned long line)
{
	for (; m->line < line; m->line++)
		str_addf(&m->text, "line %lu of nothing\n", m->line);
}

/* The lines that a hunk takes away or leaves, at their place. Returns the rest. */
static const char *make_hunk(struct maker *m, const char *p, const char *end, bool *open)
{
	unsigned long pos, old = 1, new = 1, new_pos;

	if (sscanf(p, "@@ -%lu,%lu +%lu,%lu @@", &pos, &old, &new_pos, &new) < 4) {
		old = new = 1;
		if (sscanf(p, "@@ -%lu,%lu +%lu @@", &pos, &old, &new_pos) < 3 &&
		    sscanf(p, "@@ -%lu +%lu,%lu @@", &pos, &new_pos, &new) < 3)
			sscanf(p, "@@ -%lu +%lu @@", &pos, &new_pos);
	}
	fill_to(m, pos);
	p = memchr(p, '\n', (size_t)(end - p)) + 1;
	while (p < end && (old || new)) {
		size_t n = strcspn(p, "\n") + 1;

		if (*p != '+') {
			str_addn(&m->text, *p == '\n' ? p : p + 1,
				 *p == '\n' ? n : n - 1);
			m->line++;
		}
		old -= *p != '+';
		new -= *p != '-';
		*open = *p != '+' && *p != '-';
		p += n;
	}
	return p;
}

static void make_file(const char *dir, const struct filepatch *f, unsigned shift)
{
	struct maker m = { .text = STR_INIT, .line = 1 };
	const char *p = f->hunks, *end = f->hunks + f->hunks_len;
	bool open = true; /* lines may follow the last hunk */
	AUTO_FREE char *script =
		str_printf("mkdir -p \"src/$(dirname '%s')\"", f->old_path);
	AUTO_FREE char *name = path_join("src", f->old_path, NULL);

	for (unsigned i = 0; i < shift; i++)
		str_addf(&m.text, "moved by %u\n", i);
	while (p < end && !strncmp(p, "@@ -", 4))
		p = make_hunk(&m, p, end, &open);
	if (open)
		fill_to(&m, m.line + 5);
	sh(dir, script);
	put_file(dir, name, str_get(&m.text));
	str_done(&m.text);
}

static struct json_object *run_on(const char *dir, const char *store, const char *commit,
				  const char *const *mails, size_t n)
{
	AUTO_FREE char *text = str_printf(
		"{\"source\":\"mail\",\"repo\":\"%s/series.git\",\"base\":\"%s\","
		"\"ref_prefix\":\"refs/sluice/x/1\",\"patches\":[]}",
		dir, commit);
	AUTO_FREE char *repo = path_join(dir, "series.git", NULL);
	AUTO_JSON struct json_object *job = json_of(text);
	struct json_object *result = json_object_new_object();
	struct err err = { 0 };

	for (size_t i = 0; i < n; i++) {
		struct json_object *o = json_object_new_object();

		json_set_str(o, "file", mails[i]);
		json_object_array_add(json_arr(job, "patches"), o);
	}
	if (series_repo_drop(repo, &err) || series_repo_create(repo, store, NULL, &err) ||
	    role_apply(job, dir, result, &err))
		fail_msg("%s", err.msg);
	return result;
}

static struct json_object *step_at(struct json_object *result, size_t k)
{
	return json_object_array_get_idx(json_arr(result, "steps"), k);
}

/* The tree after `git am` of one mail on main; "" when it refuses. */
static char *am_on_main(const char *dir, const char *mail)
{
	AUTO_FREE char *script = str_printf(
		"cd src && git checkout -q --detach main && "
		"if git am -q -3 '%s' >../am.txt 2>&1; then git rev-parse HEAD^{tree}; "
		"else git am --abort >/dev/null 2>&1 || true; "
		"git reset -q --hard main; git clean -qfdx; fi",
		mail);

	return sh_out(dir, script);
}

static unsigned accepted;

static void compare(const char *dir, const char *mail, const struct filepatches *files,
		    unsigned shift)
{
	AUTO_FREE char *store = path_join(dir, "store", NULL);
	AUTO_FREE char *src = path_join(dir, "src", NULL);
	AUTO_JSON struct json_object *r = NULL;
	const char *got;

	sh(dir,
	   "cd src && find . -mindepth 1 -maxdepth 1 ! -name .git -exec rm -rf {} + && "
	   "echo always > always");
	for (size_t i = 0; i < files->n; i++)
		if (files->v[i].old_path)
			make_file(dir, &files->v[i], shift);
	sh(dir,
	   "cd src && git checkout -q --orphan next && git add -Af && git commit -qm made && "
	   "git branch -f main && git checkout -q main && git branch -qD next");
	assert_int_equal(store_borrow(store, src, NULL), 0);
	AUTO_FREE char *commit = sh_out(dir, "cd src && git rev-parse main");
	AUTO_FREE char *want = am_on_main(dir, mail);
	r = run_on(dir, store, commit, &mail, 1);
	got = json_str(step_at(r, 1), "tree", "");
	if (strcmp(got, want))
		fail_msg("%s moved by %u: git am \"%s\", we \"%s\" (%s)", mail, shift,
			 want, got, json_str(step_at(r, 1), "reason", ""));
	accepted += *want != '\0';
	sh(dir, "cd src && git checkout -q main");
}

/* false: it has no patch that the policy lets pass. */
static bool compare_mail(const char *dir, const char *mail, unsigned shift)
{
	const struct policy_limits limits = { .patch_bytes = 200000, .patch_files = 10 };
	AUTO(filepatches_done) struct filepatches files = { 0 };
	AUTO_FREE char *text = NULL;
	struct patch *p = NULL;
	struct refusal refusal;
	char why[160];
	size_t len;
	bool fine;

	assert_int_equal(file_read(mail, 1 << 24, &text, &len, NULL), 0);
	fine = !patch_parse(text, len, &p, NULL) && p->diff_len &&
	       policy_check_diff(p->diff, p->diff_len, &limits, &refusal) &&
	       filepatches_read(p->diff, p->diff_len, &files, why);
	if (fine)
		compare(dir, mail, &files, shift);
	patch_free(p);
	return fine;
}

static bool mails_found(glob_t *boxes)
{
	AUTO_FREE char *pattern = path_join(mail_dir(), "*.mbox", NULL);

	return !glob(pattern, 0, NULL, boxes);
}

static void test_made_trees(void **state)
{
	glob_t boxes, mails;
	unsigned n = 0;

	/* Before anything is allocated: skip() does not return. */
	if (!mails_found(&boxes))
		skip();
	AUTO_FREE char *split = path_join(*state, "split", NULL);
	for (size_t i = 0; i < boxes.gl_pathc && n < MAILS_MAX; i++) {
		AUTO_FREE char *path = realpath(boxes.gl_pathv[i], NULL);
		AUTO_FREE char *script =
			str_printf("rm -rf split && mkdir split && "
				   "git mailsplit --mboxrd -osplit '%s' >/dev/null",
				   path);
		AUTO_FREE char *all = str_printf("%s/*", split);

		if (sh_status(*state, script) || glob(all, 0, NULL, &mails))
			continue;
		/* One of a thread, not always the first. */
		for (size_t k = 0; k < mails.gl_pathc; k++)
			if (compare_mail(*state, mails.gl_pathv[(k + i) % mails.gl_pathc],
					 n % 3)) {
				n++;
				break;
			}
		globfree(&mails);
	}
	globfree(&boxes);
	/* Those that are refused are so because they were moved to where they may not be. */
	print_message("%u mails, git am takes %u\n", n, accepted);
	assert_true(n && accepted > n / 2);
}

/* ---- a real tree ---- */

/* p/0001 ... as b4 makes them of one line of index.tsv; nothing if it makes none. */
static const char run_b4[] =
	"rm -rf b4 p && mkdir -p b4/x p && cd b4 && "
	"export XDG_CACHE_HOME=$PWD/x XDG_DATA_HOME=$PWD/x GIT_CONFIG_COUNT=2 "
	"GIT_CONFIG_KEY_0=b4.attestation-policy GIT_CONFIG_VALUE_0=off "
	"GIT_CONFIG_KEY_1=user.email GIT_CONFIG_VALUE_1=a@x && "
	"b4 -n --no-stdin am -C -T -o . -n N $V -m - \"$ID\" <\"$BOX\" >log 2>&1; "
	"for f in N*.mbx; do [ -f \"$f\" ] && git mailsplit -o../p \"$f\" >/dev/null; done; true";

/* One line for each patch that git am takes, in a sparse repository. */
static const char reference[] =
	"[ -d ref ] || { git init -q ref && echo \"$STORE/objects\" "
	">ref/.git/objects/info/alternates && git -C ref config core.sparseCheckout true && "
	"echo /.nothing >ref/.git/info/sparse-checkout; }; cd ref; "
	"git am --abort >/dev/null 2>&1 || true; "
	"git update-ref --no-deref HEAD $HEAD; git read-tree --reset -u $HEAD; "
	"for p in ../p/*; do T=$(git rev-parse HEAD^{tree}); git am -q -3 $p >../am.txt 2>&1 || "
	"break; git rev-parse HEAD^{tree}; done";

static void compare_series(const char *dir, const char *store, const char *head)
{
	AUTO_FREE char *script = str_printf("ls -d $PWD/p/*");
	AUTO_FREE char *list = sh_out(dir, script);
	AUTO_FREE char *trees = sh_out(dir, reference);
	char **mails = strv_split(list, "\n");
	char **want = strv_split(trees, "\n");
	AUTO_JSON struct json_object *r =
		run_on(dir, store, head, (const char *const *)mails, strv_len(mails));

	for (size_t k = 0; mails[k]; k++) {
		struct json_object *step = step_at(r, k + 1);
		const char *tree = json_str(step, "tree", NULL);

		/* We see that a patch is there also without its blobs. */
		if (!strcmp(json_str(step, "apply", ""), "already-applied"))
			break;
		if (!tree != !want[k] || (tree && strcmp(tree, want[k])))
			fail_msg("%s: git am \"%s\", we \"%s\" (%s)", mails[k],
				 want[k] ? want[k] : "", tree ? tree : "",
				 json_str(step, "reason", ""));
		if (!tree)
			break;
	}
	strv_free(mails);
	strv_free(want);
}

static void test_real_tree(void **state)
{
	const char *tree = getenv("SLUICE_TEST_TREE");
	AUTO(heads_done) struct heads heads = { 0 };
	char line[8192];

	/* skip() jumps: nothing may be owned yet. */
	if (!tree || !strchr(tree, ' '))
		skip();
	AUTO_FREE char *index = path_join(mail_dir(), "index.tsv", NULL);
	AUTO_FREE char *store = str_ndup(tree, strcspn(tree, " "));
	assert_int_equal(store_heads(store, strchr(tree, ' ') + 1, &heads, NULL), 0);
	setenv("STORE", store, 1);
	setenv("HEAD", heads.v[0].commit, 1);
	AUTO_FILE FILE *f = fopen(index, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		char *rest = line, *column[16] = { NULL };

		for (size_t i = 0; i < ARRAY_SIZE(column); i++)
			column[i] = strsep(&rest, "\t\n");
		if (!column[14] || !strcmp(column[0], "message-id"))
			continue;
		AUTO_FREE char *dir = realpath(mail_dir(), NULL);
		AUTO_FREE char *box = path_join(dir, column[14], NULL);
		AUTO_FREE char *v = strcmp(column[7], "-") && *column[7] ?
					    str_printf("-v %s", column[7]) :
					    str_dup("");
		setenv("ID", column[0], 1);
		setenv("BOX", box, 1);
		setenv("V", v, 1);
		sh(*state, run_b4);
		if (!sh_status(*state, "[ -n \"$(ls p)\" ]"))
			compare_series(*state, store, heads.v[0].commit);
	}
}

#define repo_test(fn) cmocka_unit_test_setup_teardown(fn, setup, tmpdir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		repo_test(test_made_trees),
		repo_test(test_real_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
