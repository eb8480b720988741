#include <stdio.h>

#include "cli/cmd.h"
#include "cli/context.h"
#include "cli/find.h"
#include "cli/repro.h"
#include "lib/log.h"

struct repro_args {
	struct cmd_common common;
};

static const struct cmd_opt opts[] = { CMD_OPTS_COMMON, { 0 } };

static int run_repro(int argc, char **argv);

const struct cmd cmd_repro = {
	.name = "repro",
	.synopsis = "RUN",
	.help = "Print a shell script that reproduces a run with git, make and qemu alone",
	.detail =
		"  sluice repro 17 | sh          builds and boots in ./sluice-repro-17\n"
		"  sluice repro 17 | sh -s DIR   there\n"
		"With VMLINUX=FILE in the environment that kernel is booted and none is built.\n",
	.opts = opts,
	.run = run_repro,
};

static int print_script(struct context *cx, const char *text)
{
	const struct repro_from from = {
		.db = cx->db,
		.artifacts = cx->artifacts,
		.config = cx->config,
		.state_dir = cx->dir,
	};
	AUTO_FREE char *script = NULL;
	struct boot boot = { 0 };
	struct err err = { 0 };
	int rc = find_run(cx, text, &boot);

	if (rc == EXIT_OK && repro_script(&from, &boot, &script, &err) < 0) {
		log_error("%s", err.msg);
		rc = EXIT_INFRA;
	}
	if (rc == EXIT_OK)
		fputs(script, stdout);
	boot_done(&boot);
	return rc;
}

static int run_repro(int argc, char **argv)
{
	struct repro_args args = { 0 };
	AUTO_CONTEXT struct context cx = CONTEXT_INIT;
	int rc;

	if (!cmd_parse(&cmd_repro, &argc, &argv, &args, &rc))
		return rc;
	if (argc != 1)
		return cmd_usage(&cmd_repro, "which RUN?");
	rc = context_read(&cx, &args.common);
	return rc == EXIT_OK ? print_script(&cx, argv[0]) : rc;
}
