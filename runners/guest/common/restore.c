#include "common/restore.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/ktap.h"
#include "common/sysfile.h"

#define CALLS_MAX 16

struct saved_file {
	char path[128];
	char text[128];
};

static struct {
	void (*fn)(void *arg);
	void *arg;
} calls[CALLS_MAX];
static size_t ncalls;
static pid_t owner;

static void at_exit(void)
{
	if (getpid() != owner)
		return;
	while (ncalls--)
		calls[ncalls].fn(calls[ncalls].arg);
}

void restore_call(void (*fn)(void *arg), void *arg)
{
	if (ncalls == CALLS_MAX)
		ktap_bail("more than %d things to put back", CALLS_MAX);
	if (!owner) {
		owner = getpid();
		atexit(at_exit);
	}
	calls[ncalls].fn = fn;
	calls[ncalls++].arg = arg;
}

static void write_back(void *arg)
{
	struct saved_file *f = arg;

	sysfile_write(f->path, f->text);
	free(f);
}

int restore_write(const char *path, const char *text)
{
	struct saved_file *f = calloc(1, sizeof(*f));
	int ret;

	if (!f)
		return -ENOMEM;
	snprintf(f->path, sizeof(f->path), "%s", path);
	ret = sysfile_read(path, f->text, sizeof(f->text) - 1);
	if (ret >= 0) {
		strcat(f->text, "\n");
		ret = sysfile_write(path, text);
	}
	if (ret < 0) {
		free(f);
		return ret;
	}
	restore_call(write_back, f);
	return 0;
}
