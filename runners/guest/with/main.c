/*
 * with [NAME=VALUE]... /PROGRAM [ARG]...: runs a program with what it needs around
 * it and puts that back when it has ended. NAME is a setting below /proc/sys in
 * sysctl's form (vm.nr_hugepages=64), or user=UID, which the program runs as.
 * Where the kernel does not take a setting, or gives less of it, the program is
 * skipped. It ends as the program does.
 */
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/ktap.h"
#include "common/sysfile.h"

#define SETTINGS_MAX 8

struct setting {
	char path[128];
	long long before;
};

static struct setting settings[SETTINGS_MAX];
static size_t nsettings;
static long user = -1;

/* The last first: a later one may hang on an earlier. */
static void settings_restore(void)
{
	while (nsettings) {
		const struct setting *s = &settings[--nsettings];

		sysfile_write_number(s->path, s->before);
	}
}

static void setting_apply(const char *name, long long value)
{
	struct setting *s = &settings[nsettings];
	long long now;
	int ret;

	if (nsettings == SETTINGS_MAX)
		ktap_bail("more than %d settings", SETTINGS_MAX);
	snprintf(s->path, sizeof(s->path), "/proc/sys/%s", name);
	for (char *c = s->path + strlen("/proc/sys/"); *c; c++)
		*c = *c == '.' ? '/' : *c;
	s->before = sysfile_number(s->path, -1);
	if (s->before < 0)
		ktap_skip_all("no %s here", s->path);
	nsettings++;
	ret = sysfile_write_number(s->path, value);
	now = sysfile_number(s->path, -1);
	if (ret == 0 && now == value)
		return;
	settings_restore();
	ktap_skip_all("%s: wanted %lld, got %lld", name, value, now);
}

static void word_apply(char *word)
{
	char *eq = strchr(word, '='), *end;
	long long value;

	if (!eq || eq == word)
		ktap_bail("\"%s\" is no NAME=VALUE", word);
	*eq = '\0';
	value = strtoll(eq + 1, &end, 10);
	if (end == eq + 1 || *end || value < 0)
		ktap_bail("%s: \"%s\" is no number", word, eq + 1);
	if (strcmp(word, "user") == 0)
		user = value;
	else
		setting_apply(word, value);
}

static void child_exec(char **argv)
{
	if (user >= 0 && (setgroups(0, NULL) < 0 || setgid((gid_t)user) < 0 ||
			  setuid((uid_t)user) < 0)) {
		printf("with: cannot become user %ld: %s\n", user, strerror(errno));
		_exit(KTAP_FAIL);
	}
	execv(argv[0], argv);
	printf("with: %s: %s\n", argv[0], strerror(errno));
	fflush(stdout);
	_exit(127);
}

/* As the program ended: its status, or its signal. */
static int end_as(int status)
{
	if (!WIFSIGNALED(status))
		return WEXITSTATUS(status);
	signal(WTERMSIG(status), SIG_DFL);
	raise(WTERMSIG(status));
	return 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	int i, status = 0;
	pid_t pid;

	for (i = 1; i < argc && argv[i][0] != '/'; i++)
		word_apply(argv[i]);
	if (i >= argc)
		ktap_bail("no program to run");
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		child_exec(argv + i);
	if (pid < 0 || waitpid(pid, &status, 0) < 0) {
		int why = errno;

		settings_restore();
		ktap_bail("cannot run %s: %s", argv[i], strerror(why));
	}
	settings_restore();
	return end_as(status);
}
