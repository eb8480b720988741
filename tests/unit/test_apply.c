/*
 * The role "apply" on small repositories: the ways a patch goes in, the ways it
 * does not, and attacks. A store holds one tree "toy" borrowed from "src".
 */
#include "tests/unit/git_fixture.h"

#include "kernels/role_apply.h"
#include "kernels/store.h"
#include "kernels/tree_import.h"

static const char seed[] =
	"git init -q -b main src && cd src && mkdir mm lib &&\n"
	"seq 1 40 > mm/a.c && seq 100 140 > mm/b.c && printf 'no newline' > lib/n &&\n"
	"ln -s /etc link && printf '#!/bin/sh\\n' > run.sh && chmod +x run.sh &&\n"
	"git add -A && git commit -qm 'first' && git tag base && cd ..";

static int setup(void **state)
{
	struct err err = { 0 };

	if (tmpdir_setup(state))
		return -1;
	AUTO_FREE char *store = path_join(*state, "store", NULL);
	AUTO_FREE char *src = path_join(*state, "src", NULL);
	AUTO_FREE char *repo = path_join(*state, "series.git", NULL);
	const struct tree_import_opts opts = { .store = store,
					       .name = "toy",
					       .source = src };
	struct tree_info info;

	sh(*state, seed);
	if (store_create(store, &err) || tree_import(&opts, &info, &err) ||
	    series_repo_create(repo, store, NULL, &err))
		fail_msg("%s", err.msg);
	return 0;
}

static char *head_of_tree(const char *dir)
{
	return sh_out(dir, "git --git-dir=store rev-parse refs/trees/toy/main");
}

static struct json_object *run_job(const char *dir, struct json_object *job)
{
	struct json_object *result = json_object_new_object();
	struct err err = { 0 };

	if (role_apply(job, dir, result, &err))
		fail_msg("%s", err.msg);
	return result;
}

/* A job over the mails p/0001.patch ... in dir, in order. */
static struct json_object *mail_job(const char *dir)
{
	AUTO_FREE char *head = head_of_tree(dir);
	AUTO_FREE char *list = sh_out(dir, "cd p && ls");
	char **names = strv_split(list, "\n");
	AUTO_FREE char *text = str_printf(
		"{\"source\":\"mail\",\"store\":\"%s/store\",\"repo\":\"%s/series.git\","
		"\"trees\":[{\"name\":\"toy\",\"heads\":[{\"ref\":"
		"\"refs/trees/toy/main\",\"commit\":\"%s\"}]}],\"ref_prefix\":\"refs/sluice/a%%40b/1\",\"limits\":{"
		"\"patch_bytes\":100000,\"patch_files\":10,\"base_candidates\":100},"
		"\"patches\":[]}",
		dir, dir, head);
	struct json_object *job = json_of(text);

	for (size_t i = 0; names[i]; i++) {
		AUTO_FREE char *file = path_join(dir, "p", names[i], NULL);
		struct json_object *o = json_object_new_object();

		json_set_int(o, "n", (long long)i + 1);
		json_set_str(o, "message_id", names[i]);
		json_set_str(o, "file", file);
		json_object_array_add(json_arr(job, "patches"), o);
	}
	strv_free(names);
	return job;
}

static struct json_object *apply_mails(const char *dir)
{
	AUTO_JSON struct json_object *job = mail_job(dir);

	return run_job(dir, job);
}

static struct json_object *step_at(struct json_object *result, size_t k)
{
	return json_object_array_get_idx(json_arr(result, "steps"), k);
}

static const char *way(struct json_object *result, size_t k)
{
	return json_str(step_at(result, k), "apply", "");
}

/* The tree that git am comes to with the first n patches, from a commit. */
static void same_as_git_am(const char *dir, struct json_object *result, const char *from,
			   int n)
{
	AUTO_FREE char *script =
		str_printf("rm -rf am && git clone -q src am && cd am && "
			   "git checkout -q --detach %s && "
			   "for p in $(ls ../p/* | head -n %d); do "
			   "git am -q -3 $p; done && git rev-parse HEAD^{tree}",
			   from, n);
	AUTO_FREE char *want = sh_out(dir, script);

	assert_string_equal(json_str(step_at(result, (size_t)n), "tree", ""), want);
}

/* Commits c1.. made on base in src become mails in p. */
static const char format[] = "cd src && git format-patch -q -o ../p base && "
			     "git reset -q --hard base";

static void test_exact(void **state)
{
	AUTO_JSON struct json_object *r = NULL;
	AUTO_FREE char *first = NULL;
	AUTO_FREE char *ref = NULL;

	sh(*state,
	   "cd src && sed -i 's/^20$/twenty/' mm/a.c && git commit -qam 'mm: twenty' && "
	   "echo new > 'mm/a new file' && git rm -q lib/n && git add -A && "
	   "git commit -qm 'new and gone' && git mv mm/b.c mm/c.c && "
	   "sed -i 's/^120$/x/' mm/c.c && chmod -x run.sh && git commit -qam 'moved'");
	sh(*state, format);
	r = apply_mails(*state);
	assert_string_equal(json_str(r, "status", ""), "ok");
	assert_int_equal(json_len(json_arr(r, "steps")), 4);
	for (int k = 1; k <= 3; k++) {
		assert_string_equal(way(r, (size_t)k), "exact");
		same_as_git_am(*state, r, "base", k);
	}
	assert_string_equal(way(r, 0), "base");
	assert_string_equal(json_str(json_obj(r, "base"), "how", ""), "blobs");
	assert_string_equal(json_str(step_at(r, 1), "subject", ""), "mm: twenty");
	assert_string_equal(json_str(step_at(r, 1), "author", ""), "a <a@x>");
	first = str_dup(json_str(step_at(r, 3), "commit", ""));
	ref = sh_out(*state,
		     "git --git-dir=series.git rev-parse 'refs/sluice/a%40b/1/3'");
	assert_string_equal(first, ref);
	/* Again: the same ids. */
	json_object_put(r);
	r = apply_mails(*state);
	assert_string_equal(json_str(step_at(r, 3), "commit", ""), first);
}

static void test_commit_form(void **state)
{
	AUTO_JSON struct json_object *r = NULL;
	AUTO_FREE char *got = NULL;

	sh(*state, "cd src && seq 1 41 > mm/a.c && GIT_AUTHOR_NAME='A U Thör' "
		   "git commit -qam 'mm: more\n\nWhy.\n\nSigned-off-by: A <a@x>'");
	sh(*state, format);
	r = apply_mails(*state);
	got = sh_out(
		*state,
		"git --git-dir=series.git log -1 "
		"--format='%an|%ae|%ad|%cn|%cd|%B' --date=raw 'refs/sluice/a%40b/1/1'");
	assert_string_equal(got, "A U Thör|a@x|1700000000 +0100|sluice|1700000000 +0100|"
				 "mm: more\n\nWhy.\n\nSigned-off-by: A <a@x>\n");
}

static void test_moved_hunk(void **state)
{
	AUTO_JSON struct json_object *r = NULL;

	sh(*state, "cd src && sed -i 's/^20$/twenty/' mm/a.c && git commit -qam c1");
	sh(*state, format);
	sh(*state, "cd src && sed -i '1i 0\\n00' mm/a.c && git commit -qam ahead");
	AUTO_FREE char *store = path_join(*state, "store", NULL);
	AUTO_FREE char *src = path_join(*state, "src", NULL);
	assert_int_equal(tree_refresh(store, "toy", src, NULL), 0);
	AUTO_JSON struct json_object *job = mail_job(*state);
	AUTO_FREE char *head = head_of_tree(*state);
	json_set_str(job, "base", head);
	r = run_job(*state, job);
	assert_string_equal(json_str(json_obj(r, "base"), "how", ""), "option");
	assert_string_equal(way(r, 1), "exact");
	same_as_git_am(*state, r, "main", 1);
}

/* The head changed a line that the patch has as context. */
static void make_three_way(const char *dir)
{
	sh(dir, "cd src && sed -i 's/^20$/twenty/' mm/a.c && git commit -qam c1 && "
		"sed -i 's/^twenty$/TWENTY/' mm/a.c && git commit -qam c2");
	sh(dir, format);
	sh(dir, "cd src && sed -i 's/^23$/context/' mm/a.c && git commit -qam ahead");
}

static struct json_object *apply_on_head(const char *dir)
{
	AUTO_FREE char *store = path_join(dir, "store", NULL);
	AUTO_FREE char *src = path_join(dir, "src", NULL);

	assert_int_equal(tree_refresh(store, "toy", src, NULL), 0);
	AUTO_FREE char *head = head_of_tree(dir);
	AUTO_JSON struct json_object *job = mail_job(dir);
	json_set_str(job, "base", head);
	return run_job(dir, job);
}

static void test_three_way(void **state)
{
	AUTO_JSON struct json_object *r = NULL;

	make_three_way(*state);
	r = apply_on_head(*state);
	assert_string_equal(way(r, 1), "three-way");
	assert_string_equal(way(r, 2), "three-way");
	same_as_git_am(*state, r, "main", 1);
	same_as_git_am(*state, r, "main", 2);
}

/* The second patch's blob is known to nobody but to whom applies the first. */
static void test_three_way_without_own_commits(void **state)
{
	AUTO_JSON struct json_object *r = NULL;

	make_three_way(*state);
	sh(*state,
	   "cd src && git reflog expire --expire=now --all && git gc -q --prune=now");
	r = apply_on_head(*state);
	assert_string_equal(way(r, 2), "three-way");
}

static void test_git_am(void **state)
{
	AUTO_JSON struct json_object *r = NULL;

	/* The file moved away at the head: only git follows it. */
	sh(*state, "cd src && sed -i 's/^20$/twenty/' mm/a.c && git commit -qam c1");
	sh(*state, format);
	sh(*state, "cd src && git mv mm/a.c mm/z.c && git commit -qam away");
	r = apply_on_head(*state);
	assert_string_equal(way(r, 1), "git-am");
	assert_int_not_equal(sh_status(*state, "test -e am"), 0);
	same_as_git_am(*state, r, "main", 1);
	assert_string_equal(
		json_str(json_object_array_get_idx(json_arr(step_at(r, 1), "files"), 0),
			 "path", ""),
		"mm/z.c");
}

/* A git that fails on our account says nothing about the patch. */
static void test_git_am_trouble(void **state)
{
	static const char *const ends[] = {
		"kill -9 $$",
		"echo 'error: unable to write file x: No space left on device'; exit 128",
		"echo 'fatal: Out of memory, malloc failed'; exit 128",
	};
	const char *dir = *state;

	sh(dir, "cd src && sed -i 's/^20$/twenty/' mm/a.c && git commit -qam c1");
	sh(dir, format);
	sh(dir, "cd src && git mv mm/a.c mm/z.c && git commit -qam away");
	json_object_put(apply_on_head(dir));
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		AUTO_FREE char *head = head_of_tree(dir);
		AUTO_JSON struct json_object *job = mail_job(dir);
		AUTO_JSON struct json_object *r = json_object_new_object();
		AUTO_FREE char *git = path_join(dir, "git.sh", NULL);
		AUTO_FREE char *text = str_printf(
			"#!/bin/sh\n[ \"$1\" != am ] || { %s; }\nexec git \"$@\"\n",
			ends[i]);
		struct err err = { 0 };

		assert_int_equal(file_write_atomic(git, text, strlen(text), 0755, &err),
				 0);
		json_set_str(job, "git", git);
		json_set_str(job, "base", head);
		assert_int_equal(role_apply(job, dir, r, &err), -1);
		assert_non_null(strstr(err.msg, "git am"));
	}
}

static void test_already(void **state)
{
	AUTO_JSON struct json_object *r = NULL;

	sh(*state, "cd src && sed -i 's/^20$/twenty/' mm/a.c && git commit -qam c1 && "
		   "sed -i 's/^120$/x/' mm/b.c && git commit -qam c2");
	sh(*state, format);
	sh(*state,
	   "cd src && sed -i 's/^20$/twenty/;1i 0' mm/a.c && git commit -qam same");
	r = apply_on_head(*state);
	assert_string_equal(way(r, 1), "already-applied");
	assert_string_equal(json_str(step_at(r, 1), "tree", "x"),
			    json_str(step_at(r, 0), "tree", "y"));
	assert_string_equal(way(r, 2), "exact");
}

/* What was posted is kept of all patches, also of those that do not apply. */
static void check_posted(const char *dir, struct json_object *result)
{
	AUTO_FREE char *path = path_join(dir, json_str(result, "posted", ""), NULL);
	AUTO_JSON struct json_object *doc = NULL;
	struct json_object *list, *o;
	struct err err = { 0 };

	if (json_read_file(path, 1 << 20, &doc, &err) < 0)
		fail_msg("%s", err.msg);
	list = json_arr(doc, "patches");
	assert_int_equal(json_len(list), 3);
	o = json_object_array_get_idx(list, 2);
	assert_int_equal(json_int(o, "n", 0), 3);
	assert_string_equal(json_str(o, "subject", ""), "c3");
	assert_string_equal(json_str(o, "message", ""), "c3\n");
	assert_non_null(strstr(json_str(o, "diff", ""), "\n-120\n+x\n"));
}

static void test_conflict(void **state)
{
	AUTO_JSON struct json_object *r = NULL;

	sh(*state, "cd src && sed -i 's/^5$/five/' mm/a.c && git commit -qam c1 && "
		   "sed -i 's/^9$/n/;s/^30$/thirty/' mm/a.c && git commit -qam c2 && "
		   "sed -i 's/^120$/x/' mm/b.c && git commit -qam c3");
	sh(*state, format);
	sh(*state, "cd src && sed -i 's/^30$/other/' mm/a.c && git commit -qam clash");
	r = apply_on_head(*state);
	assert_string_equal(way(r, 1), "exact");
	assert_string_equal(way(r, 2), "conflict");
	assert_string_equal(json_str(step_at(r, 2), "file", ""), "mm/a.c");
	assert_int_equal(json_int(step_at(r, 2), "hunk", 0), 2);
	assert_string_equal(json_str(step_at(r, 2), "reason", ""),
			    "line 30 is not \"30\"");
	assert_null(json_str(step_at(r, 2), "tree", NULL));
	assert_string_equal(way(r, 3), "not-reached");
	assert_string_equal(json_str(step_at(r, 3), "subject", ""), "c3");
	check_posted(*state, r);
	assert_int_not_equal(sh_status(*state,
				       "git --git-dir=series.git rev-parse -q --verify "
				       "'refs/sluice/a%40b/1/2' >/dev/null"),
			     0);
}

/* A mail around a diff made by hand. */
static void put_patch(const char *dir, const char *name, const char *diff)
{
	AUTO_FREE char *text =
		str_printf("From: a <a@x>\nDate: Tue, 14 Nov 2023 22:13:20 +0000\n"
			   "Subject: [PATCH] %s\nMessage-ID: <%s@x>\n\nWhy.\n---\n"
			   "%s-- \n2.39.5\n",
			   name, name, diff);
	AUTO_FREE char *path = str_printf("p/%s", name);

	sh(dir, "mkdir -p p");
	put_file(dir, path, text);
}

static void attack(const char *dir, const char *diff, const char *want)
{
	AUTO_JSON struct json_object *r = NULL;

	sh(dir, "rm -rf p");
	put_patch(dir, "1", diff);
	r = apply_mails(dir);
	if (strcmp(way(r, 1), want))
		fail_msg("%s (%s) and not %s:\n%s", way(r, 1),
			 json_str(step_at(r, 1), "reason", ""), want, diff);
	assert_non_null(json_str(step_at(r, 1), "reason", NULL));
}

#define NEW(name, mode, text)                                   \
	"diff --git a/" name " b/" name "\nnew file mode " mode \
	"\n--- /dev/null\n+++ b/" name "\n@@ -0,0 +1 @@\n+" text "\n"

static void test_attacks(void **state)
{
	attack(*state, NEW("evil", "120000", "/etc\n\\ No newline at end of file"),
	       "refused");
	/* A file below what the tree has as a symlink, or as a file. */
	attack(*state, NEW("link/passwd", "100644", "x"), "conflict");
	attack(*state, NEW("mm/a.c/x", "100644", "x"), "conflict");
	attack(*state, NEW("mm", "100644", "x"), "conflict");
	attack(*state, NEW("mm/a.c", "100644", "x"), "conflict");
	attack(*state, NEW("../x", "100644", "x"), "refused");
	attack(*state, NEW(".git/hooks/post-checkout", "100755", "x"), "refused");
	/* The target of a symlink changed, with no mode said. */
	attack(*state,
	       "--- a/link\n+++ b/link\n@@ -1 +1 @@\n-/etc\n\\ No newline at end of file\n"
	       "+/root\n\\ No newline at end of file\n",
	       "conflict");
	attack(*state, "diff --git a/link b/link\nold mode 100644\nnew mode 100755\n",
	       "conflict");
	attack(*state,
	       "diff --git a/lib b/lib\nnew file mode 160000\nindex 0000000..1111111\n"
	       "--- /dev/null\n+++ b/lib\n@@ -0,0 +1 @@\n+Subproject commit 1\n",
	       "refused");
	attack(*state,
	       "diff --git a/mm/a.c b/mm/a.c\ndeleted file mode 100644\n"
	       "--- a/mm/a.c\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-1\n-2\n",
	       "conflict");
	attack(*state, "", "refused");
}

/* Patch 1 makes a folder's place a symlink by renames; a later one writes below. */
static void test_symlink_by_rename(void **state)
{
	AUTO_JSON struct json_object *r = NULL;

	put_patch(*state, "1",
		  "diff --git a/link b/dir\nsimilarity index 100%\n"
		  "rename from link\nrename to dir\n");
	put_patch(*state, "2", NEW("dir/passwd", "100644", "x"));
	r = apply_mails(*state);
	/* git am would do it: the policy looks at what came out, too. */
	assert_string_equal(way(r, 1), "refused");
	assert_string_equal(way(r, 2), "not-reached");
}

static void test_no_mail(void **state)
{
	AUTO_JSON struct json_object *r = NULL;

	sh(*state, "mkdir p && head -c 3000 /dev/zero > p/1");
	r = apply_mails(*state);
	assert_string_equal(way(r, 1), "refused");
	assert_int_equal(json_len(json_arr(r, "steps")), 2);
}

static struct json_object *apply_range(const char *dir, const char *range)
{
	AUTO_FREE char *src = path_join(dir, "src", NULL);
	char from[41], to[41];
	struct err err = { 0 };

	if (range_resolve(src, range, 0, from, to, &err))
		fail_msg("%s", err.msg);
	AUTO_FREE char *text = str_printf(
		"{\"source\":\"range\",\"repo\":\"%s/series.git\",\"range\":{\"repo\":\"%s\","
		"\"from\":\"%s\",\"to\":\"%s\"},\"ref_prefix\":\"refs/sluice/git-x/1\"}",
		dir, src, from, to);
	AUTO_JSON struct json_object *job = json_of(text);
	return run_job(dir, job);
}

static void test_range(void **state)
{
	AUTO_JSON struct json_object *r = NULL;
	AUTO_FREE char *before = NULL;
	AUTO_FREE char *after = NULL;

	sh(*state, "cd src && seq 1 41 > mm/a.c && git commit -qam c1 && "
		   "git rm -q lib/n && git commit -qm c2");
	before = sh_out(*state,
			"cd src && find . | sort | xargs ls -ld --time-style=full-iso");
	r = apply_range(*state, "base..main");
	after = sh_out(*state,
		       "cd src && find . | sort | xargs ls -ld --time-style=full-iso");
	assert_string_equal(before, after);
	assert_int_equal(json_len(json_arr(r, "steps")), 3);
	assert_string_equal(way(r, 2), "exact");
	assert_string_equal(json_str(step_at(r, 2), "subject", ""), "c2");
	assert_string_equal(json_str(json_obj(r, "base"), "how", ""), "range");
	assert_int_equal(json_int(json_obj(r, "series"), "patches", 0), 2);
	AUTO_FREE char *tip = sh_out(*state, "cd src && git rev-parse main");
	assert_string_equal(json_str(step_at(r, 2), "commit", ""), tip);
}

static void test_range_refused(void **state)
{
	AUTO_JSON struct json_object *r = NULL;

	sh(*state, "cd src && ln -s x mm/link && git add -A && git commit -qm link && "
		   "seq 1 41 > mm/a.c && git commit -qam more");
	r = apply_range(*state, "base..");
	assert_string_equal(way(r, 1), "refused");
	assert_string_equal(json_str(step_at(r, 1), "file", ""), "mm/link");
	assert_string_equal(way(r, 2), "not-reached");
}

static void test_range_odd(void **state)
{
	AUTO_FREE char *src = path_join(*state, "src", NULL);
	char from[41], to[41];
	struct err err = { 0 };

	sh(*state,
	   "cd src && git checkout -q -b side && seq 1 41 > mm/a.c && git commit -qam s &&"
	   "git checkout -q main && seq 1 9 > mm/b.c && git commit -qam m && "
	   "git merge -q side -m merge");
	assert_int_equal(range_resolve(src, "base..main", 0, from, to, &err), -1);
	assert_non_null(strstr(err.msg, "a merge"));
	assert_int_equal(range_resolve(src, "main..base", 0, from, to, &err), -1);
	assert_non_null(strstr(err.msg, "empty"));
	assert_int_equal(range_resolve(src, "nowhere..main", 0, from, to, &err), -1);
	assert_non_null(strstr(err.msg, "nowhere"));
	assert_int_equal(range_resolve(src, "main", 0, from, to, &err), -1);
	/* A branch and what it left: from the fork on. */
	assert_int_equal(range_resolve(src, "main^..side", 0, from, to, &err), 0);
	AUTO_FREE char *fork = sh_out(*state, "cd src && git rev-parse base^0");
	assert_string_equal(from, fork);
}

/* On the tree as it is now, with what the mails call the base-commit. */
static struct json_object *climb_from(const char *dir, const char *base_commit)
{
	AUTO_FREE char *store = path_join(dir, "store", NULL);
	AUTO_FREE char *src = path_join(dir, "src", NULL);
	AUTO_JSON struct json_object *job = NULL;

	assert_int_equal(tree_refresh(store, "toy", src, NULL), 0);
	job = mail_job(dir);
	json_set_str(job, "base_commit", base_commit);
	return run_job(dir, job);
}

static const char *tried_at(struct json_object *r, size_t i, const char *key)
{
	return json_str(json_object_array_get_idx(json_arr(json_obj(r, "base"), "tried"),
						  i),
			key, "");
}

/* Two patches; only the second needs what came after the base-commit. */
static void test_climbs_on(void **state)
{
	AUTO_JSON struct json_object *r = NULL;
	AUTO_FREE char *old = NULL;

	sh(*state, "cd src && sed -i 's/^120$/new/' mm/b.c && git commit -qam more && "
		   "git tag more && sed -i '5s/$/x/' mm/a.c && git commit -qam one && "
		   "sed -i 's/^new$/newer/' mm/b.c && git commit -qam two && "
		   "git format-patch -q -o ../p more && git reset -q --hard more");
	sh(*state, "sed -i '/^index /d' p/*");
	old = sh_out(*state, "cd src && git rev-parse base^0");
	r = climb_from(*state, old);
	assert_string_equal(json_str(json_obj(r, "base"), "how", ""), "head");
	assert_string_equal(json_str(json_obj(r, "base"), "tree_name", ""), "toy");
	assert_string_equal(way(r, 2), "exact");
	assert_string_equal(tried_at(r, 0, "rung"), "base-commit");
	assert_string_equal(tried_at(r, 0, "commit"), old);
	assert_non_null(
		strstr(tried_at(r, 0, "why_not"), "patch 2 does not apply at mm/b.c: "));
}

/* No base takes it all: what is wrong is told where it goes in furthest. */
static void test_falls_back(void **state)
{
	AUTO_JSON struct json_object *r = NULL;
	AUTO_FREE char *old = NULL, *refs = NULL;

	sh(*state, "cd src && sed -i '5s/$/x/' mm/a.c && git commit -qam one && "
		   "sed -i '20s/$/y/' mm/b.c && git commit -qam two && "
		   "git format-patch -q -o ../p base && git reset -q --hard base && "
		   "seq 1000 1040 > mm/a.c && git commit -qam else");
	sh(*state, "sed -i -e '/^index /d' -e 's/^-119$/-77/' p/0002*");
	sh(*state, "sed -i '/^index /d' p/0001*");
	old = sh_out(*state, "cd src && git rev-parse base^0");
	r = climb_from(*state, old);
	assert_string_equal(json_str(json_obj(r, "base"), "how", ""), "base-commit");
	assert_string_equal(json_str(json_obj(r, "base"), "commit", ""), old);
	assert_string_equal(way(r, 1), "exact");
	assert_string_equal(way(r, 2), "conflict");
	assert_non_null(strstr(tried_at(r, 0, "why_not"), "patch 2 does not apply"));
	/* Of the tries nothing stays but the steps of this one. */
	refs = sh_out(*state, "git --git-dir=series.git for-each-ref "
			      "--format='%(refname)' refs/sluice");
	assert_string_equal(refs, "refs/sluice/a%40b/1/0\nrefs/sluice/a%40b/1/1");
}

/* The policy of a list may leave none. */
static void test_no_base(void **state)
{
	AUTO_JSON struct json_object *job = NULL;
	AUTO_JSON struct json_object *r = NULL;
	struct json_object *ladder = json_object_new_array();

	sh(*state, "cd src && sed -i '5s/$/x/' mm/a.c && git commit -qam one");
	sh(*state, format);
	job = mail_job(*state);
	json_add_str(ladder, "base-commit");
	json_add_str(ladder, "good");
	json_set(job, "ladder", ladder);
	json_set_str(job, "base_commit", "not hex");
	r = run_job(*state, job);
	assert_string_equal(json_str(r, "status", ""), "unusable");
	assert_non_null(strstr(json_str(r, "reason", ""), "finds no base"));
	assert_string_equal(tried_at(r, 0, "why_not"), "not in this tree");
	assert_string_equal(tried_at(r, 1, "rung"), "good");
}

#define repo_test(fn) cmocka_unit_test_setup_teardown(fn, setup, tmpdir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		repo_test(test_exact),
		repo_test(test_climbs_on),
		repo_test(test_falls_back),
		repo_test(test_no_base),
		repo_test(test_commit_form),
		repo_test(test_moved_hunk),
		repo_test(test_three_way),
		repo_test(test_three_way_without_own_commits),
		repo_test(test_git_am),
		repo_test(test_git_am_trouble),
		repo_test(test_already),
		repo_test(test_conflict),
		repo_test(test_attacks),
		repo_test(test_symlink_by_rename),
		repo_test(test_no_mail),
		repo_test(test_range),
		repo_test(test_range_refused),
		repo_test(test_range_odd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
