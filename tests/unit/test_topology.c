#include "tests/unit/cm.h"

#include "lib/paths.h"
#include "runners/topology.h"

#define NODE0 "[node 0]\ncpus = 2\nmemory = 512M\n"

static struct topology *parse(const char *text)
{
	struct topology *t = NULL;
	struct err err = { .msg = "" };

	if (topology_parse("t.ini", "t", text, &t, &err) < 0)
		fail_msg("%s", err.msg);
	return t;
}

static void expect_argv(const char *text, const char *want)
{
	struct topology *t = parse(text);
	char **argv = topology_to_argv(t);
	struct str got = STR_INIT;

	for (char **a = argv; *a; a++)
		str_addf(&got, "%s%s", a == argv ? "" : " ", *a);
	assert_string_equal(str_get(&got), want);
	str_done(&got);
	strv_free(argv);
	topology_free(t);
}

static void expect_error(const char *text, const char *want)
{
	struct topology *t = NULL;
	struct err err = { .msg = "" };

	assert_int_equal(topology_parse("t.ini", "t", text, &t, &err), -1);
	assert_null(t);
	if (!strstr(err.msg, want))
		fail_msg("\"%s\" is not in \"%s\"", want, err.msg);
}

static void arguments(void **state)
{
	(void)state;
	expect_argv("[topology]\n[node 0]\ncpus = 1\nmemory = 1G\n",
		    "-smp 1,sockets=1,cores=1,threads=1 -m 1073741824B "
		    "-object memory-backend-ram,id=mem0,size=1073741824 "
		    "-numa node,nodeid=0,memdev=mem0 -numa cpu,node-id=0,socket-id=0");
	expect_argv("[topology]\n" NODE0 "distances = 10 15\n"
		    "[node 1]\nmemory = 64M\ndistances = 16 10\n",
		    "-smp 2,sockets=1,cores=2,threads=1 -m 603979776B "
		    "-object memory-backend-ram,id=mem0,size=536870912 "
		    "-numa node,nodeid=0,memdev=mem0 "
		    "-object memory-backend-ram,id=mem1,size=67108864 "
		    "-numa node,nodeid=1,memdev=mem1 -numa cpu,node-id=0,socket-id=0 "
		    "-numa dist,src=0,dst=1,val=15 -numa dist,src=1,dst=0,val=16");
}

static void memory_speeds(void **state)
{
	(void)state;
	expect_argv("[topology]\n" NODE0
		    "distances = 10 28\nlatency = 100\nbandwidth = 10G\n"
		    "[node 1]\nmemory = 64M\ndistances = 28 10\nlatency = 300\n"
		    "bandwidth = 1536M\n",
		    "-smp 2,sockets=1,cores=2,threads=1 -m 603979776B -machine hmat=on "
		    "-object memory-backend-ram,id=mem0,size=536870912 "
		    "-numa node,nodeid=0,memdev=mem0 "
		    "-object memory-backend-ram,id=mem1,size=67108864 "
		    "-numa node,nodeid=1,memdev=mem1,initiator=0 "
		    "-numa cpu,node-id=0,socket-id=0 "
		    "-numa dist,src=0,dst=1,val=28 -numa dist,src=1,dst=0,val=28 "
		    "-numa hmat-lb,initiator=0,target=0,hierarchy=memory,"
		    "data-type=access-latency,latency=100 "
		    "-numa hmat-lb,initiator=0,target=0,hierarchy=memory,"
		    "data-type=access-bandwidth,bandwidth=10240M "
		    "-numa hmat-lb,initiator=0,target=1,hierarchy=memory,"
		    "data-type=access-latency,latency=300 "
		    "-numa hmat-lb,initiator=0,target=1,hierarchy=memory,"
		    "data-type=access-bandwidth,bandwidth=1536M");
}

static void the_nearest_cpus_initiate(void **state)
{
	struct topology *t = parse("[topology]\n" NODE0
				   "distances = 10 20 30\nlatency = 1\nbandwidth = 1G\n"
				   "[node 1]\ncpus = 2\ndistances = 20 10 15\n"
				   "[node 2]\nmemory = 64M\ndistances = 30 15 10\n"
				   "latency = 9\nbandwidth = 1G\n");
	char **argv = topology_to_argv(t);
	bool seen = false;

	(void)state;
	for (char **a = argv; *a; a++)
		seen |= !strcmp(*a, "node,nodeid=2,memdev=mem2,initiator=1");
	assert_true(seen);
	strv_free(argv);
	topology_free(t);
}

/* No socket over two nodes: a good kernel warns about that. */
static void uneven_nodes_get_more_sockets(void **state)
{
	(void)state;
	expect_argv("[topology]\n" NODE0 "[node 1]\ncpus = 4\n",
		    "-smp 6,sockets=3,cores=2,threads=1 -m 536870912B "
		    "-object memory-backend-ram,id=mem0,size=536870912 "
		    "-numa node,nodeid=0,memdev=mem0 -numa node,nodeid=1 "
		    "-numa cpu,node-id=0,socket-id=0 -numa cpu,node-id=1,socket-id=1 "
		    "-numa cpu,node-id=1,socket-id=2");
}

static void complaints(void **state)
{
	(void)state;
	expect_error("", "no section [topology]");
	expect_error("[topology]\n", "no [node 0]");
	expect_error(
		"[topology]\ndescriptoin = x\n" NODE0,
		"t.ini:2: unknown key \"descriptoin\", did you mean \"description\"?");
	expect_error("[topology]\n[node 0]\ncpus = many\nmemory = 1G\n",
		     "t.ini:3: cpus:");
	expect_error("[topology]\n[node 0]\ncpus = 1\nmemory = lots\n",
		     "t.ini:4: memory:");
	expect_error("[topology]\n[node 0]\ncpus = 1\nmemory = 1M\n", "at least 64M");
	expect_error("[topology]\n[node 0]\nmemory = 1G\n", "boot CPU");
	expect_error("[topology]\n" NODE0 "[node 2]\ncpus = 1\n", "node 1 is expected");
	expect_error("[topology]\n" NODE0 "[node 1]\n", "neither CPUs nor memory");
	expect_error("[topology]\n" NODE0 "[noed 1]\n", "unknown section [noed 1]");
	expect_error("[topology]\n" NODE0 "distances = 10 20\n", "2 numbers for 1 nodes");
	expect_error("[topology]\n" NODE0 "distances = 12\n", "a node is 10 to itself");
	expect_error("[topology]\n" NODE0 "distances = 10 20\n[node 1]\ncpus = 1\n",
		     "for some nodes only");
	/* All at once. */
	expect_error("[topology]\n" NODE0 "latency = fast\nbandwidth = 1G\n",
		     "no number of ns");
	expect_error("[topology]\n" NODE0 "latency = 0\nbandwidth = 1G\n",
		     "no number of ns");
	expect_error("[topology]\n" NODE0 "latency = 9\nbandwidth = 4K\n",
		     "no size of whole MiB");
	expect_error("[topology]\n" NODE0 "latency = 9\n", "go together");
	expect_error("[topology]\n" NODE0
		     "[node 1]\ncpus = 1\nlatency = 9\nbandwidth = 1G\n",
		     "latency of no memory");
	expect_error("[topology]\n" NODE0 "latency = 9\nbandwidth = 1G\n"
		     "[node 1]\nmemory = 64M\n",
		     "node 1 has memory without a latency");
	expect_error("[topology]\nx = 1\n[node 0]\ncpus = y\nmemory = z\n", "t.ini:5:");
}

static void too_many_nodes(void **state)
{
	struct str s = STR_INIT;

	(void)state;
	str_add(&s, "[topology]\n");
	for (int i = 0; i < 40; i++)
		str_addf(&s, "[node %d]\ncpus = 1\nmemory = 64M\n", i);
	expect_error(str_get(&s), "40 nodes; at most 16");
	str_done(&s);
}

static char *shipped_dir(void)
{
	return path_join(paths_data(), "runners/topologies", NULL);
}

static void shipped_ones_are_fine(void **state)
{
	static const char *const want[] = { "cpuless", "memoryless", "numa2",
					    "numa4",   "smp4",       "up" };
	char *dir = shipped_dir();
	char **names;
	struct err err;

	(void)state;
	assert_int_equal(topology_list(dir, &names, &err), 0);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		bool there = false;

		for (char **n = names; *n; n++)
			there |= strcmp(*n, want[i]) == 0;
		assert_true(there);
	}
	for (char **n = names; *n; n++) {
		struct topology *t = NULL;

		if (topology_load(dir, *n, &t, &err) < 0)
			fail_msg("%s", err.msg);
		assert_true(topology_memory(t) >= 1ULL << 30);
		assert_true(t->description[0]);
		topology_free(t);
	}
	strv_free(names);
	free(dir);
}

static void numa4_is_asymmetric(void **state)
{
	char *dir = shipped_dir();
	struct topology *t = NULL;
	struct err err;

	(void)state;
	assert_int_equal(topology_load(dir, "numa4", &t, &err), 0);
	assert_int_equal(topology_cpus(t), 8);
	assert_int_equal(t->nnodes, 4);
	assert_int_not_equal(t->nodes[0].distances[1], t->nodes[1].distances[0]);
	topology_free(t);
	free(dir);
}

static void unknown_names(void **state)
{
	static const char *const bad[] = { "numa3", "../topologies/up", "", "-x", "a/b" };
	char *dir = shipped_dir();

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct topology *t = NULL;
		struct err err;

		assert_int_equal(topology_load(dir, bad[i], &t, &err), -1);
		assert_int_equal(err.code, ERR_MISSING);
		assert_non_null(strstr(err.msg, "memoryless"));
	}
	free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arguments),
		cmocka_unit_test(memory_speeds),
		cmocka_unit_test(the_nearest_cpus_initiate),
		cmocka_unit_test(uneven_nodes_get_more_sockets),
		cmocka_unit_test(complaints),
		cmocka_unit_test(too_many_nodes),
		cmocka_unit_test(shipped_ones_are_fine),
		cmocka_unit_test(numa4_is_asymmetric),
		cmocka_unit_test(unknown_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
