/*
 * The role "tree" and what takes over its result: a published tree that grows, is made
 * anew, vanishes, is silent, is too large; and a role that is not to be trusted.
 */
#include "tests/unit/git_fixture.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernels/role_tree.h"
#include "kernels/store.h"
#include "kernels/tree_take.h"
#include "lib/file.h"

static const char seed[] =
	"git init -q -b main src && cd src && echo 1 > a && git add a && git commit -qm one && "
	"git branch side && echo 2 > a && git commit -qam two";

static int setup(void **state)
{
	struct err err = { 0 };

	if (tmpdir_setup(state))
		return -1;
	AUTO_FREE char *store = path_join(*state, "store", NULL);

	sh(*state, seed);
	return store_create(store, &err);
}

/* What the role said, after a run of its own: it limits and changes its process. */
static struct json_object *fetch_with(const char *dir, const char *more)
{
	AUTO_FREE char *jobdir = path_join(dir, "job", NULL);
	AUTO_FREE char *out = path_join(dir, "result", NULL);
	AUTO_FREE char *text =
		str_printf("{\"name\":\"toy\",\"source\":\"file://%s/src\","
			   "\"store\":\"%s/store\",\"heads\":[],"
			   "\"have\":[]%s}",
			   dir, dir, more);
	struct json_object *result = NULL;
	int status;
	pid_t pid;

	assert_int_equal(tree_remove(jobdir, NULL), 0);
	assert_int_equal(dir_make(jobdir, 0755, NULL), 0);
	pid = fork();
	if (pid == 0) {
		struct json_object *job = json_of(text);
		struct json_object *o = json_object_new_object();
		struct err err = { 0 };

		setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
		setenv("HOME", "/nonexistent", 1);
		if (role_tree(job, jobdir, o, &err) < 0)
			json_set_str(o, "error", err.msg);
		_exit(json_write_file(out, o, NULL) < 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(json_read_file(out, 1 << 20, &result, NULL), 0);
	return result;
}

static int take_from(const char *dir, struct json_object *result, struct tree_info *info,
		     struct err *err)
{
	AUTO_FREE char *store = path_join(dir, "store", NULL);
	size_t n = json_len(json_arr(result, "packs"));
	char **packs = mem_alloc0((n + 1) * sizeof(*packs));
	struct tree_take_opts o = { .store = store,
				    .name = "toy",
				    .packs = packs,
				    .heads = json_arr(result, "heads"),
				    .head = json_str(result, "head", NULL) };
	int rc;

	for (size_t i = 0; i < n; i++)
		packs[i] = path_join(dir, "job",
				     json_object_get_string(json_object_array_get_idx(
					     json_arr(result, "packs"), i)),
				     NULL);
	rc = tree_take(&o, info, err);
	strv_free(packs);
	return rc;
}

/* A whole fetch that must go well. */
static void update(const char *dir, const char *more, struct tree_info *info)
{
	AUTO_JSON struct json_object *r = fetch_with(dir, more);
	struct err err = { 0 };

	if (json_str(r, "error", NULL))
		fail_msg("%s", json_str(r, "error", ""));
	if (take_from(dir, r, info, &err))
		fail_msg("%s", err.msg);
}

static void is_head(const char *dir, const struct tree_info *info, const char *rev)
{
	AUTO_FREE char *script = str_printf("git -C src rev-parse '%s'", rev);
	AUTO_FREE char *want = sh_out(dir, script);

	assert_string_equal(info->commit, want);
}

static char *branches(const char *dir)
{
	return sh_out(dir, "git --git-dir=store for-each-ref --format='%(refname)' "
			   "refs/trees | xargs");
}

/* The job's "heads": what the store has of the tree. */
static char *heads_now(const char *dir)
{
	AUTO_FREE char *list =
		sh_out(dir, "git --git-dir=store for-each-ref --format="
			    "'{\"ref\":\"%(refname)\",\"commit\":\"%(objectname)\"}' "
			    "refs/trees/toy | grep -v HEAD | paste -sd,");

	return str_printf(",\"heads\":[%s]", list);
}

static void test_grows(void **state)
{
	AUTO_FREE char *have = NULL, *got = NULL, *packs = NULL;
	struct tree_info info;

	update(*state, "", &info);
	is_head(*state, &info, "main");
	assert_string_equal(info.ref, "refs/trees/toy/main");
	assert_int_equal(info.branches, 2);
	/* Only what is new comes; what is gone goes. */
	sh(*state,
	   "cd src && echo 3 > a && git commit -qam three && git branch -D -q side && "
	   "git branch side/deep");
	have = heads_now(*state);
	update(*state, have, &info);
	is_head(*state, &info, "main");
	got = branches(*state);
	assert_string_equal(got, "refs/trees/toy/HEAD refs/trees/toy/main "
				 "refs/trees/toy/side/deep");
	packs = sh_out(*state,
		       "for i in store/objects/pack/*.idx; do git show-index < $i "
		       "| wc -l; done | sort -n | xargs");
	assert_string_equal(packs, "3 6");
	sh(*state, "git --git-dir=store fsck --strict 2>&1");
	/* Nothing new. */
	update(*state, have, &info);
	is_head(*state, &info, "main");
}

/* The branch was made anew, without anything of before in it. */
static void test_made_anew(void **state)
{
	AUTO_FREE char *have = NULL, *old = NULL;
	struct tree_info info;

	update(*state, "", &info);
	old = str_dup(info.commit);
	sh(*state, "cd src && git checkout -q --orphan new && echo x > a && "
		   "git commit -qam new && git branch -M new main");
	have = heads_now(*state);
	update(*state, have, &info);
	is_head(*state, &info, "main");
	assert_string_not_equal(info.commit, old);
	/* What was tested on the old one can still be looked at. */
	AUTO_FREE char *script = str_printf("git --git-dir=store cat-file -t %s", old);
	AUTO_FREE char *type = sh_out(*state, script);
	assert_string_equal(type, "commit");
}

static void test_one_branch(void **state)
{
	AUTO_FREE char *got = NULL;
	AUTO_JSON struct json_object *r = NULL;
	struct tree_info info;

	update(*state, ",\"branch\":\"side\"", &info);
	is_head(*state, &info, "side");
	got = branches(*state);
	assert_string_equal(got, "refs/trees/toy/HEAD refs/trees/toy/side");
	r = fetch_with(*state, ",\"branch\":\"none\"");
	assert_non_null(strstr(json_str(r, "error", ""), "none"));
}

static void test_vanishes(void **state)
{
	AUTO_JSON struct json_object *r = NULL;

	sh(*state, "mv src gone");
	r = fetch_with(*state, "");
	assert_non_null(strstr(json_str(r, "error", ""), "src"));
	json_object_put(TAKE_PTR(r));
	sh(*state, "git init -q --bare src");
	r = fetch_with(*state, "");
	assert_non_null(strstr(json_str(r, "error", ""), "it has no branch"));
}

static void test_is_silent(void **state)
{
	AUTO_JSON struct json_object *r = NULL;
	AUTO_FREE char *more =
		str_printf(",\"git\":\"%s/slow\",\"limits\":{\"silence_ms\":200}",
			   (const char *)*state);

	put_file(*state, "slow", "#!/bin/sh\nexec sleep 60\n");
	sh(*state, "chmod +x slow");
	r = fetch_with(*state, more);
	assert_non_null(strstr(json_str(r, "error", ""), "nothing came for"));
}

/* One that lives on, and says so, is waited for. */
static void test_is_slow(void **state)
{
	AUTO_FREE char *more =
		str_printf(",\"git\":\"%s/slow\",\"limits\":{\"silence_ms\":1000}",
			   (const char *)*state);
	struct tree_info info;

	put_file(*state, "slow",
		 "#!/bin/sh\nfor i in 1 2 3 4 5 6 7 8; do printf '%d%%\\r' $i >&2; "
		 "sleep 0.2; done\nexec git \"$@\"\n");
	sh(*state, "chmod +x slow");
	update(*state, more, &info);
	is_head(*state, &info, "main");
}

/* Whoever is killed leaves no git behind. */
static void test_dies_with_us(void **state)
{
	AUTO_FREE char *text = str_printf("{\"name\":\"toy\",\"source\":\"x\","
					  "\"store\":\"%s/store\",\"git\":\"%s/slow\"}",
					  (const char *)*state, (const char *)*state);
	int status;
	pid_t pid;

	put_file(*state, "slow",
		 "#!/bin/sh\necho $$ > \"$0.new\"; mv \"$0.new\" \"$0.pid\"; "
		 "exec sleep 60\n");
	sh(*state, "chmod +x slow; mkdir job");
	pid = fork();
	if (pid == 0) {
		AUTO_FREE char *jobdir = path_join(*state, "job", NULL);
		struct json_object *job = json_of(text);
		struct err err = { 0 };

		if (chdir(*state) == 0)
			role_tree(job, jobdir, json_object_new_object(), &err);
		_exit(1);
	}
	sh(*state,
	   "for i in $(seq 200); do [ ! -e slow.pid ] || exit 0; sleep 0.05; done; "
	   "exit 1");
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	sh(*state,
	   "for i in $(seq 200); do kill -0 $(cat slow.pid) 2>/dev/null || exit 0; "
	   "grep -q 'State:.Z' /proc/$(cat slow.pid)/status && exit 0; "
	   "sleep 0.05; done; exit 1");
}

static void test_is_too_large(void **state)
{
	AUTO_JSON struct json_object *r = NULL;

	sh(*state, "cd src && head -c 3000000 /dev/urandom > b && git add b && "
		   "git commit -qm large");
	r = fetch_with(*state, ",\"limits\":{\"bytes\":1048576}");
	assert_string_equal(json_str(r, "error", ""), "it is larger than 1 MiB");
	json_object_put(TAKE_PTR(r));
	r = fetch_with(*state, ",\"limits\":{\"branches\":1}");
	assert_string_equal(json_str(r, "error", ""),
			    "it has 2 branches, 1 are the most");
}

/* What the role says is held against what is there. */
static void test_role_is_not_trusted(void **state)
{
	static const char *const bad[] = {
		"{\"heads\":[]}",
		"{\"heads\":[{\"branch\":\"main\",\"commit\":"
		"\"1111111111111111111111111111111111111111\"}]}",
		"{\"heads\":[{\"branch\":\"../../heads/x\",\"commit\":\"$\"}]}",
		"{\"heads\":[{\"branch\":\"HEAD\",\"commit\":\"$\"}]}",
		"{\"heads\":[{\"branch\":\"x\",\"commit\":\"main\"}]}",
		"{\"heads\":[{\"branch\":\"x\",\"commit\":\"$\"}],\"packs\":[\"../src/a\"]}",
		"{\"heads\":[{\"branch\":\"x\",\"commit\":\"$\"}],"
		"\"packs\":[\"pack-1111111111111111111111111111111111111111.pack\"]}",
	};
	struct tree_info info;

	update(*state, "", &info);
	sh(*state, "cd job && ln -s /etc/passwd "
		   "pack-1111111111111111111111111111111111111111.pack");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		AUTO(str_done) struct str text = STR_INIT;
		AUTO_JSON struct json_object *r = NULL;
		AUTO_FREE char *got = NULL;
		struct err err = { 0 };

		for (const char *p = bad[i]; *p; p++)
			str_add(&text, *p == '$' ? info.commit : (char[]){ *p, 0 });
		r = json_of(str_get(&text));
		assert_int_equal(take_from(*state, r, &info, &err), -1);
		got = branches(*state);
		assert_string_equal(got, "refs/trees/toy/HEAD refs/trees/toy/main "
					 "refs/trees/toy/side");
	}
}

#define repo_test(fn) cmocka_unit_test_setup_teardown(fn, setup, tmpdir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		repo_test(test_grows),        repo_test(test_made_anew),
		repo_test(test_one_branch),   repo_test(test_vanishes),
		repo_test(test_is_silent),    repo_test(test_is_slow),
		repo_test(test_dies_with_us),

		repo_test(test_is_too_large), repo_test(test_role_is_not_trusted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
