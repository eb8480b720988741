/*
 * A copy of the toy kernel tree in the scratch folder of a test (src/), beside
 * an output folder (out/) and a job folder (job/), and edits on it as a patch
 * would make them.
 */
#ifndef SLUICE_TESTS_UNIT_TOY_FIXTURE_H
#define SLUICE_TESTS_UNIT_TOY_FIXTURE_H

#include "tests/unit/cm.h"

#include <sys/stat.h>

#include "lib/cleanup.h"
#include "lib/job.h"
#include "lib/paths.h"

struct toy {
	char *src, *out, *job;
};

static inline void toy_done(struct toy *t)
{
	free(t->src);
	free(t->out);
	free(t->job);
}

static inline struct toy toy_new(const char *dir)
{
	AUTO_FREE char *from = path_join(paths_data(), "tests/data/toy-tree", NULL);
	struct toy t = {
		.src = path_join(dir, "src", NULL),
		.out = path_join(dir, "out", NULL),
		.job = path_join(dir, "job", NULL),
	};
	char *argv[] = { (char *)"cp", (char *)"-a", from, t.src, NULL };
	struct job_opts opts = { .argv = argv };
	struct err err = { 0 };
	enum job_how how;
	int code;

	if (job_run(&opts, &how, &code, &err) < 0 || how != JOB_EXITED || code != 0)
		fail_msg("copy %s: %s", from, err.msg);
	assert_int_equal(dir_make(t.out, 0755, NULL), 0);
	assert_int_equal(dir_make(t.job, 0755, NULL), 0);
	return t;
}

/* The file's whole text becomes this; folders are made. */
static inline void toy_write(const struct toy *t, const char *file, const char *text)
{
	AUTO_FREE char *path = path_join(t->src, file, NULL);
	AUTO_FREE char *dir = str_ndup(path, (size_t)(strrchr(path, '/') - path));
	struct err err = { 0 };

	if (dir_make(dir, 0755, &err) < 0 ||
	    file_write_atomic(path, text, strlen(text), 0644, &err) < 0)
		fail_msg("%s", err.msg);
}

static inline char *toy_read(const struct toy *t, const char *file)
{
	AUTO_FREE char *path = path_join(t->src, file, NULL);
	struct err err = { 0 };
	char *text;

	if (file_read(path, 1 << 20, &text, NULL, &err) < 0)
		fail_msg("%s", err.msg);
	return text;
}

static inline void toy_append(const struct toy *t, const char *file, const char *more)
{
	AUTO_FREE char *old = toy_read(t, file);
	AUTO_FREE char *text = str_printf("%s%s", old, more);

	toy_write(t, file, text);
}

#endif
