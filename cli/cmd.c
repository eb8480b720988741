#include "cli/cmd.h"

#include <getopt.h>
#include <stdarg.h>
#include <string.h>

#include "cli/term.h"
#include "lib/cleanup.h"
#include "lib/text.h"

#define OPTS_MAX 24
#define HELP_WIDTH 80

const struct cmd *cmd_find(const struct cmd *const *list, const char *prefix,
			   const char *name)
{
	const char *names[32] = { NULL };
	const char *near;
	AUTO_FREE char *clean = NULL;
	size_t n = 0;

	for (size_t i = 0; list[i]; i++) {
		const char *last = strrchr(list[i]->name, ' ');

		last = last ? last + 1 : list[i]->name;
		if (strcmp(last, name) == 0)
			return list[i];
		if (!list[i]->hidden && n + 1 < ARRAY_SIZE(names))
			names[n++] = last;
	}
	near = text_nearest(name, names);
	clean = text_clean_line(name, 40);
	fprintf(stderr, "%s: there is no command \"%s\"", prefix, clean);
	if (near)
		fprintf(stderr, ", did you mean \"%s\"?", near);
	fprintf(stderr, "\nSee \"sluice help\".\n");
	return NULL;
}

int cmd_usage(const struct cmd *cmd, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "sluice %s: ", cmd->name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\nSee \"sluice %s --help\".\n", cmd->name);
	return EXIT_USAGE;
}

static const struct cmd_opt opt_help = { "help", 'h', NULL, "show this", 0 };

/* The i-th option of the command, --help last; NULL beyond. */
static const struct cmd_opt *opt_at(const struct cmd *cmd, size_t i)
{
	size_t n = 0;

	while (cmd->opts && cmd->opts[n].name)
		n++;
	return i < n ? &cmd->opts[i] : i == n ? &opt_help : NULL;
}

void cmd_print_two(FILE *out, const char *left, int width, const char *right)
{
	const struct term t = { .out = out, .width = HELP_WIDTH };
	int indent = 2 + width;

	fprintf(out, "  %-*s", width, left);
	if (text_width(left) >= width) {
		fputc('\n', out);
		term_pad(&t, indent);
	}
	term_wrap(&t, TERM_PLAIN, right, indent);
}

static void opt_print(const struct cmd_opt *o, FILE *out)
{
	AUTO(str_done) struct str left = STR_INIT;

	if (o->letter)
		str_addf(&left, "-%c, ", o->letter);
	str_addf(&left, "--%s%s%s", o->name, o->arg ? " " : "", o->arg ? o->arg : "");
	cmd_print_two(out, str_get(&left), 24, o->help);
}

void cmd_print_help(const struct cmd *cmd, FILE *out)
{
	fprintf(out, "usage: sluice %s%s%s%s\n\n%s.\n", cmd->name,
		cmd->opts ? " [OPTIONS]" : "", *cmd->synopsis ? " " : "", cmd->synopsis,
		cmd->help);
	if (cmd->detail)
		fprintf(out, "\n%s", cmd->detail);
	if (cmd->subs) {
		fputs("\nCommands:\n", out);
		for (size_t i = 0; cmd->subs[i]; i++)
			fprintf(out, "  sluice %s %s\n      %s\n", cmd->subs[i]->name,
				cmd->subs[i]->synopsis, cmd->subs[i]->help);
	}
	fputs("\nOptions:\n", out);
	for (size_t i = 0; opt_at(cmd, i); i++)
		opt_print(opt_at(cmd, i), out);
}

/* "unknown option --topologie, did you mean --topology?" */
static int opt_unknown(const struct cmd *cmd, const char *given)
{
	const char *names[OPTS_MAX + 1] = { NULL };
	AUTO_FREE char *clean = text_clean_line(given, 40);
	AUTO_FREE char *word = str_dup(clean + strspn(clean, "-"));
	const char *near;

	word[strcspn(word, "=")] = '\0';
	for (size_t i = 0; opt_at(cmd, i); i++)
		names[i] = opt_at(cmd, i)->name;
	near = text_nearest(word, names);
	if (near)
		return cmd_usage(cmd, "unknown option %s, did you mean --%s?", clean,
				 near);
	return cmd_usage(cmd, "unknown option %s", clean);
}

/* "--json takes no value"; getopt leaves the place of a switch that was given one. */
static int opt_mistaken(const struct cmd *cmd, const char *given)
{
	if (optopt >= 256)
		return cmd_usage(cmd, "--%s takes no value",
				 opt_at(cmd, (size_t)optopt - 256)->name);
	return opt_unknown(cmd, given);
}

static void opt_store(const struct cmd_opt *o, void *fields)
{
	char *field = (char *)fields + o->at;

	if (o->arg)
		*(const char **)field = optarg;
	else
		*(bool *)field = true;
}

/* The tables that getopt_long wants: val is the option's place, from 256 on. */
static void opt_tables(const struct cmd *cmd, struct option *longs, char *shorts)
{
	*shorts++ = '+';
	*shorts++ = ':';
	for (size_t i = 0; opt_at(cmd, i) && i < OPTS_MAX; i++) {
		const struct cmd_opt *o = opt_at(cmd, i);

		longs[i] = (struct option){ o->name,
					    o->arg ? required_argument : no_argument,
					    NULL, 256 + (int)i };
		if (o->letter) {
			*shorts++ = o->letter;
			if (o->arg)
				*shorts++ = ':';
		}
	}
	*shorts = '\0';
}

static const struct cmd_opt *opt_of(const struct cmd *cmd, int val)
{
	if (val >= 256)
		return opt_at(cmd, (size_t)val - 256);
	for (size_t i = 0; opt_at(cmd, i); i++)
		if (opt_at(cmd, i)->letter == val)
			return opt_at(cmd, i);
	return NULL;
}

/*
 * Operands may stand before options, as people type them: getopt stops at the
 * first operand ('+'), it is put aside and the rest read.
 */
bool cmd_parse(const struct cmd *cmd, int *argc, char ***argv, void *fields,
	       int *ret_exit)
{
	struct option longs[OPTS_MAX + 1] = { { 0 } };
	char shorts[2 * OPTS_MAX + 3];
	int val, noperands = 1;
	bool only_operands = false;

	opt_tables(cmd, longs, shorts);
	opterr = 0;
	optind = 0; /* it forgets the words of another call */
	while (optind < *argc) {
		int before = optind ? optind : 1;

		val = only_operands ? -1 : getopt_long(*argc, *argv, shorts, longs, NULL);
		if (val == -1) {
			only_operands = only_operands || optind > before;
			if (optind < *argc)
				(*argv)[noperands++] = (*argv)[optind++];
			continue;
		}
		if (val == '?' || val == ':') {
			*ret_exit = val == '?' ? opt_mistaken(cmd, (*argv)[before]) :
						 cmd_usage(cmd, "%s needs a value",
							   (*argv)[before]);
			return false;
		}
		if (opt_of(cmd, val) == &opt_help) {
			cmd_print_help(cmd, stdout);
			*ret_exit = EXIT_OK;
			return false;
		}
		opt_store(opt_of(cmd, val), fields);
	}
	*argc = noperands - 1;
	(*argv)++;
	(*argv)[*argc] = NULL;
	return true;
}

/* Lines as they are; one that begins with a control character is shielded. */
static void mdoc_print_lines(const char *text, FILE *out)
{
	for (bool start = true; *text; text++) {
		if (start && (*text == '.' || *text == '\''))
			fputs("\\&", out);
		fputc(*text, out);
		start = *text == '\n';
	}
}

/* What all commands take is told once, by hand. */
static bool opt_is_common(const struct cmd_opt *o)
{
	static const struct cmd_opt common[] = { CMD_OPTS_COMMON };

	for (size_t i = 0; i < ARRAY_SIZE(common); i++)
		if (strcmp(common[i].name, o->name) == 0)
			return true;
	return false;
}

static void mdoc_print_opts(const struct cmd *cmd, FILE *out)
{
	bool any = false;

	for (size_t i = 0; cmd->opts && cmd->opts[i].name; i++) {
		const struct cmd_opt *o = &cmd->opts[i];

		if (opt_is_common(o))
			continue;
		if (!any)
			fputs(".Bl -tag -width Ds -compact\n", out);
		any = true;
		fputs(".It ", out);
		if (o->letter)
			fprintf(out, "Fl %c , ", o->letter);
		fprintf(out, "Fl -%s%s%s\n", o->name, o->arg ? " Ar " : "",
			o->arg ? o->arg : "");
		mdoc_print_lines(o->help, out);
		fputc('\n', out);
	}
	if (any)
		fputs(".El\n", out);
}

static void mdoc_print_one(const struct cmd *cmd, FILE *out)
{
	fprintf(out, ".It Nm %s%s%s%s\n%s.\n", cmd->name,
		cmd->opts ? " Oo Ar options Oc" : "", *cmd->synopsis ? " Ar " : "",
		cmd->synopsis, cmd->help);
	if (cmd->detail) {
		fputs(".Bd -unfilled\n", out);
		mdoc_print_lines(cmd->detail, out);
		fputs(".Ed\n", out);
	}
	mdoc_print_opts(cmd, out);
}

void cmd_print_mdoc(FILE *out)
{
	fputs(".Bl -tag -width Ds\n", out);
	for (size_t i = 0; cmd_list[i]; i++) {
		if (cmd_list[i]->hidden)
			continue;
		for (size_t j = 0; cmd_list[i]->subs && cmd_list[i]->subs[j]; j++)
			mdoc_print_one(cmd_list[i]->subs[j], out);
		if (!cmd_list[i]->subs)
			mdoc_print_one(cmd_list[i], out);
	}
	fputs(".El\n", out);
}
