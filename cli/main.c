#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "lib/log.h"

/* A closed 0, 1 or 2 would be given to the next file that is opened. */
static void open_standard_fds(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

/* What could not be printed was not told, whatever was found out. */
static int end_output(int rc)
{
	bool lost = ferror(stdout);

	errno = 0;
	if (fflush(stdout) == 0 && !lost)
		return rc;
	log_error("standard output: %s",
		  errno ? strerror(errno) : "not all of it could be written");
	return rc == EXIT_OK ? EXIT_INFRA : rc;
}

int main(int argc, char **argv)
{
	static char *no_words[] = { (char *)"help", NULL };
	const char *word = argc > 1 ? argv[1] : "help";
	const struct cmd *cmd;
	int rc;

	open_standard_fds();
	setlocale(LC_CTYPE, "C.UTF-8");
	umask(022); /* the build user reads what we write */
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
		word = "help";
	else if (strcmp(word, "--version") == 0)
		word = "version";
	cmd = cmd_find(cmd_list, "sluice", word);
	if (!cmd)
		return EXIT_USAGE;
	rc = argc > 1 ? cmd->run(argc - 1, argv + 1) : cmd->run(1, no_words);
	return end_output(rc);
}
