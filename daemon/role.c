#include "daemon/role.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/job.h"
#include "lib/log.h"
#include "lib/str.h"

/* A result document is small; logs and lists of files are files of their own. */
#define RESULT_MAX (32 << 20)
/* Git stores and their borrowed object folders are the most that is bound. */
#define ROLE_BINDS_MAX 62
#define SELF_INSIDE "/sluice/sluice"

struct role {
	struct role_host *host;
	struct job *job;
	char *name;
	char *dir;
	int result_fd;
	role_done_fn done;
	void *arg;
	struct timespec started;
};

static void role_free(struct role *r)
{
	if (!r)
		return;
	if (r->dir)
		tree_remove(r->dir, NULL);
	free(r->dir);
	free(r->name);
	if (r->result_fd >= 0)
		close(r->result_fd);
	free(r);
}

static double seconds_since(const struct timespec *t)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - t->tv_sec) +
	       (double)(now.tv_nsec - t->tv_nsec) / 1e9;
}

/* The whole document from the descriptor that only the role itself had. */
static struct json_object *role_read_result(struct role *r, struct err *err)
{
	AUTO_FREE char *text = NULL;
	struct json_object *doc = NULL;
	struct stat st;
	ssize_t n;

	if (fstat(r->result_fd, &st) < 0 || st.st_size == 0) {
		err_set(err, ERR_SYS, "no result");
		return NULL;
	}
	if (st.st_size > RESULT_MAX) {
		err_set(err, ERR_LIMIT, "a result of %lld bytes, %d are the most",
			(long long)st.st_size, RESULT_MAX);
		return NULL;
	}
	text = mem_alloc0((size_t)st.st_size + 1);
	n = pread(r->result_fd, text, (size_t)st.st_size, 0);
	if (n != st.st_size) {
		err_sys(err, "read the result");
		return NULL;
	}
	if (json_parse(text, (size_t)n, &doc, err) < 0)
		return NULL;
	return doc;
}

/* The last line of the log: what a role that died had to say. */
static char *role_last_words(struct role *r)
{
	AUTO_FREE char *path = path_join(r->dir, "log", NULL);
	AUTO_FREE char *data = NULL;
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	char buf[1024], *line, *nl;
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return str_dup("");
	n = pread(fd, buf, sizeof(buf) - 1,
		  st.st_size > (off_t)sizeof(buf) ? st.st_size - (off_t)sizeof(buf) + 1 :
						    0);
	if (n <= 0)
		return str_dup("");
	buf[n] = '\0';
	line = str_trim(buf);
	nl = strrchr(line, '\n');
	return str_dup(nl ? nl + 1 : line);
}

/* How it died, for people: a number alone says nothing to them. */
static char *role_death(enum job_how how, int code)
{
	if (how == JOB_BROKEN)
		return str_printf("its output could not be stored: %s", strerror(code));
	return str_printf("%s %d", job_how_str(how), code);
}

static void role_on_done(struct job *job, enum job_how how, int code, void *arg)
{
	struct role *r = arg;
	struct role_end end = { .dir = r->dir, .seconds = seconds_since(&r->started) };
	AUTO_JSON struct json_object *doc = NULL;
	AUTO_FREE char *words = NULL, *infra = NULL, *death = NULL;
	struct err err = { 0 };
	double cpu = 0;
	long rss = 0;

	job_usage(job, &cpu, &rss);
	r->host->cpu_s += cpu;
	end.cancelled = how == JOB_CANCELLED;
	doc = role_read_result(r, &err);
	if (doc && strcmp(json_str(doc, "status", ""), "error") == 0) {
		infra = str_printf("%s: %s", r->name, json_str(doc, "error", "unknown"));
	} else if (!doc) {
		words = role_last_words(r);
		death = role_death(how, code);
		infra = str_printf("%s: %s: %s%s%s", r->name, err.msg, death,
				   *words ? ": " : "", words);
	} else {
		end.result = doc;
	}
	end.infra = infra;
	log_debug("role %s ended after %.2f s (%.2f s cpu): %s", r->name, end.seconds,
		  cpu, infra ? infra : json_str(doc, "status", "?"));
	r->done(&end, r->arg);
	role_free(r);
}

static int role_write_job(struct role *r, const char *job_dir, struct json_object *job,
			  struct err *err)
{
	AUTO_FREE char *path = path_join(job_dir, "job.json", NULL);
	AUTO_FREE char *result = path_join(r->dir, "result.json", NULL);

	json_set_int(job, "schema", 1);
	json_set_str(job, "role", r->name);
	if (json_write_file(path, job, err) < 0 || chmod(path, 0644) < 0)
		return -1;
	r->result_fd = open(result, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (r->result_fd < 0)
		return err_sys(err, "create %s", result);
	return 0;
}

static int role_start_job(struct role *r, const struct role_opts *opts,
			  const char *job_dir, struct err *err)
{
	const struct state *st = r->host->state;
	struct sandbox_bind binds[ROLE_BINDS_MAX + 2];
	const char *argv[] = { opts->sandbox ? SELF_INSIDE : st->self, "role", opts->name,
			       opts->sandbox ? "/job" : job_dir, NULL };
	AUTO_FREE char *log = path_join(r->dir, "log", NULL);
	struct sandbox *box = NULL;
	struct job_opts jo = {
		.argv = (char *const *)argv,
		.cwd = job_dir,
		.output_path = log,
		.output_max = opts->output_max,
		.fds = &r->result_fd,
		.nfds = 1,
		.uid = geteuid() == 0 ? st->uid : 0,
		.gid = st->gid,
		.deadline_ms = opts->deadline_ms,
		.on_done = role_on_done,
		.arg = r,
	};
	int rc;

	if (opts->nbinds > ROLE_BINDS_MAX)
		return err_set(err, ERR_LIMIT, "%zu folders to bind, over %d",
			       opts->nbinds, ROLE_BINDS_MAX);
	if (opts->sandbox) {
		struct sandbox_spec spec = {
			.bwrap = r->host->config->bwrap,
			.uid = st->uid,
			.gid = st->gid,
			.binds = binds,
			.nbinds = 2 + opts->nbinds,
			.tmp_size = r->host->config->tmp_bytes,
			.fds = &r->result_fd,
			.nfds = 1,
		};

		binds[0] = (struct sandbox_bind){ .src = job_dir,
						  .dst = "/job",
						  .rw = true };
		binds[1] = (struct sandbox_bind){ .src = st->self, .dst = SELF_INSIDE };
		for (size_t i = 0; i < opts->nbinds; i++)
			binds[2 + i] = opts->binds[i];
		if (sandbox_new(&spec, argv, &box, err) < 0)
			return -1;
		sandbox_job_opts(box, &jo);
	}
	rc = job_start(r->host->event, &jo, &r->job, err);
	sandbox_free(box);
	return rc;
}

int role_start(struct role_host *host, struct role_opts *opts, struct role **ret_role,
	       struct err *err)
{
	struct role *r = mem_alloc0(sizeof(*r));
	AUTO_FREE char *job_dir = path_join(opts->dir, "job", NULL);
	AUTO_JSON struct json_object *job = opts->job;

	r->host = host;
	r->name = str_dup(opts->name);
	r->dir = opts->dir;
	r->result_fd = -1;
	r->done = opts->done;
	r->arg = opts->arg;
	clock_gettime(CLOCK_MONOTONIC, &r->started);
	if (role_write_job(r, job_dir, job, err) < 0 ||
	    role_start_job(r, opts, job_dir, err) < 0) {
		err_prefix(err, "start %s", opts->name);
		role_free(r);
		return -1;
	}
	if (ret_role)
		*ret_role = r;
	return 0;
}

void role_cancel(struct role *role)
{
	if (role && role->job)
		job_cancel(role->job);
}

char *role_file(const struct role_end *end, const char *name)
{
	AUTO_FREE char *path = path_join(end->dir, "job", name, NULL);
	const char *slash = strchr(name, '/');
	struct stat st;

	if (!*name || name[0] == '/' || strstr(name, ".."))
		return NULL;
	/* No symlink on the way down either. */
	for (; slash; slash = strchr(slash + 1, '/')) {
		AUTO_FREE char *part = str_ndup(name, (size_t)(slash - name));
		AUTO_FREE char *folder = path_join(end->dir, "job", part, NULL);

		if (lstat(folder, &st) < 0 || !S_ISDIR(st.st_mode))
			return NULL;
	}
	if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1)
		return NULL;
	return TAKE_PTR(path);
}
