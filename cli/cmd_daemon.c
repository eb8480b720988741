#include "cli/cmd.h"
#include "cli/context.h"
#include "daemon/service.h"
#include "db/state_lock.h"
#include "lib/file.h"
#include "lib/log.h"

static const struct cmd_opt opts[] = {
	CMD_OPTS_COMMON,
	{ 0 },
};

static int run_daemon(int argc, char **argv);

const struct cmd cmd_daemon = {
	.name = "daemon",
	.synopsis = "",
	.help = "Find series on lists and work through the queue until SIGTERM",
	.detail =
		"Stays in the foreground, as systemd wants it (contrib/sluiced.service). SIGHUP\n"
		"loads the configuration anew; one with mistakes is refused, all goes on with the\n"
		"old one, and \"sluice status\" says why. Another state_dir is a mistake, too: that\n"
		"needs another daemon. SIGTERM and Ctrl-C put what runs back into the queue and\n"
		"end within 10 seconds. After a crash the next daemon goes on where the last one\n"
		"was.\n\n"
		"Each section [source NAME] of config.ini is a place where series appear: it is\n"
		"polled, and each series that has come as a whole is queued, once, behind what\n"
		"somebody waits for. Its base is looked for as the section's key base says, by\n"
		"default first what the mails name (base-commit), then a commit whose files the\n"
		"index lines name (blobs), both in any of the section's trees, then the newest\n"
		"commit of its tree that passed all tests (good), then its head (head). A commit\n"
		"counts when the patches go onto it as a whole; where none is such, the one that\n"
		"takes most of them is what is reported on. \"sluice show\" tells what was tried.\n\n"
		"An author may ask for something else than the section says by a line like\n"
		"\"sluice: tree=mm base=v6.12 topology=numa4 config=a,b suite=c\" in the cover\n"
		"letter. tree is then the only one looked at; base is a branch of it, or a tag or\n"
		"commit that is in it, and is taken whether the patches go onto it or not. What\n"
		"there is not, tree, base or another name, is passed over.\n\n"
		"Each section [tree NAME] is a tree that is fetched by itself. What its head has\n"
		"become is tested, before the series that wait for that tree.\n\n"
		"While it runs, \"sluice test\" is its client, and \"sluice submit\", queue, cancel,\n"
		"rerun, pause, resume and status talk to it.\n",
	.opts = opts,
	.run = run_daemon,
};

static int run_daemon(int argc, char **argv)
{
	struct cmd_common args = { 0 };
	AUTO_CONTEXT struct context cx = CONTEXT_INIT;
	struct err err = { 0 };
	int rc;

	if (!cmd_parse(&cmd_daemon, &argc, &argv, &args, &rc))
		return rc;
	if (argc > 0)
		return cmd_usage(&cmd_daemon, "takes no operands");
	rc = context_config(&cx, &args);
	if (rc != EXIT_OK)
		return rc;
	if (dir_make(cx.dir, 0755, &err) == 0 &&
	    state_lock(cx.dir, DAEMON_COMMAND, &cx.lock, &err) == 0) {
		cx.locked = true;
		/* It replaces the configuration when told to: the service's own now. */
		if (service_run(args.config_file, TAKE_PTR(cx.config), cx.dir, cx.lock,
				&err) == 0)
			return EXIT_OK;
	}
	log_error("%s", err.msg);
	return err.code == ERR_INPUT ? EXIT_USAGE : EXIT_INFRA;
}
