#include "cli/cmd.h"
#include "cli/version.h"

static int run_version(int argc, char **argv);

const struct cmd cmd_version = {
	.name = "version",
	.synopsis = "",
	.help = "Print the version",
	.run = run_version,
};

static int run_version(int argc, char **argv)
{
	int rc;

	if (!cmd_parse(&cmd_version, &argc, &argv, NULL, &rc))
		return rc;
	puts("sluice " SLUICE_VERSION);
	return EXIT_OK;
}
