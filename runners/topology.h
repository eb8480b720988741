/*
 * A guest machine: CPUs, NUMA nodes, memory, distances. Read from a file of a
 * few lines, runners/topologies/NAME.ini:
 *
 *   [topology]
 *   description = 4 CPUs, 2 nodes
 *   cmdline = kernel arguments it needs (optional)
 *   [node 0]
 *   cpus = 2                 (0 or absent: a node without CPUs)
 *   memory = 512M            (0 or absent: a node without memory)
 *   distances = 10 20        (from this node to 0, 1, ...; optional)
 *   latency = 300            (of its memory in ns, as any CPU sees it; optional)
 *   bandwidth = 2G           (bytes a second, whole MiB; goes with latency)
 *
 * Nodes are numbered from 0 without holes. A node with CPUs gets sockets of its
 * own, since a socket over two nodes makes a good kernel warn at boot
 * (topology_sane). Latency and bandwidth, given for all memory or none, become an
 * HMAT, from which the kernel makes memory tiers. Reading blocks on the file,
 * nothing else does.
 */
#ifndef SLUICE_RUNNERS_TOPOLOGY_H
#define SLUICE_RUNNERS_TOPOLOGY_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/err.h"

#define TOPOLOGY_NODES_MAX 16
#define TOPOLOGY_CPUS_MAX 64

struct topology_node {
	unsigned int cpus;
	uint64_t memory; /* bytes */
	bool has_distances;
	uint8_t distances[TOPOLOGY_NODES_MAX]; /* to node 0, 1, ... */
	unsigned int latency;                  /* ns; 0: not given */
	uint64_t bandwidth;                    /* bytes a second; 0: not given */
};

struct topology {
	char *name;
	char *description;
	char *cmdline; /* never NULL */
	char *text;    /* the file as read: part of a boot's key */
	unsigned int nnodes;
	struct topology_node nodes[TOPOLOGY_NODES_MAX];
};

/* DIR/NAME.ini; complaints come as "file:line: text", several joined by "; ". */
int topology_load(const char *dir, const char *name, struct topology **ret_topology,
		  struct err *err);
/* The same from text; label is what complaints call the file. */
int topology_parse(const char *label, const char *name, const char *text,
		   struct topology **ret_topology, struct err *err);
void topology_free(struct topology *t);

unsigned int topology_cpus(const struct topology *t);
uint64_t topology_memory(const struct topology *t);

/* QEMU's -smp, -m, -object and -numa arguments, NULL-terminated; strv_free. */
char **topology_to_argv(const struct topology *t);

/* The names in DIR, sorted, NULL-terminated; strv_free. */
int topology_list(const char *dir, char ***ret_names, struct err *err);

#endif
