#include "kernels/git_am.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kernels/git.h"
#include "kernels/gitcmd.h"
#include "kernels/store.h"
#include "lib/file.h"
#include "lib/job.h"
#include "lib/text.h"

#define DEADLINE_MS 120000
#define LOG_MAX (1 << 20)

struct am {
	const struct git_am_opts *opts;
	char *git_dir, *mail, *log;
	char **env;
};

static void am_done(struct am *am)
{
	tree_remove(am->opts->work, NULL);
	free(am->git_dir);
	free(am->mail);
	free(am->log);
	strv_free(am->env);
}

static int put(const char *dir, const char *name, const char *text, struct err *err)
{
	AUTO_FREE char *path = path_join(dir, name, NULL);

	return file_write_atomic(path, text, strlen(text), 0644, err);
}

/* One mail that git cannot read otherwise than the diff was judged. */
static int put_mail(struct am *am, struct err *err)
{
	AUTO(str_done) struct str mail = STR_INIT;

	str_add(&mail,
		"From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001\n"
		"From: sluice <sluice@localhost>\n"
		"Date: Sat, 1 Jan 2000 00:00:00 +0000\n"
		"Subject: [PATCH] patch\n\npatch\n---\n");
	str_addn(&mail, am->opts->diff, am->opts->diff_len);
	str_add(&mail, "-- \nsluice\n");
	return file_write_atomic(am->mail, mail.data, mail.len, 0644, err);
}

static int set_up(struct am *am, struct err *err)
{
	static const char config[] =
		"[core]\n\trepositoryformatversion = 0\n\tbare = false\n"
		"\tsparseCheckout = true\n\tsymlinks = false\n"
		"\tfsync = none\n\tautocrlf = false\n"
		"[user]\n\tname = sluice\n\temail = sluice@localhost\n"
		"[rerere]\n\tenabled = false\n";
	AUTO_FREE char *info = path_join(am->git_dir, "info", NULL);
	AUTO_FREE char *refs = path_join(am->git_dir, "refs", "heads", NULL);
	AUTO_FREE char *objects = path_join(am->git_dir, "objects", NULL);
	AUTO_FREE char *head = str_printf("%s\n", am->opts->head);

	if (tree_remove(am->opts->work, err) || dir_make(info, 0755, err) ||
	    dir_make(refs, 0755, err) || dir_make(objects, 0755, err))
		return -1;
	return put(am->git_dir, "config", config, err) ||
			       put(am->git_dir, "HEAD", head, err) ||
			       put(info, "sparse-checkout", "/.nothing\n", err) ||
			       put_mail(am, err) ?
		       -1 :
		       0;
}

static char **environment(struct am *am)
{
	char **env = gitcmd_env(am->opts->work);
	size_t n = strv_len(env);

	env = mem_realloc(env, n + 4, sizeof(*env));
	env[n] = str_printf("GIT_DIR=%s", am->git_dir);
	env[n + 1] = str_printf("GIT_WORK_TREE=%s", am->opts->work);
	env[n + 2] = str_printf("GIT_OBJECT_DIRECTORY=%s/objects", am->opts->repo);
	env[n + 3] = NULL;
	return env;
}

/* 1: ended with 0; 0: otherwise; -1: it could not be run. */
static int run(struct am *am, char *const *argv, struct err *err)
{
	const struct job_opts job = {
		.argv = argv,
		.envp = am->env,
		.cwd = am->opts->work,
		.output_path = am->log,
		.output_max = LOG_MAX,
		.deadline_ms = DEADLINE_MS,
	};
	enum job_how how;
	int code;

	if (job_run(&job, &how, &code, err))
		return -1;
	if (how == JOB_TIMEOUT || how == JOB_CANCELLED)
		return err_set(err, ERR_LIMIT, "git am: %s", job_how_str(how));
	/* No mail makes git die: the out-of-memory killer does, or a user. */
	if (how == JOB_SIGNALED)
		return err_set(err, ERR_SYS, "git am: killed by signal %d", code);
	return how == JOB_EXITED && code == 0;
}

/* The line that says what went wrong: a conflict if one is named, else an error. */
static void read_reason(struct am *am, char reason[256])
{
	static const char *const wanted[] = { "CONFLICT ", "error: ", "fatal: " };
	AUTO_FREE char *log = NULL;
	size_t len;

	snprintf(reason, 256, "git am failed");
	if (file_read(am->log, LOG_MAX + 4096, &log, &len, NULL))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		const char *hit = strstr(log, wanted[i]);

		if (hit) {
			AUTO_FREE char *line = str_ndup(hit, strcspn(hit, "\n"));
			AUTO_FREE char *clean = text_clean_line(line, 60);

			snprintf(reason, 256, "git am: %s", clean);
			return;
		}
	}
}

static bool line_is_trouble(const char *line)
{
	static const int codes[] = { ENOSPC, EDQUOT, ENOMEM, EIO, EROFS, EMFILE, ENFILE };

	if (!str_starts(line, "error: ") && !str_starts(line, "fatal: "))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		if (str_ends(line, strerror(codes[i])))
			return true;
	return str_starts(line, "fatal: Out of memory");
}

/* git says that this machine lacks something, not that the patch does not fit. */
static bool our_trouble(const struct am *am)
{
	AUTO_FREE char *log = NULL;
	char **lines;
	bool trouble = false;
	size_t len;

	if (file_read(am->log, LOG_MAX + 4096, &log, &len, NULL))
		return true;
	lines = strv_split(log, "\n");
	for (size_t i = 0; lines[i]; i++)
		trouble = trouble || line_is_trouble(lines[i]);
	strv_free(lines);
	return trouble;
}

static int read_tree(struct am *am, char ret_tree[41], struct err *err)
{
	AUTO_FREE char *path = path_join(am->git_dir, "HEAD", NULL);
	AUTO_FREE char *head = NULL;
	AUTO_GIT(repo) git_repository *repo = NULL;
	AUTO_GIT(tree) git_tree *tree = NULL;
	git_oid id;
	size_t len;

	if (file_read(path, 4096, &head, &len, err) || git_id(str_trim(head), &id, err) ||
	    git_open(am->opts->repo, &repo, err) ||
	    git_commit_tree_of(repo, &id, &tree, err))
		return -1;
	git_hex(git_tree_id(tree), ret_tree);
	return 0;
}

int git_am(const struct git_am_opts *opts, char ret_tree[41], char reason[256],
	   struct err *err)
{
	char *git = (char *)opts->git;
	AUTO(am_done) struct am am = { .opts = opts };
	char *read_tree_argv[] = { git, "read-tree", "-m", "-u", "HEAD", NULL };
	char *am_argv[] = { git, "am", "-3", "--keep-cr", "--no-gpg-sign", NULL, NULL };
	int rc;

	am.git_dir = path_join(opts->work, ".git", NULL);
	am.mail = path_join(am.git_dir, "mail", NULL);
	am.log = path_join(am.git_dir, "log", NULL);
	am.env = environment(&am);
	am_argv[5] = am.mail;
	if (set_up(&am, err))
		return -1;
	rc = run(&am, read_tree_argv, err);
	if (rc == 0) {
		read_reason(&am, reason);
		return err_set(err, ERR_SYS, "%s", reason);
	}
	if (rc == 1)
		rc = run(&am, am_argv, err);
	if (rc == 0)
		read_reason(&am, reason);
	if (rc == 0 && our_trouble(&am))
		return err_set(err, ERR_SYS, "%s", reason);
	return rc == 1 && read_tree(&am, ret_tree, err) ? -1 : rc;
}
