#include <string.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/context.h"
#include "cli/find.h"
#include "db/build.h"
#include "db/used_by.h"
#include "lib/log.h"
#include "lib/text.h"

#define CHUNK (256 * 1024)

struct log_args {
	struct cmd_common common;
	const char *test, *config;
	bool build, raw;
};

static const struct cmd_opt opts[] = {
	{ "build", 'b', NULL, "the output of make instead of the console",
	  offsetof(struct log_args, build) },
	{ "config", 0, "NAME", "with SERIES STEP: the build of this config",
	  offsetof(struct log_args, config) },
	{ "test", 0, "NAME", "only what the console said during this test",
	  offsetof(struct log_args, test) },
	{ "raw", 0, NULL, "the bytes as they came, terminal escapes and all",
	  offsetof(struct log_args, raw) },
	CMD_OPTS_COMMON,
	{ 0 },
};

static int run_log(int argc, char **argv);

const struct cmd cmd_log = {
	.name = "log",
	.synopsis = "RUN | --build SERIES STEP",
	.help = "Print the console of a run, or the log of a build",
	.detail =
		"With --build RUN it is the build of the run's image. A step that did not build\n"
		"has no run: name it by series and number.\n",
	.opts = opts,
	.run = run_log,
};

/*
 * Cleaned line by line, since what text_clean remembers ends with the call: a
 * line that lies across two chunks waits for its end.
 */
struct printer {
	struct str line;
	bool raw;
};

static void print_clean(struct printer *p, bool end)
{
	AUTO(str_done) struct str out = STR_INIT, rest = STR_INIT;
	const char *data = str_get(&p->line);
	size_t len = p->line.len;

	while (!end && len > 0 && data[len - 1] != '\n')
		len--;
	if (len == 0 && p->line.len >= CHUNK)
		len = p->line.len;
	if (len == 0)
		return;
	text_clean(&out, data, len);
	fwrite(str_get(&out), 1, out.len, stdout);
	str_addn(&rest, data + len, p->line.len - len);
	str_done(&p->line);
	p->line = rest;
	rest = (struct str)STR_INIT;
}

static void print_bytes(struct printer *p, const char *data, size_t len)
{
	if (p->raw) {
		fwrite(data, 1, len, stdout);
		return;
	}
	str_addn(&p->line, data, len);
	print_clean(p, false);
}

/* The bytes [from, to) of an artifact; to 0: its end. */
static int print_artifact(struct context *cx, const char *sha,
			  const struct log_args *args, uint64_t from, uint64_t to)
{
	AUTO_FREE char *buf = mem_alloc0(CHUNK);
	struct printer p = { .raw = args->raw, .line = STR_INIT };
	struct artifact *a = NULL;
	struct err err = { 0 };
	char day[ARTIFACT_DAY];
	int64_t dropped;
	ssize_t n;

	if (artifact_dropped(cx->artifacts, sha, &dropped, &err) > 0) {
		artifact_day(dropped, day);
		log_info("this log was dropped on %s by retention; what was found in it "
			 "is kept: sluice show",
			 day);
		return EXIT_USAGE;
	}
	if (artifact_open(cx->artifacts, sha, &a, &err) < 0) {
		log_error("%s", err.msg);
		return EXIT_INFRA;
	}
	if (to == 0 || to > artifact_size(a))
		to = artifact_size(a);
	while (from < to) {
		size_t want = to - from < CHUNK ? (size_t)(to - from) : CHUNK;

		n = artifact_read(a, from, buf, want, &err);
		if (n <= 0)
			break;
		print_bytes(&p, buf, (size_t)n);
		from += (uint64_t)n;
	}
	print_clean(&p, true);
	str_done(&p.line);
	artifact_close(a);
	if (err.code == ERR_NONE)
		return EXIT_OK;
	log_error("%s", err.msg);
	return EXIT_INFRA;
}

static int print_build(struct context *cx, int64_t id, const struct log_args *args)
{
	struct build build = { 0 };
	struct err err = { 0 };
	int found = build_find(cx->db, id, &build, &err);
	int rc = EXIT_INFRA;

	if (found < 0)
		log_error("%s", err.msg);
	else if (found == 0 || !build.log)
		log_error("this build left no log");
	else
		rc = print_artifact(cx, build.log, args, 0, 0);
	build_done(&build);
	return rc;
}

/* The build that stands for a step; without --config the first that failed, else the first. */
static int build_of_step(struct context *cx, int64_t series_id, int64_t step,
			 const char *config, int64_t *ret_build, struct err *err)
{
	struct step_build *list = NULL;
	size_t n = 0;
	bool failed = false;

	*ret_build = DB_NO_INT;
	if (step_build_list(cx->db, series_id, &list, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		bool bad = list[i].status != BUILD_OK;

		if (list[i].step != step || list[i].build_id == DB_NO_INT ||
		    (config && strcmp(config, list[i].config) != 0))
			continue;
		if (*ret_build == DB_NO_INT || (bad && !failed)) {
			*ret_build = list[i].build_id;
			failed = bad;
		}
	}
	step_build_list_free(list, n);
	return 0;
}

static int log_of_step(struct context *cx, char **argv, const struct log_args *args)
{
	struct series series = { 0 };
	struct err err = { 0 };
	int64_t build;
	long long step;
	int rc;

	if (!str_to_ll(argv[1], 0, 1000000, &step))
		return cmd_usage(&cmd_log, "STEP is a number; 0 is the base");
	rc = find_series(cx, argv[0], &series);
	if (rc == EXIT_OK &&
	    build_of_step(cx, series.id, step, args->config, &build, &err) < 0) {
		log_error("%s", err.msg);
		rc = EXIT_INFRA;
	} else if (rc == EXIT_OK && build == DB_NO_INT) {
		log_error("step %lld was not built", step);
		rc = EXIT_USAGE;
	}
	series_done(&series);
	return rc == EXIT_OK ? print_build(cx, build, args) : rc;
}

static int log_of_image(struct context *cx, const struct boot *boot,
			const struct log_args *args)
{
	struct used_by *used = NULL;
	struct err err = { 0 };
	int64_t build = DB_NO_INT;
	size_t n = 0;
	int rc = boot_used_by(cx->db, boot->id, &used, &n, &err);

	if (rc == 0 && n > 0)
		rc = build_of_step(cx, used[0].series_id, used[0].step, boot->config,
				   &build, &err);
	used_by_list_free(used, n);
	if (rc == 0 && build != DB_NO_INT)
		return print_build(cx, build, args);
	log_error("%s", rc < 0 ? err.msg : "the build of this run's image is not known");
	return EXIT_INFRA;
}

/* With or without the suite in front. */
static bool test_is(const char *test, const char *name)
{
	const char *slash = strchr(test, '/');

	return strcmp(test, name) == 0 || (slash && strcmp(slash + 1, name) == 0);
}

static int log_of_test(struct context *cx, const struct boot *boot,
		       const struct log_args *args)
{
	struct result *list = NULL;
	struct err err = { 0 };
	size_t n = 0;
	int rc = EXIT_USAGE;
	bool found = false;

	if (result_list(cx->db, boot->id, &list, &n, &err) < 0) {
		log_error("%s", err.msg);
		return EXIT_INFRA;
	}
	for (size_t i = 0; i < n && !found; i++) {
		if (!test_is(list[i].test, args->test))
			continue;
		found = true;
		if (list[i].output) {
			AUTO(str_done) struct str out = STR_INIT;

			text_clean(&out, list[i].output, strlen(list[i].output));
			puts(str_get(&out));
		}
		rc = list[i].console_from == DB_NO_INT || !boot->console ?
			     EXIT_OK :
			     print_artifact(cx, boot->console, args,
					    (uint64_t)list[i].console_from,
					    list[i].console_to == DB_NO_INT ?
						    0 :
						    (uint64_t)list[i].console_to);
	}
	if (!found)
		log_error("run %lld has no such test", (long long)boot->id);
	result_list_free(list, n);
	return rc;
}

static int log_of_run(struct context *cx, const char *text, const struct log_args *args)
{
	struct boot boot = { 0 };
	int rc = find_run(cx, text, &boot);

	if (rc != EXIT_OK) {
		boot_done(&boot);
		return rc;
	}
	if (args->build) {
		rc = log_of_image(cx, &boot, args);
	} else if (args->test) {
		rc = log_of_test(cx, &boot, args);
	} else if (boot.console) {
		rc = print_artifact(cx, boot.console, args, 0, 0);
	} else {
		log_error("run %lld left no console log", (long long)boot.id);
		rc = EXIT_USAGE;
	}
	boot_done(&boot);
	return rc;
}

static int run_log(int argc, char **argv)
{
	struct log_args args = { 0 };
	AUTO_CONTEXT struct context cx = CONTEXT_INIT;
	int rc;

	if (!cmd_parse(&cmd_log, &argc, &argv, &args, &rc))
		return rc;
	if (argc != 1 && !(argc == 2 && args.build))
		return cmd_usage(&cmd_log, "which RUN?");
	if (args.build && args.test)
		return cmd_usage(&cmd_log, "either --build or --test");
	if (args.config && argc != 2)
		return cmd_usage(&cmd_log, "--config goes with --build SERIES STEP");
	rc = context_read(&cx, &args.common);
	if (rc != EXIT_OK)
		return rc;
	return argc == 2 ? log_of_step(&cx, argv, &args) :
			   log_of_run(&cx, argv[0], &args);
}
