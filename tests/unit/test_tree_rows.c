/* When trees are fetched again, and what their heads are asked to be tested with. */
#include "tests/unit/cm.h"

#include "daemon/config_source.h"
#include "daemon/head_request.h"
#include "daemon/tree_rows.h"

static void it_backs_off(void **state)
{
	static const struct {
		int64_t interval, failures, wait;
	} cases[] = {
		{ 21600, 0, 21600 }, { 21600, 1, 300 },   { 21600, 2, 600 },
		{ 21600, 7, 19200 }, { 21600, 8, 21600 }, { 21600, 1000000, 21600 },
		{ 60, 0, 60 },       { 60, 1, 60 },       { 60, 3, 240 },
		{ 60, 50, 3600 },    { 1, 1, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(tree_rows_next(1000, cases[i].interval,
						cases[i].failures),
				 1000 + cases[i].wait);
}

static struct source_conf source(const char *tree, const char *trees, const char *config,
				 const char *topology, const char *suite)
{
	return (struct source_conf){ .tree = (char *)tree,
				     .trees = (char *)trees,
				     .config = (char *)config,
				     .topology = (char *)topology,
				     .suite = (char *)suite };
}

static void is_list(char *const *v, const char *want)
{
	AUTO(str_done) struct str text = STR_INIT;

	for (; *v; v++)
		str_addf(&text, "%s%s", text.len ? " " : "", *v);
	assert_string_equal(str_get(&text), want);
}

static void a_head_is_tested_for_all_its_sources(void **state)
{
	struct source_conf sources[] = {
		source("", "", "", "", ""),
		source("mm", "next, net", "debug", "up", "mine"),
		source("net", "", "other", "other", "other"),
		source("mm", "", "mlock,debug", "", ""),
	};
	struct config c = { .tree = (char *)"linus",
			    .config = (char *)"mlock",
			    .topology = (char *)"smp4,numa2",
			    .suite = (char *)"mlock-migrate",
			    .sources = sources,
			    .nsources = ARRAY_SIZE(sources) };
	struct request q;

	(void)state;
	head_request(&c, "mm", &q);
	assert_string_equal(q.source, "head of mm");
	assert_string_equal(q.tree, "mm");
	is_list(q.configs, "debug mlock");
	is_list(q.topologies, "up smp4 numa2");
	is_list(q.suites, "mine mlock-migrate");
	request_done(&q);
	/* One of several that a source takes its base from. */
	head_request(&c, "net", &q);
	is_list(q.configs, "debug other");
	request_done(&q);
	/* sluice.tree, where a source names none. */
	head_request(&c, "linus", &q);
	is_list(q.configs, "mlock");
	request_done(&q);
	/* Nobody's. */
	head_request(&c, "stable", &q);
	is_list(q.configs, "mlock");
	is_list(q.topologies, "smp4 numa2");
	is_list(q.suites, "mlock-migrate");
	request_done(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_backs_off),
		cmocka_unit_test(a_head_is_tested_for_all_its_sources),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
