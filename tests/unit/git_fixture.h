/*
 * Small repositories made on the fly by the git program, in a scratch folder,
 * with no configuration of this machine. Scripts run by sh in that folder.
 */
#ifndef SLUICE_TESTS_UNIT_GIT_FIXTURE_H
#define SLUICE_TESTS_UNIT_GIT_FIXTURE_H

#include "tests/unit/cm.h"

#include "lib/cleanup.h"
#include "lib/json.h"

static inline int sh_status(const char *dir, const char *script)
{
	AUTO_FREE char *command = str_printf(
		"cd '%s' || exit 99\nexport GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null "
		"HOME=/nonexistent GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@x "
		"GIT_COMMITTER_NAME=c GIT_COMMITTER_EMAIL=c@x "
		"GIT_AUTHOR_DATE='@1700000000 +0100' GIT_COMMITTER_DATE='@1700000000 +0100'\n"
		"set -e\n%s",
		dir, script);

	return system(command);
}

static inline void sh(const char *dir, const char *script)
{
	if (sh_status(dir, script))
		fail_msg("script failed:\n%s", script);
}

/* What the script prints, without its last newline; freed by the caller. */
static inline char *sh_out(const char *dir, const char *script)
{
	AUTO_FREE char *command = str_printf("(%s\n) > '%s/out.txt'", script, dir);
	AUTO_FREE char *path = path_join(dir, "out.txt", NULL);
	struct str out = STR_INIT;
	FILE *f;
	int c;

	sh(dir, command);
	f = fopen(path, "r");
	assert_non_null(f);
	while ((c = getc(f)) != EOF)
		str_addc(&out, (char)c);
	fclose(f);
	if (out.len && out.data[out.len - 1] == '\n')
		out.data[--out.len] = '\0';
	return str_take(&out);
}

static inline void put_file(const char *dir, const char *name, const char *text)
{
	AUTO_FREE char *path = path_join(dir, name, NULL);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static inline struct json_object *json_of(const char *text)
{
	struct json_object *o = NULL;
	struct err err = { 0 };

	if (json_parse(text, strlen(text), &o, &err))
		fail_msg("%s in %s", err.msg, text);
	return o;
}

#endif
