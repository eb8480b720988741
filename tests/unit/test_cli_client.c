#include "tests/unit/cm.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/client.h"
#include "daemon/control.h"
#include "lib/cleanup.h"

/* A daemon that takes one request, says answer, and ends. */
static pid_t daemon_says(const char *dir, const char *answer)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char buf[4096];
	pid_t pid;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/" CONTROL_SOCKET, dir);
	unlink(addr.sun_path);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 1), 0);
	pid = fork();
	if (pid == 0) {
		int c = accept(fd, NULL, NULL);

		if (c < 0 || read(c, buf, sizeof(buf)) <= 0 ||
		    write(c, answer, strlen(answer)) != (ssize_t)strlen(answer))
			_exit(1);
		_exit(0);
	}
	assert_true(pid > 0);
	close(fd);
	return pid;
}

/* What a daemon does wrong is not the fault of who asked it: that is ERR_INPUT, and
 * what is MISSING may be a name that was given. */
static void test_whose_fault(void **state)
{
	static const struct {
		const char *answer, *message;
		enum err_code code;
	} cases[] = {
		{ "", "the daemon ended", ERR_SYS },
		{ "{\"ok\":", "the daemon ended", ERR_SYS },
		{ "{\"ok\":}\n", "the daemon: JSON: ", ERR_SYS },
		{ "{}\n", "the daemon's answer is none", ERR_SYS },
		{ "{\"error\":\"no disk\",\"ours\":true}\n", "no disk", ERR_SYS },
		{ "{\"error\":\"no such job\"}\n", "no such job", ERR_INPUT },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_JSON struct json_object *ok = NULL;
		struct err err = { .code = ERR_NONE };
		struct client *c = NULL;
		pid_t pid = daemon_says(*state, cases[i].answer);
		int status;

		assert_int_equal(client_connect(*state, &c, &err), 1);
		assert_int_equal(client_ask(c, client_op("mark", 0), -1, &ok, &err), -1);
		assert_int_equal(err.code, cases[i].code);
		assert_memory_equal(err.msg, cases[i].message, strlen(cases[i].message));
		client_free(c);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
}

static void test_no_daemon(void **state)
{
	struct err err = { .code = ERR_NONE };
	struct client *c = NULL;

	assert_int_equal(client_connect(*state, &c, &err), 0);
	assert_null(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tmpdir_test(test_whose_fault),
		tmpdir_test(test_no_daemon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
