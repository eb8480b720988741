#include "kernels/gitcmd.h"

#include <stdlib.h>

char **gitcmd_env(const char *home)
{
	static const char *const fixed[] = {
		"LC_ALL=C",
		"TZ=UTC",
		"GIT_CONFIG_NOSYSTEM=1",
		"GIT_CONFIG_GLOBAL=/dev/null",
		"GIT_ATTR_NOSYSTEM=1",
		"GIT_TERMINAL_PROMPT=0",
		"GIT_CONFIG_COUNT=4",
		/* The store may belong to whoever started sluice, not to the build uid. */
		"GIT_CONFIG_KEY_0=safe.directory",
		"GIT_CONFIG_VALUE_0=*",
		"GIT_CONFIG_KEY_1=core.hooksPath",
		"GIT_CONFIG_VALUE_1=/dev/null",
		"GIT_CONFIG_KEY_2=gc.auto",
		"GIT_CONFIG_VALUE_2=0",
		"GIT_CONFIG_KEY_3=maintenance.auto",
		"GIT_CONFIG_VALUE_3=false",
	};
	size_t n = ARRAY_SIZE(fixed);
	char **env = mem_alloc0((n + 4) * sizeof(*env));
	const char *path = getenv("PATH");
	const char *tmp = getenv("TMPDIR");

	for (size_t i = 0; i < n; i++)
		env[i] = str_dup(fixed[i]);
	env[n++] = str_printf("PATH=%s", path ? path : "/usr/bin:/bin");
	env[n++] = str_printf("HOME=%s", home);
	env[n++] = str_printf("TMPDIR=%s", tmp ? tmp : "/tmp");
	return env;
}
