#include "init/settings.h"

#include <dirent.h>
#include <fnmatch.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/sysfile.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define SETTINGS_MAX 2048
#define TEXT_MAX (192 << 10) /* all paths and values */
#define PATH_MAX_LEN 160
#define VALUE_MAX 512 /* longer ones are not looked at */
#define DEPTH_MAX 6
#define TOLD_MAX 12

#define MM "/sys/kernel/mm/"

/* In the order in which they are put back: a node's huge pages before all of them. */
static const char *const roots[] = {
	"/sys/devices/system/node",
	"/sys/devices/system/memory",
	"/sys/devices/system/cpu/smt",
	"/sys/kernel/mm",
	"/proc/sys/vm",
	"/proc/sys/kernel",
	"/proc/sys/fs",
	"/sys/module",
	"/sys/kernel/rcu_expedited",
	"/sys/kernel/rcu_normal",
	"/sys/kernel/debug/sched",
	"/sys/kernel/debug/fail_page_alloc",
	"/sys/kernel/debug/failslab",
};

/* A star stands for slashes, too. */
static const char *const no_settings[] = {
	/* Reading or writing them does something. */
	"/proc/sys/vm/compact_memory",
	"/proc/sys/vm/drop_caches",
	"/proc/sys/vm/stat_refresh",
	MM "damon",
	MM "page_idle",
	"/sys/devices/system/memory/memory*",
	"/proc/sys/fs/binfmt_misc",
	/* The kernel's own: they change by themselves, or take no value back. */
	"/proc/sys/kernel/ns_last_pid",
	"/proc/sys/kernel/perf_event_max_sample_rate",
	"/proc/sys/kernel/random",
	"/proc/sys/kernel/tainted",
	"/sys/module/rcupdate/parameters/rcu_exp_cpu_stall_timeout",
	"/sys/kernel/debug/sched/domains",
	"/sys/kernel/debug/sched/features",
	/* Another name of nr_hugepages. */
	"*/nr_hugepages_mempolicy",
};

/* Computed anew by the kernel when memory or CPUs come or go: not told. */
static const char *const from_machine[] = {
	"/proc/sys/vm/min_free_kbytes",        "/proc/sys/vm/admin_reserve_kbytes",
	"/proc/sys/vm/user_reserve_kbytes",    "/sys/kernel/debug/sched/base_slice_ns",
	"/sys/kernel/debug/sched/*latency_ns", "/sys/kernel/debug/sched/*_granularity_ns",
};

static struct setting {
	const char *path, *value;
	bool derived;
	bool changed; /* by this test */
	bool stays;   /* does not go back, and that was told */
} settings[SETTINGS_MAX];
static size_t nsettings;
static char text[TEXT_MAX];
static size_t text_len;

static bool is_listed(const char *path, const char *const list[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fnmatch(list[i], path, 0) == 0)
			return true;
	return false;
}

/* "always [madvise] never", or "none (full)": the word that is chosen. */
static void chosen_word(char *value)
{
	char *from = strpbrk(value, "[("), *to = from ? strpbrk(from, "])") : NULL;

	if (!to || (from != value && from[-1] != ' ') || (to[1] && to[1] != ' '))
		return;
	*to = '\0';
	memmove(value, from + 1, (size_t)(to - from));
}

/* As it has to be written. False for what is none: gone, empty, or of many lines. */
static bool value_read(const char *path, char value[VALUE_MAX])
{
	int len = sysfile_read(path, value, VALUE_MAX);

	if (len <= 0 || len >= VALUE_MAX - 1 || (int)strlen(value) != len ||
	    strchr(value, '\n') || strcmp(value, "(null)") == 0)
		return false;
	chosen_word(value);
	return true;
}

/* printk_devkmsg insists on the newline, and a string of a module keeps it. */
static void value_write(const char *path, const char *value)
{
	char line[VALUE_MAX + 1];

	snprintf(line, sizeof(line), "%s%s", value,
		 strncmp(path, "/proc/", 6) == 0 ? "\n" : "");
	sysfile_write(path, line);
}

static const char *text_keep(const char *s)
{
	size_t size = strlen(s) + 1;
	char *at = text + text_len;

	memcpy(at, s, size);
	text_len += size;
	return at;
}

static void remember_file(const char *path)
{
	char value[VALUE_MAX];
	struct setting *s = &settings[nsettings];

	if (nsettings == SETTINGS_MAX || text_len + PATH_MAX_LEN + VALUE_MAX > TEXT_MAX ||
	    !value_read(path, value))
		return;
	s->path = text_keep(path);
	s->value = text_keep(value);
	s->derived = is_listed(path, from_machine, ARRAY_SIZE(from_machine));
	nsettings++;
}

/* Of a module: its parameters only. */
static bool is_of_module(const char *path, int depth)
{
	return depth == 2 && strncmp(path, "/sys/module/", 12) == 0 &&
	       strcmp(strrchr(path, '/'), "/parameters") != 0;
}

static void remember(const char *path, int depth)
{
	char sub[PATH_MAX_LEN];
	struct dirent *e;
	struct stat st;
	DIR *d;

	if (lstat(path, &st) < 0 || is_of_module(path, depth) ||
	    is_listed(path, no_settings, ARRAY_SIZE(no_settings)))
		return;
	if (S_ISREG(st.st_mode) && (st.st_mode & 0600) == 0600)
		remember_file(path);
	d = S_ISDIR(st.st_mode) && depth < DEPTH_MAX ? opendir(path) : NULL;
	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.' && snprintf(sub, sizeof(sub), "%s/%s", path,
						    e->d_name) < (int)sizeof(sub))
			remember(sub, depth + 1);
	if (d)
		closedir(d);
}

void settings_remember(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(roots); i++)
		remember(roots[i], 0);
}

/*
 * What KSM merged stays counted after its processes have gone, and while it does the
 * kernel refuses other settings of it: 2 ends all of that.
 */
static void ksm_unmerge(void)
{
	char run[VALUE_MAX];

	if (sysfile_number(MM "ksm/pages_shared", 0) +
		    sysfile_number(MM "ksm/pages_unshared", 0) ==
	    0)
		return;
	if (!value_read(MM "ksm/run", run))
		return;
	value_write(MM "ksm/run", "2");
	value_write(MM "ksm/run", run);
}

/* False when it is as it was, or gone. */
static bool differs(const struct setting *s, char now[VALUE_MAX])
{
	return value_read(s->path, now) && strcmp(now, s->value) != 0;
}

/* How many differ; all are written once. */
static unsigned begin(const struct teller *t, bool derived, bool others)
{
	char now[VALUE_MAX];
	unsigned n = 0, told = 0;

	for (struct setting *s = settings; s < settings + nsettings; s++) {
		s->changed = (s->derived ? derived : others) && differs(s, now);
		if (!s->changed)
			continue;
		n++;
		if (!s->stays && !s->derived && ++told <= TOLD_MAX)
			tell(t, "setting %s: put back from \"%s\" to \"%s\"", s->path,
			     now, s->value);
		value_write(s->path, s->value);
	}
	if (told > TOLD_MAX)
		tell(t, "settings put back besides: %u", told - TOLD_MAX);
	return n;
}

static void restore(const struct teller *t, bool derived, bool others)
{
	char now[VALUE_MAX];

	if (begin(t, derived, others) == 0)
		return;
	/* Some are not taken before another one is back. */
	for (struct setting *s = settings; s < settings + nsettings; s++)
		if (s->changed && differs(s, now))
			value_write(s->path, s->value);
	for (struct setting *s = settings; s < settings + nsettings; s++) {
		bool stays = s->changed && differs(s, now);

		if (stays && !s->stays)
			tell(t, "setting %s: stays \"%s\", was \"%s\"", s->path, now,
			     s->value);
		s->stays = stays;
	}
}

void settings_restore(const struct teller *t)
{
	ksm_unmerge();
	restore(t, false, true);
}

void settings_restore_last(const struct teller *t, bool again)
{
	restore(t, true, again);
}
