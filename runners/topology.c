#include "runners/topology.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/conf.h"
#include "lib/file.h"
#include "lib/str.h"
#include "runners/inifile.h"

#define DISTANCE_LOCAL 10
#define MEMORY_MIN (64ULL << 20)
#define MEMORY_MAX (64ULL << 30)
#define PAGE (4096ULL)
#define MIB (1ULL << 20)
#define LATENCY_MAX 60000 /* the table counts up to 65534 steps, of 1 ns at least */

static const char *const top_keys[] = { "description", "cmdline", NULL };
static const char *const node_keys[] = { "cpus",    "memory",    "distances",
					 "latency", "bandwidth", NULL };

static void parse_cpus(struct conf *c, const struct conf_section *s,
		       struct topology_node *node)
{
	int line;
	long long n;
	const char *v = conf_get(s, "cpus", &line);

	if (!v)
		return;
	if (str_to_ll(v, 0, TOPOLOGY_CPUS_MAX, &n))
		node->cpus = (unsigned int)n;
	else
		conf_complain(c, line, "cpus: \"%s\" is no number from 0 to %d", v,
			      TOPOLOGY_CPUS_MAX);
}

static void parse_memory(struct conf *c, const struct conf_section *s,
			 struct topology_node *node)
{
	int line;
	unsigned long long n;
	const char *v = conf_get(s, "memory", &line);

	if (!v)
		return;
	if (conf_parse_size(v, &n) && n <= MEMORY_MAX && n % PAGE == 0)
		node->memory = n;
	else
		conf_complain(c, line,
			      "memory: \"%s\" is no size of whole pages up to 64G", v);
}

static void parse_distances(struct conf *c, const struct conf_section *s,
			    struct topology *t, unsigned int self)
{
	struct topology_node *node = &t->nodes[self];
	int line;
	const char *v = conf_get(s, "distances", &line);
	char **words;
	size_t n;

	if (!v)
		return;
	words = strv_split(v, " \t,");
	n = strv_len(words);
	if (n != t->nnodes)
		conf_complain(c, line, "distances: %zu numbers for %u nodes", n,
			      t->nnodes);
	for (size_t i = 0; i < n && n == t->nnodes; i++) {
		long long d;
		bool local = i == self;

		if (!str_to_ll(words[i], DISTANCE_LOCAL, 254, &d) ||
		    local != (d == DISTANCE_LOCAL))
			conf_complain(
				c, line,
				"distances: \"%s\" to node %zu; a node is 10 to itself, 11 to 254 to others",
				words[i], i);
		else
			node->distances[i] = (uint8_t)d;
	}
	node->has_distances = true;
	strv_free(words);
}

static void parse_speed(struct conf *c, const struct conf_section *s,
			struct topology_node *node)
{
	int line;
	long long ns;
	unsigned long long bytes;
	const char *v = conf_get(s, "latency", &line);

	if (v && str_to_ll(v, 1, LATENCY_MAX, &ns))
		node->latency = (unsigned int)ns;
	else if (v)
		conf_complain(c, line, "latency: \"%s\" is no number of ns from 1 to %d",
			      v, LATENCY_MAX);
	v = conf_get(s, "bandwidth", &line);
	if (v && conf_parse_size(v, &bytes) && bytes && bytes <= MEMORY_MAX &&
	    bytes % MIB == 0)
		node->bandwidth = bytes;
	else if (v)
		conf_complain(
			c, line,
			"bandwidth: \"%s\" is no size of whole MiB, up to 64G a second",
			v);
	if (!node->latency != !node->bandwidth)
		conf_complain(c, conf_section_line(s),
			      "[%s]: latency and bandwidth go together",
			      conf_section_name(s));
	if (node->latency && node->memory == 0)
		conf_complain(c, conf_section_line(s), "[%s]: latency of no memory",
			      conf_section_name(s));
}

/* "node 3" to 3; nodes come in order, so that there are no holes. */
static void parse_node(struct conf *c, const struct conf_section *s, struct topology *t,
		       unsigned int n)
{
	const char *name = conf_section_name(s);
	long long id;
	int line = conf_section_line(s);

	if (!str_starts(name, "node ") || !str_to_ll(name + 5, 0, 999, &id)) {
		conf_complain(c, line,
			      "unknown section [%s]; there are [topology] and [node N]",
			      name);
		return;
	}
	if (id != n)
		conf_complain(c, line, "[%s]: node %u is expected here", name, n);
	parse_cpus(c, s, &t->nodes[n]);
	parse_memory(c, s, &t->nodes[n]);
	parse_distances(c, s, t, n);
	parse_speed(c, s, &t->nodes[n]);
	if (t->nodes[n].cpus == 0 && t->nodes[n].memory == 0)
		conf_complain(c, line, "[%s]: neither CPUs nor memory", name);
	conf_check_unused(c, s, node_keys);
}

static bool has_speeds(const struct topology *t)
{
	bool some = false;

	for (unsigned int i = 0; i < t->nnodes; i++)
		some |= t->nodes[i].latency != 0;
	return some;
}

static void check_whole(struct conf *c, const struct topology *t)
{
	unsigned int cpus = topology_cpus(t);
	bool some = false, all = true;

	if (t->nnodes == 0) {
		conf_complain(c, 0, "no [node 0]");
		return;
	}
	if (t->nodes[0].memory < MEMORY_MIN)
		conf_complain(c, 0, "node 0 needs at least 64M of memory to boot from");
	if (t->nodes[0].cpus == 0)
		conf_complain(c, 0, "node 0 needs the boot CPU");
	if (cpus > TOPOLOGY_CPUS_MAX)
		conf_complain(c, 0, "%u CPUs; at most %d", cpus, TOPOLOGY_CPUS_MAX);
	for (unsigned int i = 0; i < t->nnodes; i++) {
		some |= t->nodes[i].has_distances;
		all &= t->nodes[i].has_distances;
	}
	if (some && !all)
		conf_complain(c, 0, "distances are given for some nodes only");
	for (unsigned int i = 0; i < t->nnodes; i++)
		if (has_speeds(t) && t->nodes[i].memory && !t->nodes[i].latency)
			conf_complain(c, 0, "node %u has memory without a latency", i);
}

static size_t count_nodes(const struct conf *c)
{
	size_t n = 0;

	for (size_t i = 0; i < conf_sections(c); i++)
		n += str_starts(conf_section_name(conf_section_at(c, i)), "node ");
	return n;
}

static void parse_all(struct conf *c, struct topology *t)
{
	const struct conf_section *top = conf_section_find(c, "topology");
	size_t nodes = count_nodes(c);
	unsigned int n = 0;

	if (top) {
		t->description = str_dup(conf_get(top, "description", NULL));
		t->cmdline = str_dup(conf_get(top, "cmdline", NULL));
		conf_check_unused(c, top, top_keys);
	} else {
		conf_complain(c, 0, "no section [topology]");
	}
	if (nodes > TOPOLOGY_NODES_MAX) {
		conf_complain(c, 0, "%zu nodes; at most %d", nodes, TOPOLOGY_NODES_MAX);
		return;
	}
	t->nnodes = (unsigned int)nodes;
	for (size_t i = 0; i < conf_sections(c); i++) {
		const struct conf_section *s = conf_section_at(c, i);

		if (s == top)
			continue;
		parse_node(c, s, t, n);
		n += str_starts(conf_section_name(s), "node ") && n + 1 < nodes;
	}
	check_whole(c, t);
}

int topology_parse(const char *label, const char *name, const char *text,
		   struct topology **ret_topology, struct err *err)
{
	struct topology *t = mem_alloc0(sizeof(*t));
	struct conf *c = conf_parse(label, text, strlen(text));
	int r;

	t->name = str_dup(name);
	t->text = str_dup(text);
	parse_all(c, t);
	if (!t->description)
		t->description = str_dup("");
	if (!t->cmdline)
		t->cmdline = str_dup("");
	r = inifile_complaints(c, err);
	conf_free(c);
	if (r < 0)
		topology_free(t);
	else
		*ret_topology = t;
	return r;
}

int topology_load(const char *dir, const char *name, struct topology **ret_topology,
		  struct err *err)
{
	AUTO_FREE char *path = NULL;
	AUTO_FREE char *text = NULL;

	if (inifile_read(dir, "topology", name, &path, &text, err) < 0)
		return -1;
	return topology_parse(path, name, text, ret_topology, err);
}

void topology_free(struct topology *t)
{
	if (!t)
		return;
	free(t->name);
	free(t->description);
	free(t->cmdline);
	free(t->text);
	free(t);
}

unsigned int topology_cpus(const struct topology *t)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < t->nnodes; i++)
		n += t->nodes[i].cpus;
	return n;
}

uint64_t topology_memory(const struct topology *t)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < t->nnodes; i++)
		n += t->nodes[i].memory;
	return n;
}

/* CPUs of one socket: a divisor of each node's count, so none spans two nodes. */
static unsigned int cores_per_socket(const struct topology *t)
{
	unsigned int g = 0;

	for (unsigned int i = 0; i < t->nnodes; i++)
		for (unsigned int b = t->nodes[i].cpus; b;) {
			unsigned int r = g % b;

			g = b;
			b = r;
		}
	return g ? g : 1;
}

struct args {
	char **v;
	size_t n;
};

static void arg_pair(struct args *a, const char *flag, char *value)
{
	a->v = mem_realloc(a->v, a->n + 3, sizeof(*a->v));
	a->v[a->n++] = str_dup(flag);
	a->v[a->n++] = value;
	a->v[a->n] = NULL;
}

/* The nearest node with CPUs, for a node without. */
static unsigned int initiator(const struct topology *t, unsigned int node)
{
	unsigned int best = 0;

	for (unsigned int i = 1; i < t->nnodes; i++)
		if (t->nodes[i].cpus &&
		    t->nodes[i].distances[node] < t->nodes[best].distances[node])
			best = i;
	return best;
}

static void add_nodes(struct args *a, const struct topology *t)
{
	bool speeds = has_speeds(t);

	for (unsigned int i = 0; i < t->nnodes; i++) {
		if (t->nodes[i].memory == 0) {
			arg_pair(a, "-numa", str_printf("node,nodeid=%u", i));
			continue;
		}
		arg_pair(a, "-object",
			 str_printf("memory-backend-ram,id=mem%u,size=%llu", i,
				    (unsigned long long)t->nodes[i].memory));
		if (speeds && t->nodes[i].cpus == 0)
			arg_pair(a, "-numa",
				 str_printf("node,nodeid=%u,memdev=mem%u,initiator=%u", i,
					    i, initiator(t, i)));
		else
			arg_pair(a, "-numa",
				 str_printf("node,nodeid=%u,memdev=mem%u", i, i));
	}
}

static void add_sockets(struct args *a, const struct topology *t, unsigned int cores)
{
	unsigned int socket = 0;

	for (unsigned int i = 0; i < t->nnodes; i++)
		for (unsigned int n = 0; n < t->nodes[i].cpus; n += cores)
			arg_pair(a, "-numa",
				 str_printf("cpu,node-id=%u,socket-id=%u", i, socket++));
}

static void add_distances(struct args *a, const struct topology *t)
{
	for (unsigned int i = 0; i < t->nnodes; i++)
		for (unsigned int j = 0; j < t->nnodes; j++)
			if (i != j && t->nodes[i].has_distances)
				arg_pair(a, "-numa",
					 str_printf(
						 "dist,src=%u,dst=%u,val=%u", i, j,
						 (unsigned int)t->nodes[i].distances[j]));
}

/* One way, from the CPUs of one node to the memory of another. */
static void add_speed(struct args *a, const struct topology *t, unsigned int from,
		      unsigned int to)
{
	const struct topology_node *node = &t->nodes[to];

	arg_pair(a, "-numa",
		 str_printf("hmat-lb,initiator=%u,target=%u,hierarchy=memory,"
			    "data-type=access-latency,latency=%u",
			    from, to, node->latency));
	arg_pair(a, "-numa",
		 str_printf("hmat-lb,initiator=%u,target=%u,hierarchy=memory,"
			    "data-type=access-bandwidth,bandwidth=%lluM",
			    from, to, (unsigned long long)(node->bandwidth / MIB)));
}

static void add_speeds(struct args *a, const struct topology *t)
{
	for (unsigned int i = 0; i < t->nnodes; i++)
		for (unsigned int j = 0; j < t->nnodes; j++)
			if (t->nodes[i].cpus && t->nodes[j].latency)
				add_speed(a, t, i, j);
}

char **topology_to_argv(const struct topology *t)
{
	struct args a = { .v = NULL };
	unsigned int cpus = topology_cpus(t);
	unsigned int cores = cores_per_socket(t);

	arg_pair(&a, "-smp",
		 str_printf("%u,sockets=%u,cores=%u,threads=1", cpus, cpus / cores,
			    cores));
	/* A number of bytes with B: QEMU takes a bare one for MiB. */
	arg_pair(&a, "-m", str_printf("%lluB", (unsigned long long)topology_memory(t)));
	if (has_speeds(t))
		arg_pair(&a, "-machine", str_dup("hmat=on"));
	add_nodes(&a, t);
	add_sockets(&a, t, cores);
	add_distances(&a, t);
	add_speeds(&a, t);
	return a.v;
}

int topology_list(const char *dir, char ***ret_names, struct err *err)
{
	return inifile_list(dir, ret_names, err);
}
