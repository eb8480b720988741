#include "cli/quiet_kernel.h"

#include <stdlib.h>
#include <string.h>

#include "cli/progress.h"
#include "daemon/run.h"
#include "db/build.h"
#include "db/tree.h"
#include "kernels/store.h"
#include "kernels/tree_import.h"
#include "lib/file.h"
#include "lib/log.h"

#define MESSAGE_ID "quiet.1@sluice.localhost"

/* Fits any tree, and leaves the image as it is: only the base is booted. */
static const char mails[] = "From mboxrd@z Thu Jan  1 00:00:00 1970\n"
			    "From: sluice quiet <sluice@localhost>\n"
			    "Date: Thu, 1 Jan 2026 00:00:00 +0000\n"
			    "Message-Id: <" MESSAGE_ID ">\n"
			    "Subject: [PATCH] sluice quiet: a file that nothing builds\n"
			    "\n"
			    "Brings the base of a tree to be built.\n"
			    "\n"
			    "Signed-off-by: sluice quiet <sluice@localhost>\n"
			    "---\n"
			    " sluice-quiet.txt | 1 +\n"
			    " 1 file changed, 1 insertion(+)\n"
			    " create mode 100644 sluice-quiet.txt\n"
			    "\n"
			    "diff --git a/sluice-quiet.txt b/sluice-quiet.txt\n"
			    "new file mode 100644\n"
			    "index 0000000..5f705cd\n"
			    "--- /dev/null\n"
			    "+++ b/sluice-quiet.txt\n"
			    "@@ -0,0 +1 @@\n"
			    "+No part of any kernel.\n"
			    "-- \n"
			    "sluice\n";

static int tell(const struct err *err)
{
	log_error("%s", err->msg);
	return err->code == ERR_INPUT || err->code == ERR_MISSING ? EXIT_USAGE :
								    EXIT_INFRA;
}

/*
 * The build of step 0, which is there however the series went. The series is the same
 * for all configs, and the builds of the others stay with it.
 */
static int find_base(struct context *cx, long long series_id, const char *config,
		     struct build *ret, struct err *err)
{
	struct step_build *list = NULL;
	size_t n = 0, at = 0;
	int rc;

	if (step_build_list(cx->db, series_id, &list, &n, err) < 0)
		return -1;
	while (at < n && (list[at].step != 0 || strcmp(list[at].config, config) != 0))
		at++;
	rc = at < n && list[at].build_id != DB_NO_INT ?
		     build_find(cx->db, list[at].build_id, ret, err) :
		     0;
	step_build_list_free(list, n);
	if (rc == 0)
		return err_set(err, ERR_SYS, "the base was not built with config %s",
			       config);
	if (rc > 0 && !ret->image)
		return err_set(err, ERR_SYS, "the base does not build: %s",
			       ret->reason ? ret->reason : build_status_str(ret->status));
	return rc < 0 ? -1 : 0;
}

static int take_image(struct context *cx, const char *name, const char *sha,
		      struct quiet_kernel *ret, struct err *err)
{
	if (artifact_path(cx->artifacts, sha, &ret->image, err) < 0)
		return -1;
	ret->name = str_dup(name);
	memcpy(ret->sha, sha, SHA256_HEX);
	return 0;
}

int quiet_kernel_of_tree(struct context *cx, struct term *term, const char *tree,
			 const char *base, const char *config, const char *topology,
			 const char *suite, struct quiet_kernel *ret)
{
	AUTO_FREE char *dir = path_join(cx->dir, "quiet", NULL);
	AUTO_FREE char *mbox = path_join(dir, "nothing.mbox", NULL);
	char *configs[] = { (char *)config, NULL };
	char *topologies[] = { (char *)topology, NULL };
	char *suites[] = { (char *)suite, NULL };
	struct progress *progress;
	struct run_opts opts = { .config = cx->config,
				 .state_dir = cx->dir,
				 .source = mbox,
				 .tree = tree,
				 .base = base,
				 .configs = configs,
				 .topologies = topologies,
				 .suites = suites,
				 .on_event = progress_event };
	struct build build = { 0 };
	struct err err = { 0 };
	long long id = 0;
	int rc;

	if (dir_make(dir, 0755, &err) < 0 ||
	    file_write_atomic(mbox, mails, strlen(mails), 0644, &err) < 0)
		return tell(&err);
	progress = progress_new(term);
	opts.arg = progress;
	rc = (int)run_series(cx->db, cx->artifacts, &opts, &id, &err);
	progress_free(progress);
	if (err.code != ERR_NONE) {
		log_error("%s: %s", tree, err.msg);
		return rc == RUN_UNUSABLE ? EXIT_USAGE : EXIT_INFRA;
	}
	if (find_base(cx, id, config, &build, &err) < 0 ||
	    take_image(cx, tree, build.image, ret, &err) < 0)
		rc = tell(&err);
	else
		rc = EXIT_OK;
	build_done(&build);
	return rc;
}

/* The commit that --base means now. */
static int resolve_base(struct context *cx, const char *git, const char *tree,
			const char *base, char ret[41], struct err *err)
{
	struct tree t = { 0 };
	int found = tree_find(cx->db, tree, &t, err);

	if (found == 0)
		found = err_set(err, ERR_INPUT, "there is no tree \"%s\"", tree);
	if (found > 0 && t.kind == TREE_GIT)
		found = tree_refresh(git, tree, t.source, err);
	if (found >= 0)
		found = tree_revision_resolve(
			git, tree, t.kind == TREE_GIT ? t.source : NULL, base, ret, err);
	tree_done(&t);
	return found < 0 ? -1 : 0;
}

int quiet_kernel_stored(struct context *cx, const char *git, const char *tree,
			const char *base, const char *config, struct quiet_kernel *ret)
{
	char commit[41];
	const struct build_base of = { .message_id = MESSAGE_ID,
				       .tree = tree,
				       .base = base ? commit : NULL,
				       .config = config };
	struct build build = { 0 };
	struct err err = { 0 };
	int found = base ? resolve_base(cx, git, tree, base, commit, &err) : 0;

	if (found == 0)
		found = build_find_base(cx->db, &of, &build, &err);
	if (found == 0)
		found = err_set(&err, ERR_MISSING,
				"%s: no kernel of it was measured with the config %s",
				tree, config);
	if (found > 0)
		found = take_image(cx, tree, build.image, ret, &err);
	build_done(&build);
	return found < 0 ? tell(&err) : EXIT_OK;
}

int quiet_kernel_of_file(struct context *cx, const char *path, struct quiet_kernel *ret)
{
	const char *slash = strrchr(path, '/');
	struct err err = { 0 };
	char sha[SHA256_HEX];

	/* A copy of ours: the build user reaches it, and it stays as it is. */
	if (artifact_put_file(cx->artifacts, path, ARTIFACT_RAW, sha, &err) < 0 ||
	    take_image(cx, slash ? slash + 1 : path, sha, ret, &err) < 0)
		return tell(&err);
	return EXIT_OK;
}

void quiet_kernel_done(struct quiet_kernel *k)
{
	free(k->name);
	free(k->image);
	*k = (struct quiet_kernel){ .name = NULL };
}
