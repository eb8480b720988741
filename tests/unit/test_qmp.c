#include "tests/unit/cm.h"

#include "runners/qmp.h"

#define GREETING                                                                           \
	"{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 22, \"minor\": 2, \"major\": 7}, " \
	"\"package\": \"x\"}, \"capabilities\": [\"oob\"]}}\r\n"
#define SHUTDOWN                                                                           \
	"{\"timestamp\": {\"seconds\": 1, \"microseconds\": 2}, \"event\": \"SHUTDOWN\", " \
	"\"data\": {\"guest\": true, \"reason\": \"guest-shutdown\"}}\r\n"

struct seen {
	size_t n;
	enum qmp_kind kind[8];
	char name[8][32];
	char text[8][64];
	long long id[8];
	bool guest[8];
};

static void on_message(const struct qmp_message *m, void *arg)
{
	struct seen *s = arg;
	size_t i = s->n++ % 8;

	s->kind[i] = m->kind;
	s->id[i] = m->id;
	s->guest[i] = m->guest;
	snprintf(s->name[i], sizeof(s->name[i]), "%s", m->name);
	snprintf(s->text[i], sizeof(s->text[i]), "%s", m->text);
}

static int feed(struct qmp *q, const char *text, struct seen *s, struct err *err)
{
	return qmp_feed(q, text, strlen(text), on_message, s, err);
}

static void check_stream(const struct seen *s)
{
	assert_int_equal(s->n, 4);
	assert_int_equal(s->kind[0], QMP_GREETING);
	assert_int_equal(s->kind[1], QMP_RETURN);
	assert_int_equal(s->id[1], 1);
	assert_int_equal(s->kind[2], QMP_ERROR);
	assert_string_equal(s->name[2], "CommandNotFound");
	assert_int_equal(s->kind[3], QMP_EVENT);
	assert_string_equal(s->name[3], "SHUTDOWN");
	assert_string_equal(s->text[3], "guest-shutdown");
	assert_true(s->guest[3]);
}

static const char stream[] = GREETING
	"{\"return\": {}, \"id\": 1}\r\n"
	"{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"no\"}}\r\n" SHUTDOWN;

static void whole_stream(void **state)
{
	struct seen s = { .n = 0 };
	struct qmp *q = qmp_new(0);
	struct err err;

	(void)state;
	assert_int_equal(feed(q, stream, &s, &err), 0);
	check_stream(&s);
	qmp_free(q);
}

static void byte_by_byte(void **state)
{
	struct seen s = { .n = 0 };
	struct qmp *q = qmp_new(0);
	struct err err;

	(void)state;
	for (size_t i = 0; i < strlen(stream); i++)
		assert_int_equal(qmp_feed(q, stream + i, 1, on_message, &s, &err), 0);
	check_stream(&s);
	qmp_free(q);
}

static void watchdog_has_an_action(void **state)
{
	struct seen s = { .n = 0 };
	struct qmp *q = qmp_new(0);
	struct err err;

	(void)state;
	assert_int_equal(
		feed(q, "{\"event\": \"WATCHDOG\", \"data\": {\"action\": \"poweroff\"}}",
		     &s, &err),
		0);
	assert_string_equal(s.name[0], "WATCHDOG");
	assert_string_equal(s.text[0], "poweroff");
	assert_false(s.guest[0]);
	qmp_free(q);
}

static void broken_is_dead(void **state)
{
	static const char *const bad[] = { "{\"QMP\": {\"version\": }}",
					   "[1]",
					   "7 ",
					   "{\"x\": 1}",
					   "{}{",
					   "nonsense",
					   "\"a\"",
					   "/{}",
					   "/* x */{}",
					   "}" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct seen s = { .n = 0 };
		struct qmp *q = qmp_new(0);
		struct err err;

		assert_int_equal(feed(q, bad[i], &s, &err), -1);
		assert_int_equal(err.code, ERR_INPUT);
		assert_int_equal(feed(q, GREETING, &s, &err), -1);
		assert_int_equal(s.n, 0);
		qmp_free(q);
	}
}

static void floods_are_limits(void **state)
{
	struct seen s = { .n = 0 };
	struct qmp *q = qmp_new(3);
	struct err err;
	int r = 0;

	(void)state;
	for (int i = 0; i < 4; i++)
		r = feed(q, SHUTDOWN, &s, &err);
	assert_int_equal(r, -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_int_equal(s.n, 3);
	qmp_free(q);
}

static void one_message_without_end(void **state)
{
	struct seen s = { .n = 0 };
	struct qmp *q = qmp_new(0);
	struct err err;
	int r = feed(q, "{\"event\": \"", &s, &err);

	(void)state;
	for (unsigned int i = 0; i < QMP_MESSAGE_MAX && r == 0; i++)
		r = feed(q, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", &s, &err);
	assert_int_equal(r, -1);
	assert_int_equal(err.code, ERR_LIMIT);
	qmp_free(q);
}

static void nested_too_deep(void **state)
{
	struct seen s = { .n = 0 };
	struct qmp *q = qmp_new(0);
	struct err err;
	int r = feed(q, "{\"event\": ", &s, &err);

	(void)state;
	for (int i = 0; i < 100 && r == 0; i++)
		r = feed(q, "[", &s, &err);
	assert_int_equal(r, -1);
	qmp_free(q);
}

static void commands(void **state)
{
	char *c = qmp_command("qmp_capabilities", 1);

	(void)state;
	assert_string_equal(c, "{\"execute\": \"qmp_capabilities\", \"id\": 1}\n");
	free(c);
	qmp_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_stream),
		cmocka_unit_test(byte_by_byte),
		cmocka_unit_test(watchdog_has_an_action),
		cmocka_unit_test(broken_is_dead),
		cmocka_unit_test(floods_are_limits),
		cmocka_unit_test(one_message_without_end),
		cmocka_unit_test(nested_too_deep),
		cmocka_unit_test(commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
