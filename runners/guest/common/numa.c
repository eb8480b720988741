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

int numa_first(uint64_t mask)
{
	return mask ? __builtin_ctzll(mask) : -1;
}

static int set_policy(void *addr, size_t len, int mode, uint64_t nodes)
{
	unsigned long mask = nodes;

	/* The kernel takes one off maxnode: 65 makes it read all 64 bits. */
	if (syscall(SYS_mbind, addr, len, mode, nodes ? &mask : NULL,
		    nodes ? NODES_MAX + 1UL : 0UL, 0U) < 0)
		return -errno;
	return 0;
}

int numa_bind(void *addr, size_t len, int node)
{
	return set_policy(addr, len, MPOL_BIND, UINT64_C(1) << node);
}

int numa_unbind(void *addr, size_t len)
{
	return set_policy(addr, len, MPOL_DEFAULT, 0);
}

int numa_bind_task(int node)
{
	unsigned long mask = node >= 0 ? 1UL << node : 0;

	if (syscall(SYS_set_mempolicy, mask ? MPOL_BIND : MPOL_DEFAULT,
		    mask ? &mask : NULL, mask ? NODES_MAX + 1UL : 0UL) < 0)
		return -errno;
	return 0;
}

static long move(void **pages, size_t n, int node, int *status, int flags)
{
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
	ret = syscall(SYS_move_pages, 0, n, pages, nodes, status, node >= 0 ? flags : 0);
	if (ret < 0)
		ret = -errno;
	free(nodes);
	return ret;
}

long numa_move(void **pages, size_t n, int node, int *status)
{
	return move(pages, n, node, status, MPOL_MF_MOVE);
}

long numa_move_shared(void **pages, size_t n, int node, int *status)
{
	return move(pages, n, node, status, MPOL_MF_MOVE_ALL);
}
