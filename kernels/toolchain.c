#include "kernels/toolchain.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/job.h"
#include "lib/str.h"

#define ASK_MS 20000

static const struct tool {
	const char *name; /* NULL: make, as configured */
	bool needed;
} tools[] = {
	{ "gcc", true },   { "as", false },    { "ld", false },     { NULL, true },
	{ "flex", false }, { "bison", false }, { "pahole", false },
};

static void keep_first_line(struct job *job, const char *line, size_t len, void *arg)
{
	char **first = arg;

	(void)job;
	if (!*first)
		*first = str_ndup(line, len < 300 ? len : 300);
}

/* The first line that a program says to --version; NULL if it is not there. */
static int ask(const char *program, char **ret_line, struct err *err)
{
	char *argv[] = { (char *)program, (char *)"--version", NULL };
	AUTO_FREE char *line = NULL;
	struct job_opts opts = {
		.argv = argv,
		.deadline_ms = ASK_MS,
		.output_max = 1024 * 1024,
		.on_line = keep_first_line,
		.arg = &line,
	};
	struct err why = { 0 };
	enum job_how how;
	int code;

	*ret_line = NULL;
	if (job_run(&opts, &how, &code, &why) < 0) {
		if (why.code == ERR_MISSING)
			return 0;
		return err_set(err, why.code, "%s", why.msg);
	}
	if (how == JOB_EXITED && code == 0)
		*ret_line = TAKE_PTR(line);
	return 0;
}

char *toolchain_version(const char *line)
{
	const char *last = NULL;
	AUTO_FREE char *word = NULL;
	size_t n;

	if (!line)
		return str_dup("none");
	for (const char *p = line; *p; p++)
		if (isdigit((unsigned char)*p) &&
		    (p == line || p[-1] == ' ' || p[-1] == 'v'))
			last = p;
	if (!last)
		return str_dup("unknown");
	n = strcspn(last, " ,)");
	return str_ndup(last, n);
}

int toolchain_id(const char *make, struct toolchain *ret, struct err *err)
{
	AUTO(str_done) struct str text = STR_INIT, all = STR_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(tools); i++) {
		const char *name = tools[i].name ? tools[i].name : "make";
		const char *program = tools[i].name ? name : make;
		AUTO_FREE char *line = NULL;
		AUTO_FREE char *version = NULL;

		if (ask(program, &line, err) < 0)
			return err_prefix(err, "ask %s for its version", program);
		if (!line && tools[i].needed)
			return err_set(err, ERR_MISSING,
				       "%s: not found, or it has no --version", program);
		version = toolchain_version(line);
		str_addf(&text, "%s%s %s", i ? ", " : "", name, version);
		str_addf(&all, "%s: %s\n", name, line ? line : "none");
	}
	sha256_of(str_get(&all), all.len, ret->hash);
	ret->text = str_take(&text);
	return 0;
}

void toolchain_done(struct toolchain *t)
{
	free(t->text);
	t->text = NULL;
}
