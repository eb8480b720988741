#include "common/setting.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "common/sysfile.h"

#define HELD_MAX 16

static struct held {
	char *path;
	char old[64];
} held[HELD_MAX];
static size_t nheld;
static pid_t holder;

/* The last one first: a path that was held twice gets its oldest text. */
static void restore(void)
{
	if (getpid() != holder)
		return;
	while (nheld > 0) {
		nheld--;
		sysfile_write(held[nheld].path, held[nheld].old);
		free(held[nheld].path);
	}
}

static void chosen_word(char *text)
{
	char *from = strchr(text, '['), *to = strchr(text, ']');

	if (from && to && from < to) {
		*to = '\0';
		memmove(text, from + 1, (size_t)(to - from));
	}
}

int setting_hold(const char *path, const char *text)
{
	struct held *h = &held[nheld];
	int ret;

	if (nheld == HELD_MAX)
		return -ENOSPC;
	ret = sysfile_read(path, h->old, sizeof(h->old));
	if (ret < 0)
		return ret;
	chosen_word(h->old);
	h->path = strdup(path);
	if (!h->path)
		return -ENOMEM;
	ret = sysfile_write(path, text);
	if (ret < 0) {
		free(h->path);
		return ret;
	}
	if (nheld++ == 0) {
		holder = getpid();
		atexit(restore);
	}
	return 0;
}
