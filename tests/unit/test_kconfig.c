#include "tests/unit/cm.h"

#include "kernels/buildkey.h"
#include "kernels/kconfig.h"
#include "kernels/make_argv.h"
#include "kernels/toolchain.h"
#include "lib/cleanup.h"
#include "lib/paths.h"

static void put(const char *dir, const char *name, const char *text)
{
	AUTO_FREE char *path = path_join(dir, name, NULL);
	struct err err = { 0 };

	if (file_write_atomic(path, text, strlen(text), 0644, &err) < 0)
		fail_msg("%s", err.msg);
}

static void load_with_include(void **state)
{
	struct kconfig k;
	struct err err = { 0 };
	char a[SHA256_HEX], b[SHA256_HEX];

	put(*state, "small.config", "# sluice: arch=arm64\nCONFIG_A=y\n");
	put(*state, "big.config",
	    "# sluice: arch=x86_64\n# sluice: target=bzImage\n"
	    "# sluice: include=small.config\n# sluice: include=big.config\nCONFIG_B=y\n");
	assert_int_equal(kconfig_load(*state, "big", &k, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
	put(*state, "big.config",
	    "# sluice: include=small.config\n# sluice: arch=x86_64\n"
	    "# sluice: target=bzImage\nCONFIG_B=y\n");
	assert_int_equal(kconfig_load(*state, "big", &k, &err), 0);
	assert_string_equal(k.arch, "x86_64");
	assert_string_equal(k.target, "bzImage");
	assert_int_equal(k.nfragments, 2);
	assert_string_equal(k.fragments[0].name, "small.config");
	kconfig_hash(&k, a);
	kconfig_done(&k);
	put(*state, "small.config", "# sluice: arch=arm64\nCONFIG_A=n\n");
	assert_int_equal(kconfig_load(*state, "big", &k, &err), 0);
	kconfig_hash(&k, b);
	assert_string_not_equal(a, b);
	kconfig_done(&k);
}

static void bad_headers(void **state)
{
	struct kconfig k;
	struct err err = { 0 };

	put(*state, "a.config", "\n# sluice: topologie=x\n");
	assert_int_equal(kconfig_load(*state, "a", &k, &err), -1);
	assert_non_null(strstr(err.msg, "a.config:2: unknown key \"topologie\""));
	put(*state, "a.config", "# sluice: include=../x.config\n");
	assert_int_equal(kconfig_load(*state, "a", &k, &err), -1);
	assert_int_equal(kconfig_load(*state, "../a", &k, &err), -1);
	assert_int_equal(kconfig_load(*state, "nope", &k, &err), -1);
	assert_int_equal(err.code, ERR_MISSING);
	assert_non_null(strstr(err.msg, "(there is: a)"));
}

static void expect_header(const char *dir, const char *text, const char *want)
{
	struct kconfig k;
	struct err err = { 0 };

	put(dir, "h.config", text);
	assert_int_equal(kconfig_load(dir, "h", &k, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
	if (!strstr(err.msg, want))
		fail_msg("\"%s\" is not in \"%s\"", want, err.msg);
}

static void how_it_is_run(void **state)
{
	struct kconfig k;
	struct err err = { 0 };

	put(*state, "plain.config", "CONFIG_A=y\n");
	assert_int_equal(kconfig_load(*state, "plain", &k, &err), 0);
	assert_false(k.deep);
	assert_int_equal(k.slowdown, 1);
	assert_string_equal(k.cmdline, "");
	kconfig_done(&k);
	put(*state, "deep.config",
	    "# sluice: tier=deep\n# sluice: slowdown=6\n"
	    "# sluice: cmdline=page_owner=on  debug\n# sluice: cmdline=x\n");
	assert_int_equal(kconfig_load(*state, "deep", &k, &err), 0);
	assert_true(k.deep);
	assert_int_equal(k.slowdown, 6);
	assert_string_equal(k.cmdline, "page_owner=on  debug x");
	kconfig_done(&k);
	/* Its symbols and what they need, but not its tier. */
	put(*state, "over.config",
	    "# sluice: include=deep.config\n# sluice: cmdline=y\n");
	assert_int_equal(kconfig_load(*state, "over", &k, &err), 0);
	assert_false(k.deep);
	assert_int_equal(k.slowdown, 6);
	assert_string_equal(k.cmdline, "page_owner=on  debug x y");
	kconfig_done(&k);
	put(*state, "over.config",
	    "# sluice: include=deep.config\n# sluice: slowdown=2\n# sluice: tier=quick\n");
	assert_int_equal(kconfig_load(*state, "over", &k, &err), 0);
	assert_false(k.deep);
	assert_int_equal(k.slowdown, 2);
	kconfig_done(&k);
	expect_header(*state, "\n# sluice: tier=slow\n",
		      "h.config:2: tier \"slow\" is neither quick nor deep");
	expect_header(*state, "# sluice: tier\n", "h.config:1: \"tier\" has no value");
	expect_header(*state, "# sluice: slowdown=0\n",
		      "h.config:1: slowdown \"0\" is no number from 1 to 100");
	expect_header(*state, "# sluice: slowdown=fast\n",
		      "slowdown \"fast\" is no number");
}

static void values_and_merge(void **state)
{
	char *merged = kconfig_apply("CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C=64\n",
				     "CONFIG_B=y\n# CONFIG_C is not set");
	char *v;

	(void)state;
	assert_string_equal(merged, "CONFIG_A=y\nCONFIG_B=y\n# CONFIG_C is not set\n");
	v = kconfig_value(merged, "CONFIG_C");
	assert_string_equal(v, "n");
	free(v);
	v = kconfig_value(merged, "CONFIG_NOT_THERE");
	assert_string_equal(v, "n");
	free(v);
	free(merged);
}

static bool knows_no(const char *symbol, void *arg)
{
	(void)arg;
	return strcmp(symbol, "CONFIG_KNOWN") == 0;
}

static void check_reports(void **state)
{
	const struct kconfig_fragment f[] = {
		{ (char *)"a",
		  (char *)"CONFIG_A=y\nCONFIG_N=64\n# CONFIG_OFF is not set\n"
			  "# sluice: optional=CONFIG_OLD, CONFIG_KNOWN\n" },
		{ (char *)"b", (char *)"CONFIG_OLD=y\nCONFIG_KNOWN=y\nCONFIG_A=n\n" },
	};
	char **m = kconfig_check(f, 2, "CONFIG_N=8\nCONFIG_OFF=y\n", knows_no, NULL);

	(void)state;
	assert_int_equal(strv_len(m), 3);
	assert_string_equal(m[0], "CONFIG_N: wanted 64, got 8");
	assert_string_equal(m[1], "CONFIG_OFF: wanted n, got y");
	assert_string_equal(m[2], "CONFIG_KNOWN: wanted y, got n");
	strv_free(m);
}

static void tree_knows_symbols(void **state)
{
	AUTO_FREE char *mm = path_join(*state, "mm", NULL);

	assert_int_equal(dir_make(mm, 0755, NULL), 0);
	put(*state, "Kconfig",
	    "source \"mm/Kconfig.$(SRCARCH)\"\nsource \"../x\"\n"
	    "source \"Kconfig\"\n");
	put(mm, "Kconfig.x86", "config FOO\n\tbool\n\n\tmenuconfig BAR  \n");
	assert_true(kconfig_tree_defines(*state, "x86", "CONFIG_FOO"));
	assert_true(kconfig_tree_defines(*state, "x86", "CONFIG_BAR"));
	assert_false(kconfig_tree_defines(*state, "x86", "CONFIG_FO"));
	assert_false(kconfig_tree_defines(*state, "arm", "CONFIG_FOO"));
}

static void shipped_configs_load(void **state)
{
	AUTO_FREE char *dir = path_join(paths_data(), "kernels/configs", NULL);
	char **names = NULL;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(kconfig_list(dir, &names, &err), 0);
	assert_true(strv_len(names) > 0);
	for (size_t i = 0; names[i]; i++) {
		struct kconfig k;

		if (kconfig_load(dir, names[i], &k, &err) < 0)
			fail_msg("%s", err.msg);
		kconfig_done(&k);
	}
	strv_free(names);
}

static void key_depends_on_all(void **state)
{
	const char *trees[] = { "aa", "bb", "cc" };
	char **vars = make_vars("x86_64");
	struct buildkey k = { trees, 2, "cfg", "x86_64", vars, "tc" };
	char key[4][SHA256_HEX];

	(void)state;
	build_key(&k, key[0]);
	k.ntrees = 3;
	build_key(&k, key[1]);
	k.toolchain = "tc2";
	build_key(&k, key[2]);
	k.make_args = NULL;
	build_key(&k, key[3]);
	for (int i = 0; i < 4; i++)
		for (int j = i + 1; j < 4; j++)
			assert_string_not_equal(key[i], key[j]);
	strv_free(vars);
}

static void argv_of_make(void **state)
{
	struct make_opts o = { .src = "/src", .out = "/out", .arch = "x86_64", .jobs = 3 };
	char **argv = make_argv(&o, "vmlinux");

	(void)state;
	assert_string_equal(argv[0], "make");
	assert_string_equal(argv[1], "-j3");
	assert_string_equal(argv[strv_len(argv) - 1], "vmlinux");
	strv_free(argv);
}

static void versions(void **state)
{
	static const char *const cases[][2] = {
		{ "gcc (Debian 12.2.0-14+deb12u1) 12.2.0", "12.2.0" },
		{ "GNU ld (GNU Binutils for Debian) 2.40", "2.40" },
		{ "GNU Make 4.3", "4.3" },
		{ "v1.24", "1.24" },
		{ "strange", "unknown" },
	};
	struct toolchain t;
	struct err err = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *v = toolchain_version(cases[i][0]);

		assert_string_equal(v, cases[i][1]);
		free(v);
	}
	assert_int_equal(toolchain_id("make", &t, &err), 0);
	assert_int_equal(strlen(t.hash), 64);
	assert_non_null(strstr(t.text, "gcc "));
	toolchain_done(&t);
	assert_int_equal(toolchain_id("/no/such/make", &t, &err), -1);
	assert_int_equal(err.code, ERR_MISSING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tmpdir_test(load_with_include),
		tmpdir_test(bad_headers),
		tmpdir_test(how_it_is_run),
		cmocka_unit_test(values_and_merge),
		cmocka_unit_test(check_reports),
		tmpdir_test(tree_knows_symbols),
		cmocka_unit_test(shipped_configs_load),
		cmocka_unit_test(key_depends_on_all),
		cmocka_unit_test(argv_of_make),
		cmocka_unit_test(versions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
