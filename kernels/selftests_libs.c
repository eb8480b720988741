#include "kernels/selftests_libs.h"

#include <string.h>

#include "kernels/selftests_error.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/job.h"
#include "lib/str.h"

#define ASK_MS 20000

static void keep_first_line(struct job *job, const char *line, size_t len, void *arg)
{
	char **first = arg;

	(void)job;
	if (!*first)
		*first = str_ndup(line, len);
}

/* gcc's path of a library; only its name again where it has none. The caller frees. */
static int ask(const char *name, char **ret_path, struct err *err)
{
	AUTO_FREE char *question = str_printf("-print-file-name=%s", name);
	char *argv[] = { (char *)"gcc", question, NULL };
	AUTO_FREE char *line = NULL;
	struct job_opts opts = { .argv = argv,
				 .deadline_ms = ASK_MS,
				 .output_max = 1 << 20,
				 .on_line = keep_first_line,
				 .arg = &line };
	enum job_how how;
	int code;

	if (job_run(&opts, &how, &code, err) < 0)
		return -1;
	if (how != JOB_EXITED || code != 0 || !line)
		return err_set(err, ERR_SYS, "gcc does not say where %s is", name);
	*ret_path = TAKE_PTR(line);
	return 0;
}

static int add_file(struct sha256 *h, const char *name, const char *path, struct err *err)
{
	char sha[SHA256_HEX] = "none";

	if (path_exists(path) && sha256_of_file(path, sha, err) < 0)
		return -1;
	sha256_add_str(h, name);
	sha256_add_str(h, sha);
	return 0;
}

static int add_library(struct sha256 *h, const char *file, struct err *err)
{
	AUTO_FREE char *path = NULL;

	return ask(file, &path, err) < 0 ? -1 : add_file(h, file, path, err);
}

static int add_header(struct sha256 *h, const char *include, const char *file,
		      struct err *err)
{
	AUTO_FREE char *path = path_join(include, file, NULL);

	return add_file(h, file, path, err);
}

static int add_all(struct sha256 *h, const char *include, struct err *err)
{
	/* libc.a and crt1.o come with the C library's own headers. */
	if (add_library(h, "libc.a", err) < 0 || add_library(h, "crt1.o", err) < 0 ||
	    add_header(h, include, "linux/version.h", err) < 0)
		return -1;
	for (const struct selftests_library *l = selftests_libraries; l->header; l++) {
		AUTO_FREE char *archive = str_printf("%s.a", l->library);

		if (add_header(h, include, l->header, err) < 0 ||
		    add_library(h, archive, err) < 0)
			return -1;
	}
	return 0;
}

int selftests_libs_id(const char *include, char ret[SHA256_HEX], struct err *err)
{
	struct sha256 *h = sha256_new();
	int rc = add_all(h, include, err);

	sha256_hex(h, ret);
	sha256_free(h);
	return rc < 0 ? err_prefix(err, "look at the libraries of selftests") : 0;
}
