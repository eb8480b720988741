#include "tests/unit/cm.h"

#include "daemon/posting_request.h"

static struct source_conf source = {
	.name = (char *)"mm",
	.kind = (char *)"archive",
	.url = (char *)"http://lists/mm/",
	.path = (char *)"",
	.archive = (char *)"",
	.tree = (char *)"next",
	.config = (char *)"mlock",
	.topology = (char *)"smp4, numa2",
	.suite = (char *)"",
	.trees = (char *)"stable, net",
	.base = (char *)"base-commit,good",
};

static bool is_there(const char *what, const char *name, void *arg)
{
	(void)arg;
	if (!strcmp(what, "tree"))
		return !strcmp(name, "mine") || !strcmp(name, "next");
	assert_true(!strcmp(what, "config") || !strcmp(what, "topology") ||
		    !strcmp(what, "suite"));
	return strlen(name) <= 2;
}

struct made {
	struct request q;
	struct str unheard;
};

/* override: JSON or NULL. */
static struct made make(const struct source_conf *conf, const char *override)
{
	struct posting_row p = { .message_id = (char *)"a@b", .version = 3 };
	struct made m = { .unheard = STR_INIT };
	struct err err = { 0 };

	if (override)
		assert_int_equal(
			json_parse(override, strlen(override), &p.override, &err), 0);
	posting_request(&p, conf, is_there, NULL, &m.q, &m.unheard);
	json_object_put(p.override);
	return m;
}

/* What a worker will read is what was asked for. */
static void made_done(struct made *m)
{
	struct json_object *o = request_to_json(&m->q);
	struct request again;
	struct err err = { 0 };

	if (request_from_json(o, &again, &err) < 0)
		fail_msg("a worker refuses it: %s", err.msg);
	assert_string_equal(again.source, m->q.source);
	assert_int_equal(again.version, m->q.version);
	assert_int_equal(again.mails, m->q.mails);
	assert_int_equal(!again.archive, !m->q.archive);
	assert_int_equal(strv_len(again.trees), strv_len(m->q.trees));
	assert_int_equal(strv_len(again.ladder), strv_len(m->q.ladder));
	assert_int_equal(!again.wish, !m->q.wish);
	request_done(&again);
	json_object_put(o);
	request_done(&m->q);
	str_done(&m->unheard);
}

static void the_source_says(void **state)
{
	struct made m = make(&source, NULL);

	(void)state;
	assert_string_equal(m.q.source, "a@b");
	assert_int_equal(m.q.version, 3);
	assert_string_equal(m.q.archive, "http://lists/mm/");
	assert_string_equal(m.q.tree, "next");
	assert_null(m.q.base);
	assert_null(m.q.wish);
	assert_string_equal(m.q.trees[1], "net");
	assert_string_equal(m.q.ladder[0], "base-commit");
	assert_string_equal(m.q.ladder[1], "good");
	assert_null(m.q.ladder[2]);
	assert_string_equal(m.q.configs[0], "mlock");
	assert_string_equal(m.q.topologies[1], "numa2");
	assert_null(m.q.topologies[2]);
	assert_null(m.q.suites);
	assert_int_equal(m.q.mails, REQUEST_NO_MAILS);
	made_done(&m);
}

static void kinds_differ(void **state)
{
	static const struct {
		const char *kind, *archive, *want;
		enum request_mails mails;
	} cases[] = {
		{ "archive", "http://other/mm", "http://other/mm", REQUEST_NO_MAILS },
		{ "patchwork", "", NULL, REQUEST_NO_MAILS },
		{ "patchwork", "http://other/mm", "http://other/mm", REQUEST_NO_MAILS },
		{ "epoch", "", NULL, REQUEST_MAILS_FILE },
		{ "maildir", "http://other/mm", "http://other/mm", REQUEST_MAILS_FILE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct source_conf conf = source;
		struct made m;

		conf.kind = (char *)cases[i].kind;
		conf.archive = (char *)cases[i].archive;
		m = make(&conf, NULL);
		if (cases[i].want)
			assert_string_equal(m.q.archive, cases[i].want);
		else
			assert_null(m.q.archive);
		assert_int_equal(m.q.mails, cases[i].mails);
		made_done(&m);
	}
}

static void authors_have_wishes(void **state)
{
	struct made m = make(&source, "{\"tree\":\"mine\",\"base\":\"v6.12~3\","
				      "\"topology\":\"up\",\"suite\":\"a,b\"}");

	(void)state;
	assert_string_equal(m.q.tree, "mine");
	/* That tree is meant, and no other. */
	assert_null(m.q.trees);
	/* A wish, not an order: one that cannot be granted does not end the job. */
	assert_string_equal(m.q.wish, "v6.12~3");
	assert_null(m.q.base);
	assert_string_equal(m.q.configs[0], "mlock");
	assert_string_equal(m.q.topologies[0], "up");
	assert_null(m.q.topologies[1]);
	assert_string_equal(m.q.suites[1], "b");
	assert_int_equal(m.unheard.len, 0);
	made_done(&m);
}

/* A stranger writes them: what a worker would choke on is not passed on. */
static void bad_wishes_are_unheard(void **state)
{
	AUTO(str_done) struct str many = STR_INIT;
	struct made m = make(&source, "{\"tree\":\"../../etc\",\"base\":\"--output=x\","
				      "\"topology\":\"up,../x\",\"config\":\",\"}");

	(void)state;
	assert_string_equal(m.q.tree, "next");
	assert_string_equal(m.q.trees[0], "stable");
	assert_null(m.q.wish);
	assert_string_equal(m.q.configs[0], "mlock");
	assert_string_equal(m.q.topologies[0], "smp4");
	assert_non_null(strstr(str_get(&m.unheard), "tree=../../etc names nothing"));
	assert_non_null(strstr(str_get(&m.unheard), "base=--output=x names nothing"));
	made_done(&m);
	str_add(&many, "{\"suite\":\"a");
	for (int i = 0; i < 100; i++)
		str_add(&many, ",a");
	str_add(&many, "\",\"base\":\"a\\u0001b\"}");
	m = make(&source, str_get(&many));
	assert_null(m.q.suites);
	assert_null(m.q.wish);
	made_done(&m);
	/* There is no such tree; what makes git search for long is no base. */
	m = make(&source, "{\"tree\":\"elsewhere\",\"base\":\":/mm\"}");
	assert_string_equal(m.q.tree, "next");
	assert_string_equal(m.q.trees[0], "stable");
	assert_null(m.q.wish);
	assert_non_null(strstr(str_get(&m.unheard), "tree=elsewhere names nothing"));
	made_done(&m);
	/* No such topology, and a config twice: a worker would end the job for that. */
	m = make(&source, "{\"topology\":\"up,nowhere\",\"config\":\"a,b,a\","
			  "\"suite\":\"b\"}");
	assert_string_equal(m.q.topologies[0], "smp4");
	assert_string_equal(m.q.configs[0], "mlock");
	assert_string_equal(m.q.suites[0], "b");
	assert_non_null(strstr(str_get(&m.unheard), "topology=up,nowhere names nothing"));
	assert_non_null(strstr(str_get(&m.unheard), "config=a,b,a names nothing"));
	made_done(&m);
	m = make(&source, "{\"base\":\"HEAD^{/mm}\"}");
	assert_null(m.q.wish);
	made_done(&m);
}

static void a_source_may_be_gone(void **state)
{
	struct made m = make(NULL, "{\"tree\":\"mine\"}");

	(void)state;
	assert_string_equal(m.q.tree, "mine");
	assert_null(m.q.archive);
	assert_null(m.q.configs);
	made_done(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_source_says),
		cmocka_unit_test(kinds_differ),
		cmocka_unit_test(authors_have_wishes),
		cmocka_unit_test(bad_wishes_are_unheard),
		cmocka_unit_test(a_source_may_be_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
