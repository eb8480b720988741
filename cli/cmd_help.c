#include <string.h>

#include "cli/cmd.h"
#include "daemon/config.h"

struct help_args {
	bool mdoc, ini;
};

static const struct cmd_opt opts[] = {
	{ "mdoc", 0, NULL, "print the generated parts of sluice.1: commands, or config",
	  offsetof(struct help_args, mdoc) },
	{ "ini", 0, NULL, "with config: print the shipped config.ini",
	  offsetof(struct help_args, ini) },
	{ 0 },
};

static int run_help(int argc, char **argv);

const struct cmd cmd_help = {
	.name = "help",
	.synopsis = "[COMMAND | config]",
	.help = "Explain a command, or the keys of config.ini",
	.opts = opts,
	.run = run_help,
};

static int print_overview(void)
{
	puts("sluice tests a kernel patch series patch by patch: applied, built, booted\n"
	     "and tested after every patch, on several CPU and NUMA topologies.\n\n"
	     "usage: sluice COMMAND [OPTIONS] ...\n\nCommands:");
	for (size_t i = 0; cmd_list[i]; i++)
		if (!cmd_list[i]->hidden)
			cmd_print_two(stdout, cmd_list[i]->name, 14, cmd_list[i]->help);
	puts("\nA first day:\n"
	     "  sluice tree add mm ~/linux             your clone is a base tree, only read\n"
	     "  sluice test A..B                       test your commits before posting them\n"
	     "  sluice test --tree mm 2024.1-a@b.org   or a series from the mailing list\n"
	     "\n\"sluice COMMAND --help\" tells more; keys of config.ini: \"sluice help config\".");
	return EXIT_OK;
}

static int help_config(const struct help_args *args)
{
	if (args->mdoc) {
		config_print_mdoc(stdout);
	} else if (args->ini) {
		config_print_default_ini(stdout);
	} else {
		puts("Read from --config-file, else /etc/sluice/config.ini, else\n"
		     "$XDG_CONFIG_HOME/sluice/config.ini (~/.config), else these defaults:\n");
		config_print_keys(stdout);
	}
	return EXIT_OK;
}

static int run_help(int argc, char **argv)
{
	struct help_args args = { 0 };
	const struct cmd *cmd;
	bool config;
	int rc;

	if (!cmd_parse(&cmd_help, &argc, &argv, &args, &rc))
		return rc;
	config = argc == 1 && strcmp(argv[0], "config") == 0;
	if (argc > 0 && !config && (args.mdoc || args.ini))
		return cmd_usage(&cmd_help, "--mdoc and --ini are not of a command");
	if (args.ini && (!config || args.mdoc))
		return cmd_usage(&cmd_help, "--ini goes with config, and without --mdoc");
	if (config)
		return help_config(&args);
	if (args.mdoc) {
		cmd_print_mdoc(stdout);
		return EXIT_OK;
	}
	if (argc == 0)
		return print_overview();
	cmd = cmd_find(cmd_list, "sluice help", argv[0]);
	if (!cmd)
		return EXIT_USAGE;
	if (argc > (cmd->subs ? 2 : 1))
		return cmd_usage(&cmd_help, "one COMMAND at a time");
	if (argc > 1)
		cmd = cmd_find(cmd->subs, "sluice help", argv[1]);
	if (!cmd)
		return EXIT_USAGE;
	cmd_print_help(cmd, stdout);
	return EXIT_OK;
}
