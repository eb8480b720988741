#include "runners/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-event.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/str.h"
#include "runners/sandbox_filter.h"

#define FIRST_FD 3
#define TMP_SIZE_DEFAULT (64ULL << 20)
#define SHM_SIZE (16ULL << 20)

struct vec {
	char **v;
	size_t n;
};

struct sandbox {
	struct vec argv;
	struct vec env;
	int *fds; /* the caller's, then the filter, which is ours */
	size_t nfds;
	int filter;
	uid_t uid;
	gid_t gid;
};

static void vec_take(struct vec *a, char *text)
{
	a->v = mem_realloc(a->v, a->n + 2, sizeof(*a->v));
	a->v[a->n++] = text;
	a->v[a->n] = NULL;
}

static void vec_add(struct vec *a, const char *text)
{
	vec_take(a, str_dup(text));
}

static void vec_add3(struct vec *a, const char *x, const char *y, const char *z)
{
	vec_add(a, x);
	vec_add(a, y);
	vec_add(a, z);
}

int sandbox_check(uid_t uid, struct err *err)
{
	if (uid == 0)
		return err_set(
			err, ERR_INPUT,
			"root in a sandbox is no sandbox: name an unprivileged build user");
	if (geteuid() != 0 && uid != geteuid())
		return err_set(err, ERR_INPUT,
			       "only root can run a sandbox as another user (uid %u)",
			       (unsigned int)uid);
	return 0;
}

static bool may_search(const struct stat *st, uid_t uid, gid_t gid)
{
	if (st->st_uid == uid)
		return st->st_mode & S_IXUSR;
	if (st->st_gid == gid)
		return st->st_mode & S_IXGRP;
	return st->st_mode & S_IXOTH;
}

/* Every folder of an absolute path but its last component. */
static int check_folders(const char *path, uid_t uid, gid_t gid, struct err *err)
{
	AUTO_FREE char *p = str_dup(path);
	bool own = uid == geteuid();

	for (char *slash = p; slash; slash = strchr(slash + 1, '/')) {
		struct stat st;
		char keep = slash[slash == p];
		const char *dir;

		/* "/" itself first, then "/a", "/a/b", ... */
		slash[slash == p] = '\0';
		dir = p;
		if (stat(dir, &st) < 0)
			return err_sys(err, "%s", dir);
		if (own ? faccessat(AT_FDCWD, dir, X_OK, AT_EACCESS) < 0 :
			  !may_search(&st, uid, gid))
			return err_set(
				err, ERR_INPUT,
				"%s: uid %u cannot reach it, the folder %s (mode %04o) is closed to it",
				path, (unsigned int)uid, dir,
				(unsigned int)(st.st_mode & 07777));
		slash[slash == p] = keep;
	}
	return 0;
}

int sandbox_reachable(const char *path, uid_t uid, gid_t gid, struct err *err)
{
	AUTO_FREE char *real = NULL;
	int why;

	if (path[0] != '/')
		return err_set(err, ERR_INPUT, "%s: not an absolute path", path);
	real = realpath(path, NULL);
	why = errno;
	if (!real && why == EACCES && check_folders(path, uid, gid, err) < 0)
		return -1;
	if (!real)
		return err_set(err, errno == ENOENT ? ERR_MISSING : ERR_SYS, "%s: %s",
			       path, strerror(errno));
	if (check_folders(path, uid, gid, err) < 0)
		return -1;
	return strcmp(path, real) ? check_folders(real, uid, gid, err) : 0;
}

/* What programs need to start at all, on merged and unmerged /usr. */
static void add_system(struct vec *a)
{
	static const char *const dirs[] = { "/bin",   "/sbin",  "/lib",
					    "/lib32", "/lib64", "/libx32" };
	static const char *const extra[] = { "/etc/alternatives", "/etc/ld.so.cache",
					     "/nix/store", "/gnu/store" };
	char target[PATH_MAX];

	vec_add3(a, "--ro-bind", "/usr", "/usr");
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		ssize_t n = readlink(dirs[i], target, sizeof(target) - 1);

		if (n > 0) {
			target[n] = '\0';
			vec_add3(a, "--symlink", target, dirs[i]);
		} else if (path_exists(dirs[i])) {
			vec_add3(a, "--ro-bind", dirs[i], dirs[i]);
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(extra); i++)
		vec_add3(a, "--ro-bind-try", extra[i], extra[i]);
}

static void add_tmpfs(struct vec *a, const char *dst, uint64_t size)
{
	vec_add(a, "--size");
	vec_take(a, str_printf("%llu", (unsigned long long)size));
	vec_add(a, "--tmpfs");
	vec_add(a, dst);
}

static void add_isolation(struct vec *a, const struct sandbox_spec *spec)
{
	static const char *const flags[] = {
		"--unshare-all",
		"--unshare-user",
		"--disable-userns",
		"--die-with-parent",
		"--new-session",
		"--cap-drop",
		"ALL",
		"--clearenv",
	};

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		vec_add(a, flags[i]);
	vec_add(a, "--hostname");
	vec_add(a, spec->hostname ? spec->hostname : "sluice");
	add_system(a);
	vec_add(a, "--proc");
	vec_add(a, "/proc");
	vec_add3(a, "--ro-bind", "/proc/sys", "/proc/sys");
	vec_add(a, "--dev");
	vec_add(a, "/dev");
	add_tmpfs(a, "/dev/shm", SHM_SIZE);
	add_tmpfs(a, "/tmp", spec->tmp_size ? spec->tmp_size : TMP_SIZE_DEFAULT);
}

static int add_bind(struct vec *a, const struct sandbox_spec *spec,
		    const struct sandbox_bind *b, struct err *err)
{
	if (b->optional && !path_exists(b->src))
		return 0;
	if (sandbox_reachable(b->src, spec->uid, spec->gid, err) < 0)
		return -1;
	vec_add3(a,
		 b->dev ? "--dev-bind" :
		 b->rw  ? "--bind" :
			  "--ro-bind",
		 b->src, b->dst);
	return 0;
}

static void add_env(struct vec *a, const struct sandbox_spec *spec)
{
	vec_add3(a, "--setenv", "PATH",
		 "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	vec_add3(a, "--setenv", "HOME", "/tmp");
	vec_add3(a, "--setenv", "LC_ALL", "C");
	for (const char *const *e = spec->env; e && *e; e++) {
		const char *eq = strchr(*e, '=');

		if (!eq)
			continue;
		vec_add(a, "--setenv");
		vec_take(a, str_ndup(*e, (size_t)(eq - *e)));
		vec_add(a, eq + 1);
	}
}

static void copy_fds(struct sandbox *s, const struct sandbox_spec *spec)
{
	s->nfds = spec->nfds + 1;
	s->fds = mem_realloc(NULL, s->nfds, sizeof(*s->fds));
	if (spec->nfds)
		memcpy(s->fds, spec->fds, spec->nfds * sizeof(*s->fds));
	s->fds[spec->nfds] = s->filter;
}

static int build_argv(struct sandbox *s, const struct sandbox_spec *spec,
		      const char *const *argv, struct err *err)
{
	struct vec *a = &s->argv;

	vec_add(a, spec->bwrap ? spec->bwrap : "bwrap");
	add_isolation(a, spec);
	for (size_t i = 0; i < spec->nbinds; i++)
		if (add_bind(a, spec, &spec->binds[i], err) < 0)
			return -1;
	vec_add(a, "--remount-ro");
	vec_add(a, "/dev");
	vec_add(a, "--remount-ro");
	vec_add(a, "/");
	add_env(a, spec);
	vec_add(a, "--chdir");
	vec_add(a, spec->chdir ? spec->chdir : "/");
	vec_add(a, "--seccomp");
	vec_take(a, str_printf("%zu", FIRST_FD + spec->nfds));
	vec_add(a, "--");
	for (; *argv; argv++)
		vec_add(a, *argv);
	return 0;
}

int sandbox_new(const struct sandbox_spec *spec, const char *const *argv,
		struct sandbox **ret_sandbox, struct err *err)
{
	struct sandbox *s;

	if (sandbox_check(spec->uid, err) < 0)
		return -1;
	s = mem_alloc0(sizeof(*s));
	s->uid = spec->uid;
	s->gid = spec->gid;
	s->filter = sandbox_filter(err);
	if (s->filter < 0 || build_argv(s, spec, argv, err) < 0) {
		sandbox_free(s);
		return -1;
	}
	copy_fds(s, spec);
	/* bwrap itself; what it starts gets --clearenv and --setenv. */
	vec_add(&s->env, "PATH=/usr/local/bin:/usr/bin:/bin");
	vec_add(&s->env, "LC_ALL=C");
	*ret_sandbox = s;
	return 0;
}

void sandbox_free(struct sandbox *s)
{
	if (!s)
		return;
	strv_free(s->argv.v);
	strv_free(s->env.v);
	free(s->fds);
	if (s->filter >= 0)
		close(s->filter);
	free(s);
}

void sandbox_job_opts(const struct sandbox *s, struct job_opts *opts)
{
	opts->argv = s->argv.v;
	opts->envp = s->env.v;
	opts->cwd = "/";
	opts->fds = s->fds;
	opts->nfds = s->nfds;
	/* job.c drops to it; a caller that is nobody special stays who it is. */
	opts->uid = geteuid() == 0 ? s->uid : 0;
	opts->gid = geteuid() == 0 ? s->gid : 0;
}

char *const *sandbox_argv(const struct sandbox *s)
{
	return s->argv.v;
}

struct probe {
	enum job_how how;
	int code;
	char *line; /* the last that bwrap wrote */
	sd_event *event;
};

static void probe_line(struct job *job, const char *line, size_t len, void *arg)
{
	struct probe *p = arg;

	(void)job;
	free(p->line);
	p->line = str_ndup(line, len);
}

static void probe_done(struct job *job, enum job_how how, int code, void *arg)
{
	struct probe *p = arg;

	(void)job;
	p->how = how;
	p->code = code;
	sd_event_exit(p->event, 0);
}

static int probe_run(const struct sandbox *s, struct probe *p, struct err *err)
{
	struct job *job;
	struct job_opts opts = {
		.deadline_ms = 10000,
		.on_line = probe_line,
		.on_done = probe_done,
		.arg = p,
	};
	int r;

	sandbox_job_opts(s, &opts);
	r = sd_event_new(&p->event);
	if (r < 0)
		return err_set(err, ERR_SYS, "event loop: %s", strerror(-r));
	r = job_start(p->event, &opts, &job, err);
	if (r == 0)
		sd_event_loop(p->event);
	sd_event_unref(p->event);
	return r;
}

int sandbox_probe(const char *bwrap, uid_t uid, gid_t gid, struct err *err)
{
	struct sandbox_spec spec = { .bwrap = bwrap, .uid = uid, .gid = gid };
	const char *const argv[] = { "true", NULL };
	struct probe p = { .code = -1 };
	struct sandbox *s;
	int r;

	if (sandbox_new(&spec, argv, &s, err) < 0)
		return -1;
	r = probe_run(s, &p, err);
	sandbox_free(s);
	if (r == 0 && (p.how != JOB_EXITED || p.code != 0))
		r = err_set(err, ERR_SYS, "no sandbox as uid %u: %s", (unsigned int)uid,
			    p.line ? p.line : job_how_str(p.how));
	free(p.line);
	return r;
}
