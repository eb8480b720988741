#include "common/numa.h"

#include <errno.h>
#include <linux/mempolicy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/sysfile.h"

#define NODE_DIR "/sys/devices/system/node/"
#define NODES_MAX 64
/* The kernel takes one off: so it reads all 64 bits. */
#define MAXNODE (NODES_MAX + 1UL)

static uint64_t node_set(const char *file)
{
	uint64_t mask = sysfile_list(file);

	return mask ? mask : 1;
}

uint64_t numa_memory_nodes(void)
{
	return node_set(NODE_DIR "has_memory");
}

uint64_t numa_cpu_nodes(void)
{
	return node_set(NODE_DIR "has_cpu");
}

uint64_t numa_node_cpus(int node)
{
	char path[96];
	uint64_t online = sysfile_list("/sys/devices/system/cpu/online");

	snprintf(path, sizeof(path), NODE_DIR "node%d", node);
	if (access(path, F_OK) < 0)
		return node == 0 ? online : 0;
	snprintf(path, sizeof(path), NODE_DIR "node%d/cpulist", node);
	return sysfile_list(path) & online;
}

int numa_cpu_node(int cpu)
{
	int node;

	for (node = 0; node < NODES_MAX; node++) {
		if (numa_node_cpus(node) & (UINT64_C(1) << cpu))
			return node;
	}
	return 0;
}

long long numa_free_kib(int node)
{
	char path[96], text[4096];
	const char *p;

	snprintf(path, sizeof(path), NODE_DIR "node%d/meminfo", node);
	if (sysfile_read(path, text, sizeof(text)) <= 0)
		sysfile_read("/proc/meminfo", text, sizeof(text));
	p = strstr(text, "MemFree:");
	return p ? strtoll(p + strlen("MemFree:"), NULL, 10) : 0;
}

/*
 * "Node 0, zone      DMA" begins a zone's part of the file, in which "        min
 * 127" is its watermark in pages.
 */
long long numa_min_kib(int node)
{
	FILE *f = fopen("/proc/zoneinfo", "re");
	long long pages, kib = 0;
	char line[256];
	int at = -1;

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "Node %d, zone", &at) == 1)
			continue;
		if (at == node && sscanf(line, " min %lld", &pages) == 1)
			kib += pages * 4;
	}
	if (f)
		fclose(f);
	return kib;
}

int numa_first(uint64_t mask)
{
	return mask ? __builtin_ctzll(mask) : -1;
}

int numa_next(uint64_t nodes, int node)
{
	uint64_t above = nodes & ~((UINT64_C(2) << node) - 1);

	return numa_first(above ? above : nodes);
}

int numa_policy(void *addr, size_t len, int mode, uint64_t nodes, unsigned flags)
{
	unsigned long mask = nodes;

	if (syscall(SYS_mbind, addr, len, mode, nodes ? &mask : NULL,
		    nodes ? MAXNODE : 0UL, flags) < 0)
		return -errno;
	return 0;
}

int numa_bind(void *addr, size_t len, int node)
{
	return numa_policy(addr, len, MPOL_BIND, UINT64_C(1) << node, 0);
}

int numa_unbind(void *addr, size_t len)
{
	return numa_policy(addr, len, MPOL_DEFAULT, 0, 0);
}

int numa_bind_task(int node)
{
	unsigned long mask = node >= 0 ? 1UL << node : 0;

	if (syscall(SYS_set_mempolicy, node >= 0 ? MPOL_BIND : MPOL_DEFAULT,
		    node >= 0 ? &mask : NULL, node >= 0 ? MAXNODE : 0UL) < 0)
		return -errno;
	return 0;
}

long numa_move(void **pages, size_t n, int node, int *status)
{
	return numa_move_of(0, pages, n, node, status, false);
}

long numa_move_of(pid_t pid, void **pages, size_t n, int node, int *status, bool all)
{
	int flags = all ? MPOL_MF_MOVE_ALL : MPOL_MF_MOVE;
	int *nodes = NULL;
	long ret;
	size_t i;

	if (node >= 0) {
		nodes = malloc(n * sizeof(*nodes));
		if (!nodes)
			return -ENOMEM;
		for (i = 0; i < n; i++)
			nodes[i] = node;
	}
	ret = syscall(SYS_move_pages, pid, n, pages, nodes, status,
		      node >= 0 ? flags : 0);
	if (ret < 0)
		ret = -errno;
	free(nodes);
	return ret;
}

long numa_move_each(void **pages, size_t n, const int *nodes, int *status)
{
	long ret = syscall(SYS_move_pages, 0, n, pages, nodes, status, MPOL_MF_MOVE);

	return ret < 0 ? -errno : ret;
}

long numa_migrate(pid_t pid, uint64_t from, uint64_t to)
{
	unsigned long old_nodes = from, new_nodes = to;
	long ret = syscall(SYS_migrate_pages, pid, MAXNODE, &old_nodes, &new_nodes);

	return ret < 0 ? -errno : ret;
}
