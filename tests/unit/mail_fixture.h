/*
 * Mails to test with: our own below tests/data/mail, real ones below
 * $SLUICE_MAIL_DIR (default ../shared/mail beside the source folder; tests that
 * need them skip without), and what git itself reads from a mail.
 */
#ifndef SLUICE_TESTS_UNIT_MAIL_FIXTURE_H
#define SLUICE_TESTS_UNIT_MAIL_FIXTURE_H

#include "tests/unit/cm.h"

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/job.h"
#include "lib/paths.h"
#include "lib/str.h"

static inline char *own_mail_path(const char *name)
{
	return path_join(paths_data(), "tests/data/mail", name, NULL);
}

static inline char *own_mail(const char *name, size_t *ret_len)
{
	AUTO_FREE char *path = own_mail_path(name);
	struct err err = { .code = ERR_NONE };
	char *data;

	if (file_read(path, 1 << 20, &data, ret_len, &err) < 0)
		fail_msg("%s", err.msg);
	return data;
}

/* NULL when there are none; the caller frees. */
static inline char *real_mail_path(const char *name)
{
	const char *dir = getenv("SLUICE_MAIL_DIR");
	char *path = dir && *dir ? path_join(dir, name, NULL) :
				   path_join(paths_data(), "../shared/mail", name, NULL);

	if (!path_exists(path)) {
		free(path);
		return NULL;
	}
	return path;
}

/* What git reads from a mail. */
struct git_mail {
	char *ident; /* "Name <mail> 1700000000 +0100" */
	char *subject;
	char *message; /* as git am would commit it */
	bool has_patch;
	bool refused; /* git knows no author, or a date that it does not take */
};

static inline void git_mail_done(struct git_mail *g)
{
	free(g->ident);
	free(g->subject);
	free(g->message);
}

static inline void no_done(struct job *job, enum job_how how, int code, void *arg)
{
	(void)job;
	(void)how;
	(void)code;
	(void)arg;
}

/* Runs git in dir; its output goes to dir/output and comes back. */
static inline char *git_run(const char *dir, char *const *argv, char *const *envp,
			    const char *input, bool *ret_ok)
{
	AUTO_FREE char *out = path_join(dir, "output", NULL);
	struct err err = { .code = ERR_NONE };
	enum job_how how;
	char *text;
	size_t len;
	int code;

	if (job_run(&(struct job_opts){ .argv = argv,
					.envp = envp,
					.cwd = dir,
					.stdin_path = input,
					.output_path = out,
					.deadline_ms = 30000,
					.on_done = no_done },
		    &how, &code, &err) < 0 ||
	    file_read(out, 16 << 20, &text, &len, &err) < 0)
		fail_msg("%s", err.msg);
	*ret_ok = how == JOB_EXITED && code == 0;
	return text;
}

/* The value of "Key: value" in mailinfo's output; "" if it has none. */
static inline char *info_value(const char *info, const char *key)
{
	size_t n = strlen(key);

	for (const char *s = info; *s; s += strcspn(s, "\n") + (strchr(s, '\n') != NULL))
		if (!strncmp(s, key, n) && !strncmp(s + n, ": ", 2))
			return str_ndup(s + n + 2, strcspn(s + n + 2, "\n"));
	return str_dup("");
}

static inline char *git_ident(const char *dir, const char *info, bool *ret_ok)
{
	AUTO_FREE char *author = info_value(info, "Author");
	AUTO_FREE char *email = info_value(info, "Email");
	AUTO_FREE char *date = info_value(info, "Date");
	AUTO_FREE char *name_env = str_printf("GIT_AUTHOR_NAME=%s", author);
	AUTO_FREE char *email_env = str_printf("GIT_AUTHOR_EMAIL=%s", email);
	AUTO_FREE char *date_env = str_printf("GIT_AUTHOR_DATE=%s", date);
	AUTO_FREE char *path_env = str_printf("PATH=%s", getenv("PATH"));
	char *const envp[] = { path_env, name_env, email_env, date_env, "TZ=UTC", NULL };
	char *const argv[] = { "git", "var", "GIT_AUTHOR_IDENT", NULL };
	char *ident = git_run(dir, argv, envp, NULL, ret_ok);

	ident[strcspn(ident, "\n")] = '\0';
	return ident;
}

static inline struct git_mail git_read_mail(const char *dir, const char *mail, size_t len)
{
	AUTO_FREE char *in = path_join(dir, "in.eml", NULL);
	AUTO_FREE char *msg = path_join(dir, "msg", NULL);
	AUTO_FREE char *patch = path_join(dir, "patch", NULL);
	AUTO_FREE char *whole = path_join(dir, "whole", NULL);
	char *const mailinfo[] = { "git", "mailinfo", msg, patch, NULL };
	char *const strip[] = { "git", "stripspace", NULL };
	AUTO_FREE char *info = NULL;
	AUTO_FREE char *body = NULL;
	AUTO_FREE char *rest = NULL;
	AUTO_FREE char *text = NULL;
	struct git_mail g = { .ident = NULL };
	size_t n;
	bool ok;

	/* Not with --encoding: 2.39 converts nothing then. */
	assert_int_equal(file_write_atomic(in, mail, len, 0600, NULL), 0);
	info = git_run(dir, mailinfo, NULL, in, &ok);
	assert_int_equal(file_read(msg, 16 << 20, &body, &n, NULL), 0);
	assert_int_equal(file_read(patch, 16 << 20, &rest, &n, NULL), 0);
	g.has_patch = n > 0;
	g.subject = info_value(info, "Subject");
	text = str_printf("%s\n\n%s", g.subject, body);
	assert_int_equal(file_write_atomic(whole, text, strlen(text), 0600, NULL), 0);
	g.message = git_run(dir, strip, NULL, whole, &ok);
	g.ident = git_ident(dir, info, &ok);
	g.refused = !ok;
	return g;
}

#endif
