#include "mlock-migrate/isolated.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/ktap.h"
#include "common/numa.h"
#include "common/slowdown.h"
#include "common/sysfile.h"
#include "common/why.h"

#define KINDS 2
#define NODES_MAX 64
/* Compaction or reclaim of the kernel's own may be at work just now: one second. */
#define TRIES 50
#define PAUSE_MS 20
/* At the start only what is left for good counts, and a good kernel has nothing. */
#define BEGIN_TRIES 10

static const char *const names[KINDS] = { "nr_isolated_anon", "nr_isolated_file" };

struct isolated {
	long long all[KINDS]; /* of the machine, with its sign */
	long long node[NODES_MAX][KINDS];
};

static struct isolated base;
static int log_fd = -1;

/* What is new in the kernel log; the counters that stat_refresh complains of. */
static void log_read(long long *ret)
{
	char record[1024], *at;
	ssize_t n;
	size_t k;

	while ((n = read(log_fd, record, sizeof(record) - 1)) > 0 ||
	       (n < 0 && (errno == EPIPE || errno == EINTR))) {
		record[n > 0 ? n : 0] = '\0';
		for (k = 0; k < KINDS; k++) {
			at = strstr(record, names[k]);
			if (at && strstr(record, ";vmstat_refresh: "))
				ret[k] = strtoll(at + strlen(names[k]), NULL, 10);
		}
	}
}

static long long field(const char *path, const char *name)
{
	char label[32];

	snprintf(label, sizeof(label), "%s ", name);
	return sysfile_field(path, label, 0);
}

static void look(struct isolated *ret)
{
	uint64_t nodes = numa_memory_nodes();
	long long told[KINDS] = { 0 };
	char path[64];
	size_t k;
	int node;

	memset(ret, 0, sizeof(*ret));
	log_read(told);
	memset(told, 0, sizeof(told));
	sysfile_write("/proc/sys/vm/stat_refresh", "1\n");
	log_read(told);
	for (k = 0; k < KINDS; k++)
		ret->all[k] = told[k] < 0 ? told[k] : field("/proc/vmstat", names[k]);
	for (node = 0; node < NODES_MAX; node++) {
		if (!(nodes >> node & 1))
			continue;
		snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/vmstat",
			 node);
		for (k = 0; k < KINDS; k++)
			ret->node[node][k] = field(path, names[k]);
	}
}

static bool same(const struct isolated *a, const struct isolated *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/*
 * Looks until it sees nothing isolated, which is right at any time, or just what there
 * was before, or has looked so often.
 */
static bool settle(struct isolated *ret, int tries)
{
	const struct isolated none = { 0 };
	bool good;

	for (;;) {
		look(ret);
		good = same(ret, &none) || same(ret, &base);
		if (good || --tries <= 0)
			return good;
		slowdown_pause_ms(PAUSE_MS);
	}
}

void isolated_begin(void)
{
	struct isolated now;

	log_fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (log_fd >= 0)
		lseek(log_fd, 0, SEEK_END);
	settle(&now, BEGIN_TRIES);
	base = now;
}

/* The first node that differs, or -1: it is the sum that does. */
static int differs(const struct isolated *now)
{
	int node;

	for (node = 0; node < NODES_MAX; node++) {
		if (memcmp(now->node[node], base.node[node], sizeof(base.node[node])))
			return node;
	}
	return -1;
}

void isolated_check(void)
{
	struct isolated now;
	bool back = settle(&now, TRIES);
	int node = differs(&now);
	struct ktap_state state;
	struct why w = { 0 };

	ktap_save(&state);
	if (back && state.run == state.skipped) {
		ktap_skip("isolated-back", "all else was skipped");
		return;
	}
	if (!back && node < 0)
		why_add(&w,
			"expected nr_isolated_anon and nr_isolated_file back at %lld and %lld, saw %lld and %lld",
			base.all[0], base.all[1], now.all[0], now.all[1]);
	else if (!back)
		why_add(&w,
			"expected nr_isolated_anon and nr_isolated_file of node %d back at %lld and %lld, saw %lld and %lld",
			node, base.node[node][0], base.node[node][1], now.node[node][0],
			now.node[node][1]);
	why_check(&w, "isolated-back");
}
