#include "tests/unit/git_fixture.h"

#include <sys/wait.h>
#include <unistd.h>

#include "kernels/git.h"
#include "kernels/store.h"
#include "kernels/tree_import.h"

struct count {
	unsigned lines;
	unsigned long files;
};

static void progress(const char *line, unsigned long files, void *arg)
{
	struct count *c = arg;

	c->lines += line != NULL;
	if (!line)
		c->files = files;
}

static int setup(void **state)
{
	struct err err = { 0 };

	if (tmpdir_setup(state))
		return -1;
	AUTO_FREE char *store = path_join(*state, "store", NULL);
	if (store_create(store, &err) || store_create(store, &err))
		fail_msg("%s", err.msg);
	return 0;
}

static int try_import(const char *dir, const char *name, const char *source,
		      struct tree_info *info, struct err *err)
{
	AUTO_FREE char *store = path_join(dir, "store", NULL);
	AUTO_FREE char *path = source[0] == '/' || strstr(source, "://") ?
				       str_dup(source) :
				       path_join(dir, source, NULL);
	struct count c = { 0 };
	const struct tree_import_opts opts = { .store = store,
					       .name = name,
					       .source = path,
					       .progress = progress,
					       .arg = &c };

	return tree_import(&opts, info, err);
}

static struct tree_info import(const char *dir, const char *name, const char *source)
{
	struct tree_info info;
	struct err err = { 0 };

	if (try_import(dir, name, source, &info, &err))
		fail_msg("%s", err.msg);
	return info;
}

static void import_fails(const char *dir, const char *name, const char *source,
			 const char *why)
{
	struct tree_info info;
	struct err err = { 0 };

	assert_int_equal(try_import(dir, name, source, &info, &err), -1);
	if (!strstr(err.msg, why))
		fail_msg("\"%s\", should be \"%s\"", err.msg, why);
}

/* Also what is ignored, executable, linked, empty, oddly and very long named. */
static const char files[] =
	"mkdir -p top/mm top/d && cd top && echo '*' > .gitignore && seq 9 > mm/x.c && "
	"echo x > run && chmod 755 run && chmod 640 mm/x.c && : > empty && "
	"ln -s ../nowhere d/link && echo q > 'a \"b\\c' && echo n > \"$(printf 'new\\nline')\" && "
	"L=$(printf '%0120d' 1) && mkdir -p $L/$L && echo deep > $L/$L/f && "
	"ln -s $L/$L/$L/$L d/long && seq 30000 > big && mkdir empty-folder && cd ..";

static char *tree_by_git(const char *dir)
{
	return sh_out(dir, "rm -rf ref && cp -a top ref && cd ref && git init -q && "
			   "git add -Af && git write-tree");
}

static void has_tree(const char *dir, const struct tree_info *info, const char *want)
{
	AUTO_FREE char *script =
		str_printf("git --git-dir=store fsck --no-dangling 2>/dev/null && "
			   "git --git-dir=store rev-parse %s^{tree}",
			   info->commit);
	AUTO_FREE char *got = sh_out(dir, script);

	assert_string_equal(got, want);
}

static void test_tarballs(void **state)
{
	static const char *const made[] = {
		"tar -cf t1.tar top",
		"tar --format=pax -cJf t2.tar.xz top",
		"tar --format=gnu -czf t3.tar.gz ./top",
		"tar --format=posix -cf t4.tar top && cat t4.tar > t4",
	};
	static const char *const names[] = { "t1.tar", "t2.tar.xz", "t3.tar.gz", "t4" };

	sh(*state, files);
	AUTO_FREE char *want = tree_by_git(*state);
	for (size_t i = 0; i < ARRAY_SIZE(made); i++) {
		sh(*state, made[i]);
		struct tree_info info = import(*state, "deb", names[i]);

		assert_int_equal(info.kind, IMPORT_TARBALL);
		assert_false(info.unchanged);
		assert_string_equal(info.ref, "refs/trees/deb/main");
		has_tree(*state, &info, want);
	}
}

static void test_tarball_again(void **state)
{
	sh(*state, files);
	sh(*state, "tar -cf t.tar top");
	struct tree_info a = import(*state, "deb", "t.tar");
	struct tree_info b = import(*state, "deb", "t.tar");
	struct tree_info c = import(*state, "other", "t.tar");

	assert_true(b.unchanged && !c.unchanged);
	assert_string_equal(a.commit, b.commit);
	assert_string_equal(a.commit, c.commit);
	/* A newer one takes its place. */
	sh(*state, "seq 7 > top/mm/x.c && tar -cf t.tar top");
	struct tree_info d = import(*state, "deb", "t.tar");
	assert_string_not_equal(a.commit, d.commit);
	AUTO_FREE char *want = tree_by_git(*state);
	has_tree(*state, &d, want);
}

static void test_hardlink_in_tarball(void **state)
{
	sh(*state,
	   "mkdir -p top/d && echo a > top/f && ln top/f top/d/g && tar -cf t.tar top");
	struct tree_info info = import(*state, "deb", "t.tar");
	AUTO_FREE char *want = tree_by_git(*state);

	has_tree(*state, &info, want);
}

static void test_bad_tarballs(void **state)
{
	sh(*state, files);
	sh(*state,
	   "tar -cJf t.tar.xz top && head -c 900 t.tar.xz > cut.tar.xz && "
	   "tar -cf t.tar top && head -c 20000 t.tar > cut.tar && "
	   "head -c 5000 /dev/urandom > noise && : > nothing && "
	   "tar -C top -cf flat.tar run empty && mkdir two && "
	   "tar -cf two.tar two top && tar -cf fifo.tar -C . two && mkfifo two/p && "
	   "tar -cf fifo.tar two && tar -cf up.tar --transform 's,^top/run,top/../run,' "
	   "-P top/run top/empty");
	import_fails(*state, "deb", "cut.tar.xz", "xz ended with");
	import_fails(*state, "deb", "cut.tar", "cut short");
	import_fails(*state, "deb", "noise", "no tar archive");
	import_fails(*state, "deb", "nothing", "empty");
	import_fails(*state, "deb", "flat.tar", "no top folder");
	import_fails(*state, "deb", "two.tar", "more than one top folder");
	import_fails(*state, "deb", "fifo.tar", "type '6'");
	import_fails(*state, "deb", "up.tar", "no path for a tree");
	import_fails(*state, "deb", "missing.tar", "No such file");
	import_fails(*state, "a/b", "t.tar", "no name for a tree");
	assert_int_not_equal(sh_status(*state, "git --git-dir=store show-ref"), 0);
}

static void test_folder(void **state)
{
	sh(*state, files);
	struct tree_info a = import(*state, "deb", "top");
	struct tree_info b = import(*state, "deb", "top/");
	AUTO_FREE char *want = tree_by_git(*state);

	assert_int_equal(a.kind, IMPORT_FOLDER);
	has_tree(*state, &a, want);
	assert_string_equal(a.commit, b.commit);
}

static const char repo[] =
	"git init -q -b work src && cd src && seq 9 > f && git add f && git commit -qm 1 && "
	"git branch side && git branch feature/x && seq 8 > f && git commit -qam 2";

static void test_local(void **state)
{
	AUTO(heads_done) struct heads h = { 0 };
	AUTO_FREE char *store = path_join(*state, "store", NULL);
	AUTO_FREE char *src = path_join(*state, "src", NULL);
	char hex[41];

	sh(*state, repo);
	struct tree_info info = import(*state, "mm", "src");
	assert_int_equal(info.kind, IMPORT_LOCAL);
	assert_string_equal(info.ref, "refs/trees/mm/work");
	assert_int_equal(info.branches, 3);
	/* Borrowed, not copied. */
	sh(*state, "test $(find store/objects -type f | grep -vc info/) = 0");
	/* What changes is seen by a refresh: new, moved, gone branches, another HEAD. */
	sh(*state,
	   "cd src && seq 7 > f && git commit -qam 3 && git branch -qD feature/x && "
	   "git branch feature && git checkout -q side");
	assert_int_equal(tree_refresh(store, "mm", src, NULL), 0);
	assert_int_equal(store_heads(store, "mm", &h, NULL), 0);
	assert_int_equal(h.n, 3);
	assert_string_equal(h.v[0].ref, "refs/trees/mm/side");
	AUTO_FREE char *tip = sh_out(*state, "cd src && git rev-parse work");
	assert_int_equal(tree_revision_resolve(store, "mm", src, "work", hex, NULL), 0);
	assert_string_equal(hex, tip);
	assert_int_equal(tree_revision_resolve(store, "mm", src, "work~1", hex, NULL), 0);
	assert_int_equal(tree_revision_resolve(store, "mm", src, "nothing", hex, NULL),
			 -1);
	assert_int_equal(store_forget(store, "mm", NULL), 0);
	assert_int_equal(store_heads(store, "mm", &h, NULL), -1);
}

static void test_local_forms(void **state)
{
	sh(*state, repo);
	sh(*state,
	   "git clone -q --bare src bare.git && cd src && git worktree add -q ../wt side");
	struct tree_info a = import(*state, "a", "bare.git");
	struct tree_info b = import(*state, "b", "wt");
	assert_string_equal(a.ref, "refs/trees/a/work");
	assert_string_equal(b.ref, "refs/trees/b/side");
	/* Nobody's branch. */
	sh(*state, "cd src && git checkout -q --detach work~1");
	struct tree_info c = import(*state, "c", "src");
	AUTO_FREE char *want = sh_out(*state, "cd src && git rev-parse HEAD");
	assert_string_equal(c.commit, want);
	sh(*state, "git init -q bare-of-all");
	import_fails(*state, "d", "bare-of-all", "no branch");
}

static void test_url(void **state)
{
	AUTO_FREE char *url = str_printf("file://%s/src", (char *)*state);

	sh(*state, repo);
	setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
	struct tree_info info = import(*state, "far", url);
	assert_int_equal(info.kind, IMPORT_URL);
	assert_string_equal(info.ref, "refs/trees/far/work");
	sh(*state, "rm -rf src && git --git-dir=store fsck --no-dangling 2>/dev/null");
	import_fails(*state, "far", url, "git: ");
	assert_int_equal(import_kind_of("git@host:linux.git", &info.kind, NULL), 0);
	assert_int_equal(info.kind, IMPORT_URL);
}

/* A job and "sluice tree update", beside each other. */
static void refreshed_by_several_at_once(void **state)
{
	AUTO_FREE char *store = path_join(*state, "store", NULL);
	AUTO_FREE char *src = path_join(*state, "src", NULL);
	pid_t pids[3];

	sh(*state, repo);
	import(*state, "mm", "src");
	for (size_t k = 0; k < ARRAY_SIZE(pids); k++) {
		pids[k] = fork();
		if (pids[k] == 0) {
			int bad = 0;

			for (int i = 0; i < 100 && !bad; i++)
				bad = tree_refresh(store, "mm", src, NULL) != 0;
			_exit(bad);
		}
	}
	for (size_t k = 0; k < ARRAY_SIZE(pids); k++) {
		int status = -1;

		assert_int_equal(waitpid(pids[k], &status, 0), pids[k]);
		assert_int_equal(status, 0);
	}
}

#define store_test(fn) cmocka_unit_test_setup_teardown(fn, setup, tmpdir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(test_tarballs),
		store_test(test_tarball_again),
		store_test(test_hardlink_in_tarball),
		store_test(test_bad_tarballs),
		store_test(test_folder),
		store_test(test_local),
		store_test(test_local_forms),
		store_test(test_url),
		store_test(refreshed_by_several_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
