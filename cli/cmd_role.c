/*
 * "sluice role NAME JOBDIR", how sluice starts itself as a child: reads
 * JOBDIR/job.json, works, writes one JSON document to descriptor 3. Ends with 0
 * when a document was written, whatever it says.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <signal.h>

#include "cli/cmd.h"
#include "kernels/role_apply.h"
#include "kernels/role_build.h"
#include "kernels/role_checkout.h"
#include "kernels/role_fetch.h"
#include "kernels/role_poll.h"
#include "kernels/role_selftests.h"
#include "kernels/role_tree.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/log.h"
#include "runners/role_boot.h"

#define RESULT_FD 3
#define SCHEMA 1
#define JOB_MAX (64UL << 20)

typedef int (*role_fn)(struct json_object *job, const char *jobdir,
		       struct json_object *result, struct err *err);

static const struct role {
	const char *name;
	role_fn run;
} roles[] = {
	{ "fetch", role_fetch }, { "apply", role_apply }, { "checkout", role_checkout },
	{ "build", role_build }, { "boot", role_boot },   { "selftests", role_selftests },
	{ "poll", role_poll },   { "tree", role_tree },
};

static int run_role(int argc, char **argv);

const struct cmd cmd_role = {
	.name = "role",
	.synopsis = "NAME JOBDIR",
	.help = "Work as a child of sluice (not for people)",
	.hidden = true,
	.run = run_role,
};

static const struct role *role_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++)
		if (strcmp(roles[i].name, name) == 0)
			return &roles[i];
	return NULL;
}

static int job_read(const char *name, const char *jobdir, struct json_object **ret,
		    struct err *err)
{
	AUTO_FREE char *path = path_join(jobdir, "job.json", NULL);
	AUTO_JSON struct json_object *job = NULL;

	if (json_read_file(path, JOB_MAX, &job, err) < 0)
		return -1;
	if (json_int(job, "schema", 0) != SCHEMA)
		return err_set(err, ERR_INPUT, "%s: schema %lld, expected %d", path,
			       json_int(job, "schema", 0), SCHEMA);
	if (strcmp(json_str(job, "role", ""), name) != 0)
		return err_set(err, ERR_INPUT, "%s: is for role \"%s\"", path,
			       json_str(job, "role", ""));
	*ret = TAKE_PTR(job);
	return 0;
}

static int result_write(struct json_object *result)
{
	size_t len, done = 0;
	const char *text;

	json_set_int(result, "schema", SCHEMA);
	text = json_object_to_json_string_length(result, JSON_C_TO_STRING_PLAIN, &len);
	while (done < len) {
		ssize_t n = write(RESULT_FD, text + done, len - done);

		if (n <= 0) {
			log_error("role: write of the result: %m");
			return EXIT_FAILED;
		}
		done += (size_t)n;
	}
	return EXIT_OK;
}

static void result_error(struct json_object *result, const struct err *err)
{
	json_set_str(result, "status", "error");
	json_set_str(result, "error", err->msg);
	json_set_int(result, "code", err->code);
	log_error("role: %s", err->msg);
}

static int run_role(int argc, char **argv)
{
	AUTO_JSON struct json_object *job = NULL, *result = NULL;
	struct err err = { 0 };
	const struct role *role;
	int rc;

	/* A supervisor that was killed must not leave guests or b4 behind. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* What we write is for the supervisor's descriptor alone: nobody who
	 * runs as our uid may open our memory or descriptors. */
	prctl(PR_SET_DUMPABLE, 0);
	/* First of all: what this role starts must not reach the result. */
	if (fcntl(RESULT_FD, F_SETFD, FD_CLOEXEC) < 0)
		return cmd_usage(&cmd_role, "descriptor 3 is not open");
	if (!cmd_parse(&cmd_role, &argc, &argv, NULL, &rc))
		return rc;
	if (argc != 2)
		return cmd_usage(&cmd_role, "NAME and JOBDIR are needed");
	role = role_find(argv[0]);
	if (!role)
		return cmd_usage(&cmd_role, "there is no role \"%s\"", argv[0]);
	result = json_object_new_object();
	if (job_read(role->name, argv[1], &job, &err) < 0 ||
	    role->run(job, argv[1], result, &err) < 0)
		result_error(result, &err);
	return result_write(result);
}
