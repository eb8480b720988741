#include "kernels/b4.h"

#include <string.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/job.h"
#include "lib/text.h"

enum {
	LOG_MAX = 256 * 1024,
	MBOX_MAX = 256 * 1024 * 1024,
	CONFIGS = 6,
};

/* A NULL-terminated list of strings that it owns. */
struct list {
	char **v;
	size_t n;
};

static void list_add(struct list *l, char *s)
{
	l->v = mem_realloc(l->v, l->n + 2, sizeof(*l->v));
	l->v[l->n++] = s;
	l->v[l->n] = NULL;
}

static void list_done(struct list *l)
{
	strv_free(l->v);
}

static char *archive_mask(const char *archive)
{
	size_t len = strlen(archive);

	if (strstr(archive, "%s"))
		return str_dup(archive);
	return str_printf("%s%s%%s", archive, len && archive[len - 1] == '/' ? "" : "/");
}

static char *search_mask(const char *archive)
{
	const char *end = strstr(archive, "%s");
	size_t len = end ? (size_t)(end - archive) : strlen(archive);

	while (len && archive[len - 1] == '/')
		len--;
	return str_printf("%.*s/?x=m&t=1&q=%%s", (int)len, archive);
}

/* What b4 may see of our environment: the way to programs and to the net. */
static void keep_env(struct list *env)
{
	static const char *const names[] = {
		"PATH",         "http_proxy",    "https_proxy",        "no_proxy",
		"HTTP_PROXY",   "HTTPS_PROXY",   "NO_PROXY",           "all_proxy",
		"SSL_CERT_DIR", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "TZ",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *value = getenv(names[i]);

		if (value)
			list_add(env, str_printf("%s=%s", names[i], value));
	}
}

static void make_env(const struct b4 *b, struct list *env)
{
	AUTO_FREE char *mask = archive_mask(b->archive);
	AUTO_FREE char *search = search_mask(b->archive);
	const char *const config[CONFIGS][2] = {
		{ "b4.midmask", mask },
		{ "b4.linkmask", mask },
		{ "b4.searchmask", search },
		{ "b4.attestation-policy", b->attestation },
		/* without an address it ends with 1 and no word */
		{ "user.email", "sluice@localhost" },
		{ "user.name", "sluice" },
	};
	static const char *const folders[][2] = {
		{ "HOME", "home" },
		{ "XDG_CACHE_HOME", "home/cache" },
		{ "XDG_CONFIG_HOME", "home/config" },
		{ "XDG_DATA_HOME", "home/data" },
		{ "TMPDIR", "tmp" },
		{ "GIT_CEILING_DIRECTORIES", "" }, /* b->dir: git looks no higher */
	};

	keep_env(env);
	list_add(env, str_dup("LC_ALL=C.UTF-8"));
	list_add(env, str_dup("PYTHONNOUSERSITE=1"));
	list_add(env, str_dup("GIT_CONFIG_NOSYSTEM=1"));
	list_add(env, str_dup("GIT_CONFIG_GLOBAL=/dev/null"));
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		list_add(env, str_printf("%s=%s%s%s", folders[i][0], b->dir,
					 *folders[i][1] ? "/" : "", folders[i][1]));
	list_add(env, str_printf("GIT_CONFIG_COUNT=%d", CONFIGS));
	for (int i = 0; i < CONFIGS; i++) {
		list_add(env, str_printf("GIT_CONFIG_KEY_%d=%s", i, config[i][0]));
		list_add(env, str_printf("GIT_CONFIG_VALUE_%d=%s", i, config[i][1]));
	}
}

static int make_folders(const struct b4 *b, struct err *err)
{
	static const char *const names[] = { "cwd",        "out",         "tmp",
					     "home/cache", "home/config", "home/data" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		AUTO_FREE char *path = path_join(b->dir, names[i], NULL);

		if (dir_make(path, 0755, err) < 0)
			return -1;
	}
	return 0;
}

static void unused_done(struct job *job, enum job_how how, int code, void *arg)
{
	(void)job;
	(void)how;
	(void)code;
	(void)arg;
}

/* name is that of the log; input may be NULL. */
static int run(const struct b4 *b, const char *name, const struct list *argv,
	       const char *input, char **ret_log, struct err *err)
{
	AUTO(list_done) struct list env = { .v = NULL };
	AUTO_FREE char *cwd = path_join(b->dir, "cwd", NULL);
	AUTO_FREE char *log = path_join(b->dir, name, NULL);
	enum job_how how;
	int code;
	size_t len;

	if (make_folders(b, err) < 0)
		return -1;
	make_env(b, &env);
	if (job_run(&(struct job_opts){ .argv = argv->v,
					.envp = env.v,
					.cwd = cwd,
					.stdin_path = input,
					.output_path = log,
					.output_max = LOG_MAX,
					.deadline_ms = b->timeout_ms,
					.on_done = unused_done },
		    &how, &code, err) < 0)
		return err && err->code == ERR_MISSING ?
			       err_set(err, ERR_MISSING,
				       "%s is not installed (Debian package b4); it "
				       "fetches series from mail",
				       b->program) :
			       -1;
	if (how == JOB_TIMEOUT)
		return err_set(err, ERR_SYS, "b4: no answer within %llu s (archive %s)",
			       (unsigned long long)(b->allowed_ms + 999) / 1000,
			       b->archive);
	if (how != JOB_EXITED)
		return err_set(err, ERR_SYS, "b4: %s (%d)", job_how_str(how), code);
	return file_read(log, LOG_MAX + 64 * 1024, ret_log, &len, err);
}

static void start_argv(const struct b4 *b, struct list *argv, bool offline,
		       const char *command)
{
	list_add(argv, str_dup(b->program));
	list_add(argv, str_dup("-n"));
	list_add(argv, str_dup("--no-stdin"));
	if (offline)
		list_add(argv, str_dup("--offline-mode"));
	list_add(argv, str_dup(command));
	list_add(argv, str_dup("-C"));
	list_add(argv, str_dup("-o"));
	list_add(argv, path_join(b->dir, "out", NULL));
	list_add(argv, str_dup("-n"));
}

int b4_thread(const struct b4 *b, const char *msgid, char **ret_maildir, char **ret_log,
	      struct err *err)
{
	AUTO(list_done) struct list argv = { .v = NULL };
	AUTO_FREE char *maildir = path_join(b->dir, "out", "thread", NULL);
	AUTO_FREE char *log = NULL;

	if (tree_remove(maildir, err) < 0)
		return -1;
	start_argv(b, &argv, false, "mbox");
	list_add(&argv, str_dup("thread"));
	list_add(&argv, str_dup("-M"));             /* an mbox of b4's is ambiguous */
	list_add(&argv, str_printf("<%s>", msgid)); /* never an option */
	if (run(b, "thread.log", &argv, NULL, &log, err) < 0)
		return -1;
	if (!path_exists(maildir)) {
		/* It says "not known" of every answer that is no redirect. */
		if (!strstr(log, "not known") && !strstr(log, "No messages found")) {
			AUTO_FREE char *why = b4_complaint(log);

			return err_set(err, ERR_SYS, "b4: %s", why);
		}
		*ret_maildir = NULL;
		*ret_log = TAKE_PTR(log);
		return 1;
	}
	*ret_maildir = TAKE_PTR(maildir);
	*ret_log = TAKE_PTR(log);
	return 0;
}

int b4_am(const struct b4 *b, const char *mbox, int version, char **ret_mbox,
	  size_t *ret_len, char **ret_log, struct err *err)
{
	AUTO(list_done) struct list argv = { .v = NULL };
	AUTO_FREE char *out = path_join(b->dir, "out", "series.mbx", NULL);
	AUTO_FREE char *log = NULL;
	char *data = NULL;
	size_t len = 0;

	if (tree_remove(out, err) < 0)
		return -1;
	/* Only keys of attestation are worth the net here. */
	start_argv(b, &argv, !strcmp(b->attestation, "off"), "am");
	list_add(&argv, str_dup("series"));
	list_add(&argv, str_dup("-T")); /* trailers of replies change as they come in */
	list_add(&argv, str_dup("-v")); /* else it picks a version of its own */
	list_add(&argv, str_printf("%d", version));
	list_add(&argv, str_dup("-m")); /* by stdin: with a file it dies of folds */
	list_add(&argv, str_dup("-"));
	if (run(b, "am.log", &argv, mbox, &log, err) < 0)
		return -1;
	if (path_exists(out) && file_read(out, MBOX_MAX, &data, &len, err) < 0)
		return -1;
	*ret_mbox = data;
	*ret_len = len;
	*ret_log = TAKE_PTR(log);
	return 0;
}

char *b4_complaint(const char *log)
{
	static const char *const signs[] = { "Exiting due to attestation",
					     "suspicious unicode",
					     "Server returned",
					     "not known",
					     "Unable to find revision",
					     "No patches found" };
	const char *line = NULL;

	for (size_t i = 0; !line && i < ARRAY_SIZE(signs); i++)
		line = strstr(log, signs[i]);
	if (line) {
		while (line > log && line[-1] != '\n')
			line--;
	} else {
		for (const char *s = log; *s;
		     s += strcspn(s, "\n") + (strchr(s, '\n') != NULL))
			if (*s != '\n' && *s != '-' && *s != ' ')
				line = s;
	}
	if (line) {
		AUTO_FREE char *one = str_ndup(line, strcspn(line, "\n"));

		return text_clean_line(one, 200);
	}
	return str_dup("it said nothing");
}
