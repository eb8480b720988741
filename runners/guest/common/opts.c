#include "common/opts.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define OPTS_MAX 16

static struct {
	char *name;
	long long value;
	bool asked;
} opts[OPTS_MAX];
static size_t nopts;

const char *opts_parse(int argc, char **argv, int from)
{
	char *eq, *end;

	for (; from < argc; from++) {
		eq = strchr(argv[from], '=');
		if (!eq || eq == argv[from] || nopts == OPTS_MAX)
			return argv[from];
		opts[nopts].value = strtoll(eq + 1, &end, 0);
		if (end == eq + 1 || *end)
			return argv[from];
		*eq = '\0';
		opts[nopts++].name = argv[from];
	}
	return NULL;
}

long long opts_number(const char *name, long long def)
{
	size_t i;

	for (i = 0; i < nopts; i++) {
		if (strcmp(opts[i].name, name) == 0) {
			opts[i].asked = true;
			def = opts[i].value;
		}
	}
	return def;
}

const char *opts_unused(void)
{
	size_t i;

	for (i = 0; i < nopts; i++) {
		if (!opts[i].asked)
			return opts[i].name;
	}
	return NULL;
}
