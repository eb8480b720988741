#include "lib/paths.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/str.h"

static const char *paths_pick(const char *variable, const char *fallback)
{
	const char *dir = getenv(variable);

	return dir && *dir ? dir : fallback;
}

const char *paths_data(void)
{
	return paths_pick("SLUICE_DATADIR", SLUICE_DATADIR);
}

const char *paths_guest(void)
{
	return paths_pick("SLUICE_GUESTDIR", SLUICE_LIBEXECDIR);
}

char *paths_self(void)
{
	char buf[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", buf, sizeof(buf));

	if (n <= 0 || n == (ssize_t)sizeof(buf))
		return NULL;
	buf[n] = '\0';
	/* Rebuilt while we run: the file of that name now is the one to start. */
	if (str_ends(buf, " (deleted)"))
		buf[n - (ssize_t)sizeof(" (deleted)") + 1] = '\0';
	return str_dup(buf);
}
