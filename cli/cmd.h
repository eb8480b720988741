/*
 * What a command is. Each lives in a file of its own, cli/cmd_<name>.c, that
 * exports one "const struct cmd cmd_<name>"; the list in cmd.c is all that has
 * to know it. Options are a table, which feeds getopt_long, --help and the man
 * page alike.
 */
#ifndef SLUICE_CLI_CMD_H
#define SLUICE_CLI_CMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "lib/str.h"

enum cmd_exit { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_INFRA = 3 };

/* Ended by a NULL name. */
struct cmd_opt {
	const char *name;
	char letter;     /* 0: none */
	const char *arg; /* NULL: a switch, and the field is a bool */
	const char *help;
	size_t at; /* of the field in the command's struct: const char * or bool */
};

/* What most commands take; the first member of their struct of options. */
struct cmd_common {
	const char *config_file, *state_dir;
};
#define CMD_OPTS_COMMON                                                        \
	{ "config-file", 0, "FILE", "read this config.ini and no other",       \
	  offsetof(struct cmd_common, config_file) },                          \
	{                                                                      \
		"state-dir", 0, "DIR", "keep database, logs and builds there", \
			offsetof(struct cmd_common, state_dir)                 \
	}

struct cmd {
	const char *name;              /* "test", "tree add" */
	const char *synopsis;          /* what follows the options: "SERIES..." */
	const char *help;              /* one line, no full stop */
	const char *detail;            /* more for --help, whole lines; may be NULL */
	const struct cmd_opt *opts;    /* may be NULL */
	const struct cmd *const *subs; /* NULL-terminated; may be NULL */
	bool hidden;
	/* argv[0] is the command's name. Returns the exit code. */
	int (*run)(int argc, char **argv);
};

/* All of them, in the order of the help; ended by NULL. */
extern const struct cmd *const cmd_list[];
/* NULL after having said so, with what may have been meant. */
const struct cmd *cmd_find(const struct cmd *const *list, const char *prefix,
			   const char *name);

/*
 * Reads the options in argv into fields (the command's struct) and moves argc
 * and argv on to the first operand. False when the command is to end with
 * *ret_exit: after --help, or a mistake, which was told.
 */
bool cmd_parse(const struct cmd *cmd, int *argc, char ***argv, void *fields,
	       int *ret_exit);
/* Says what is wrong with the call; returns EXIT_USAGE. */
int cmd_usage(const struct cmd *cmd, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* left in a column of that width, right beside it, in lines of 80 columns. */
void cmd_print_two(FILE *out, const char *left, int width, const char *right);
void cmd_print_help(const struct cmd *cmd, FILE *out);
/* The commands as the man page's section on them. */
void cmd_print_mdoc(FILE *out);

#endif
