/*
 * Nodes and memory policy by raw system calls: no libnuma in the guest. Node
 * sets are bit masks (nodes over 63 are not seen). On a kernel without NUMA
 * there is node 0 with everything.
 */
#ifndef SLUICE_GUEST_NUMA_H
#define SLUICE_GUEST_NUMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

uint64_t numa_memory_nodes(void);
uint64_t numa_cpu_nodes(void);
/* CPUs of a node that are online. */
uint64_t numa_node_cpus(int node);
/* The node a CPU belongs to, 0 when unknown. */
int numa_cpu_node(int cpu);
/* MemFree of a node in KiB, 0 when unknown. */
long long numa_free_kib(int node);
/* The lowest watermarks (min) of all zones of a node in KiB, 0 when unknown. */
long long numa_min_kib(int node);
/* Lowest set bit, or -1. */
int numa_first(uint64_t mask);
/* The node after this one in a ring of all in the set; -1 when it is empty. */
int numa_next(uint64_t nodes, int node);

/* New pages of the range come from node only / from wherever. 0, or -errno. */
int numa_bind(void *addr, size_t len, int node);
int numa_unbind(void *addr, size_t len);
/* mbind(2) with a mode MPOL_* and flags MPOL_MF_*. 0, or -errno. */
int numa_policy(void *addr, size_t len, int mode, uint64_t nodes, unsigned flags);
/*
 * The same for all that this thread allocates where no range says otherwise, page
 * cache included; -1: from wherever.
 */
int numa_bind_task(int node);
/*
 * move_pages(2) on ourselves. status[i] becomes the node or -errno of page i.
 * With node -1 nothing moves, only status is filled. 0, a number of pages that
 * stayed, or -errno.
 */
long numa_move(void **pages, size_t n, int node, int *status);
/* The same, page i to nodes[i]. */
long numa_move_each(void **pages, size_t n, const int *nodes, int *status);
/* The same on another process (0: ourselves), all: also pages that others map. */
long numa_move_of(pid_t pid, void **pages, size_t n, int node, int *status, bool all);
/*
 * migrate_pages(2): what process pid (0: ourselves) has on nodes of the set from
 * goes to the set to. How many pages stayed, or -errno.
 */
long numa_migrate(pid_t pid, uint64_t from, uint64_t to);

#endif
