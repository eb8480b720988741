#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/config.h"
#include "daemon/config_source.h"
#include "daemon/config_tree.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/paths.h"

static char dir[] = "/tmp/sluice-test-config-XXXXXX";

/* Loads text as DIR/config.ini; complaints without the folder's name. */
static int load(const char *text, struct config **ret, struct str *complaints)
{
	AUTO_FREE char *path = path_join(dir, "config.ini", NULL);
	AUTO(str_done) struct str raw = STR_INIT;
	AUTO_FREE char *prefix = str_printf("%s/", dir);
	struct err err = { 0 };
	char **lines;
	int rc;

	assert_int_equal(file_write_atomic(path, text, strlen(text), 0644, &err), 0);
	rc = config_load(path, ret, &raw, &err);
	lines = strv_split(str_get(&raw), "\n");
	for (size_t i = 0; lines[i]; i++)
		str_addf(complaints, "%s\n",
			 str_starts(lines[i], prefix) ? lines[i] + strlen(prefix) :
							lines[i]);
	strv_free(lines);
	return rc;
}

static char *printed(void (*print)(FILE *out))
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	print(f);
	fclose(f);
	return text;
}

static void test_defaults(void **state)
{
	AUTO(str_done) struct str complaints = STR_INIT;
	struct config *c = NULL;

	(void)state;
	assert_int_equal(load("", &c, &complaints), 0);
	assert_string_equal(c->topology, "smp4,numa2");
	assert_string_equal(c->build_user, "sluice-build");
	assert_int_equal(c->mail_bytes, 2 << 20);
	assert_int_equal(c->build_timeout_ms, 3600 * 1000);
	assert_int_equal(c->deadline_scale, 500);
	config_free(c);
}

static void test_values(void **state)
{
	AUTO(str_done) struct str complaints = STR_INIT;
	struct config *c = NULL;

	(void)state;
	assert_int_equal(
		load("[sluice]\ntopology = up, numa4\n[limits]\nlog_size = 1M\n"
		     "[boot]\naccel = tcg\ndeadline_scale = 300\ntimeout = 90s\n",
		     &c, &complaints),
		0);
	assert_string_equal(c->topology, "up, numa4");
	assert_string_equal(c->accel, "tcg");
	assert_int_equal(c->log_bytes, 1 << 20);
	assert_int_equal(c->deadline_scale, 300);
	assert_int_equal(c->boot_timeout_ms, 90000);
	assert_non_null(strstr(c->source, "config.ini"));
	config_free(c);
}

static void test_complaints_all_at_once(void **state)
{
	AUTO(str_done) struct str complaints = STR_INIT;
	struct config *c = NULL;

	(void)state;
	assert_int_equal(load("[sluice]\n"
			      "topologie = numa2\n"
			      "tree = ../etc\n"
			      "[boot]\n"
			      "accel = xen\n"
			      "timeout = soon\n"
			      "deadline_scale = 5\n"
			      "[bild]\n"
			      "jobs = 2\n"
			      "[build]\n"
			      "ccache_dir = cache\n"
			      "jobs = many\n"
			      "[web]\n"
			      "listen = 8470\n",
			      &c, &complaints),
			 -1);
	assert_null(c);
	assert_string_equal(
		str_get(&complaints),
		"config.ini:2: unknown key \"topologie\", did you mean \"topology\"?\n"
		"config.ini:3: tree: \"../etc\" is not a name (letters, digits, . _ -)\n"
		"config.ini:5: accel: \"xen\" is not one of auto kvm tcg\n"
		"config.ini:6: timeout: \"soon\" is not a time like 90s, 10m or 2h, at least 1000 ms\n"
		"config.ini:7: deadline_scale: \"5\" is not a percentage like 500% from 110 to 100000\n"
		"config.ini:8: unknown section [bild], did you mean [build]?\n"
		"config.ini:11: ccache_dir: \"cache\" is not an absolute path\n"
		"config.ini:12: jobs: \"many\" is not a number from 0 to 4096\n"
		"config.ini:14: listen: \"8470\" is not an address and port like 127.0.0.1:8470\n");
}

static void test_no_file(void **state)
{
	AUTO(str_done) struct str complaints = STR_INIT;
	struct config *c = NULL;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(config_load("/nonexistent/config.ini", &c, &complaints, &err),
			 -1);
	assert_null(c);
	assert_non_null(strstr(err.msg, "/nonexistent/config.ini"));
}

/* A kernel tree may plant one. */
static void test_current_folder_is_not_read(void **state)
{
	AUTO(str_done) struct str complaints = STR_INIT;
	struct config *c = NULL;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(load("[sluice]\ntree = planted\n", &c, &complaints), 0);
	config_free(c);
	assert_int_equal(chdir(dir), 0);
	setenv("XDG_CONFIG_HOME", ".", 1);
	setenv("HOME", ".", 1);
	assert_int_equal(config_load(NULL, &c, &complaints, &err), 0);
	assert_string_not_equal(c->tree, "planted");
	config_free(c);
}

static void test_shipped_file(void **state)
{
	AUTO_FREE char *path = path_join(paths_data(), "config.ini", NULL);
	AUTO_FREE char *want = printed(config_print_default_ini);
	AUTO_FREE char *text = NULL;
	AUTO(str_done) struct str complaints = STR_INIT;
	struct config *c = NULL;
	struct err err = { 0 };
	size_t len;

	(void)state;
	assert_int_equal(file_read(path, 1 << 20, &text, &len, &err), 0);
	assert_string_equal(text, want);
	assert_int_equal(config_load(path, &c, &complaints, &err), 0);
	config_free(c);
}

static void test_man_page_has_the_keys(void **state)
{
	AUTO_FREE char *path = path_join(paths_data(), "docs/sluice.1", NULL);
	AUTO_FREE char *want = printed(config_print_mdoc);
	AUTO_FREE char *text = NULL;
	struct err err = { 0 };
	size_t len;

	(void)state;
	assert_int_equal(file_read(path, 1 << 20, &text, &len, &err), 0);
	assert_non_null(strstr(text, want));
}

static void test_sources(void **state)
{
	AUTO(str_done) struct str complaints = STR_INIT;
	struct config *c;

	(void)state;
	assert_int_equal(
		load("[source mm]\nurl = https://lore.kernel.org/linux-mm\nsubject = mm:* mm/*\n"
		     "interval = 90s\nsince = 0\nbase = head\ntrees = next, net\n"
		     "[source local]\nkind = epoch\npath = /srv/inbox\ntree = mm-unstable\n",
		     &c, &complaints),
		0);
	assert_string_equal(str_get(&complaints), "");
	assert_non_null(c);
	assert_int_equal(c->nsources, 2);
	assert_string_equal(c->sources[0].name, "mm");
	assert_string_equal(c->sources[0].kind, "archive");
	assert_string_equal(c->sources[0].subject, "mm:* mm/*");
	assert_int_equal(c->sources[0].interval_ms, 90000);
	assert_int_equal(c->sources[0].since_ms, 0);
	assert_string_equal(c->sources[0].base, "head");
	assert_string_equal(c->sources[0].trees, "next, net");
	assert_string_equal(source_conf_where(&c->sources[0]),
			    "https://lore.kernel.org/linux-mm");
	assert_string_equal(c->sources[1].kind, "epoch");
	assert_int_equal(c->sources[1].interval_ms, 300000);
	assert_int_equal(c->sources[1].since_ms, 7 * 86400000LL);
	assert_string_equal(c->sources[1].tree, "mm-unstable");
	assert_string_equal(c->sources[1].suite, "");
	assert_string_equal(source_conf_where(&c->sources[1]), "/srv/inbox");
	config_free(c);
}

static void test_complaints_about_sources(void **state)
{
	AUTO(str_done) struct str complaints = STR_INIT;
	struct config *c;

	(void)state;
	assert_int_equal(load("[source]\nurl = http://a/\n"
			      "[source a/b]\nurl = http://a/\n"
			      "[source c]\n"
			      "[source d]\nkind = maildir\nurl = http://a/\npath = mail\n"
			      "[source e]\nurl = file:///etc/passwd\ninterval = 0\n"
			      "[source f]\nurl = http://a/\nbase = head,best\nlist = x\n"
			      "[source g]\nkind = patchwork\nurl = http://a/\n"
			      "token_file = /t\n[source h]\nkind = patchwork\n"
			      "url = https://a/\ntoken_file = /t\n"
			      "[source i]\nkind = mbox\npath = /srv/i\n",
			      &c, &complaints),
			 -1);
	assert_string_equal(
		str_get(&complaints),
		"config.ini:1: [source]: a source needs a name (letters, digits, . _ -), like "
		"[source mm]\n"
		"config.ini:3: [source a/b]: a source needs a name (letters, digits, . _ -), "
		"like [source mm]\n"
		"config.ini:5: c: a source of kind archive needs url\n"
		"config.ini:8: d: a source of kind maildir has no url\n"
		"config.ini:9: path: \"mail\" is not an absolute path\n"
		"config.ini:11: url: \"file:///etc/passwd\" is not a URL of http or https\n"
		"config.ini:12: interval: \"0\" is not a time like 90s, 10m or 2h, at least "
		"1000 ms\n"
		"config.ini:15: base: \"best\" is not one of base-commit blobs good head\n"
		"config.ini:16: unknown key \"list\", did you mean \"lists\"?\n"
		"config.ini:20: token_file: a token goes over https only, not to "
		"\"http://a/\"\n"
		"config.ini:26: kind: \"mbox\" is not one of archive epoch patchwork "
		"maildir\n");
}

static void test_trees(void **state)
{
	AUTO(str_done) struct str complaints = STR_INIT;
	struct config *c;

	(void)state;
	assert_int_equal(
		load("[tree mm]\nurl = https://git.example.org/mm\nbranch = a/b\n"
		     "fetch = 1h\nmax_size = 2G\n[tree local]\n",
		     &c, &complaints),
		0);
	assert_int_equal(c->ntrees, 2);
	assert_string_equal(c->trees[0].name, "mm");
	assert_string_equal(c->trees[0].url, "https://git.example.org/mm");
	assert_string_equal(c->trees[0].branch, "a/b");
	assert_int_equal(c->trees[0].fetch_ms, 3600000);
	assert_int_equal(c->trees[0].max_bytes, 2LL << 30);
	assert_string_equal(c->trees[1].name, "local");
	assert_string_equal(c->trees[1].url, "");
	assert_int_equal(c->trees[1].fetch_ms, 6 * 3600000);
	config_free(c);
	assert_int_equal(load("[tree]\n[tree a]\nurl = --upload-pack=x\n"
			      "[tree b]\nurl = /srv/linux\nbranch = a..b\nfetch = never\n"
			      "[tree c]\nurl = git@example.org:linux\nbranch = HEAD\n",
			      &c, &complaints),
			 -1);
	assert_string_equal(
		str_get(&complaints),
		"config.ini:1: [tree]: a tree needs a name (letters, digits, . _ -), like "
		"[tree mm]\n"
		"config.ini:3: url: \"--upload-pack=x\" is no URL; for a local repository "
		"leave it out and say sluice tree add a PATH\n"
		"config.ini:5: url: \"/srv/linux\" is no URL; for a local repository "
		"leave it out and say sluice tree add b PATH\n"
		"config.ini:6: branch: \"a..b\" is no name of a branch\n"
		"config.ini:7: fetch: \"never\" is not a time like 90s, 10m or 2h, at least "
		"1000 ms\n"
		"config.ini:10: branch: \"HEAD\" is no name of a branch\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_complaints_all_at_once),
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_complaints_about_sources),
		cmocka_unit_test(test_trees),
		cmocka_unit_test(test_no_file),
		cmocka_unit_test(test_shipped_file),
		cmocka_unit_test(test_man_page_has_the_keys),
		cmocka_unit_test(test_current_folder_is_not_read),
	};
	int rc;

	if (!mkdtemp(dir))
		return 1;
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	tree_remove(dir, NULL);
	return rc;
}
