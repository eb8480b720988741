/* The control socket with real clients; the daemon's side runs between their steps. */
#include "tests/unit/cm.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/control.h"
#include "daemon/mails.h"

#define NOBODY 65534

struct world {
	char *dir;
	sd_event *event;
	struct control *control;
	int requests;
	char *mails; /* what came along last */
	struct err err;
};

/* Answers with the op; "watch" watches. */
static void on_request(struct control_client *cl, struct control_request *r, void *arg)
{
	struct world *w = arg;
	struct json_object *o = json_object_new_object();
	size_t len;

	w->requests++;
	json_set_int(o, "op", (int)r->op);
	json_set_int(o, "uid", control_peer(cl)->uid);
	if (control_mails(cl) >= 0)
		mails_from_fd(control_mails(cl), 100, &w->mails, &len, NULL);
	if (r->op == CONTROL_WATCH)
		control_watch(cl, r->job);
	if (r->op == CONTROL_PAUSE)
		control_error(cl, ERR_SYS, "not %s", "now");
	else
		control_ok(cl, json_object_get(o));
	json_object_put(o);
}

static int setup(void **state)
{
	static struct world w;

	memset(&w, 0, sizeof(w));
	if (tmpdir_setup((void **)&w.dir) < 0 || chmod(w.dir, 0755) < 0)
		return -1;
	sd_event_new(&w.event);
	if (control_new(w.event, w.dir, "", on_request, &w, &w.control, &w.err) < 0)
		return -1;
	*state = &w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	void *dir = w->dir;

	control_free(w->control);
	sd_event_unref(w->event);
	free(w->mails);
	return tmpdir_teardown(&dir);
}

/* Until nothing is left to do. */
static void pump(struct world *w)
{
	while (sd_event_run(w->event, 20000) > 0)
		;
}

static int client(struct world *w)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/control", w->dir);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	pump(w);
	return fd;
}

static void say(struct world *w, int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	pump(w);
}

/* What came; "(closed)" at the end. */
static const char *heard(int fd)
{
	static char buf[4096];
	ssize_t n = recv(fd, buf, sizeof(buf) - 1, MSG_DONTWAIT);

	if (n == 0)
		return "(closed)";
	if (n < 0)
		return "(nothing)";
	buf[n] = '\0';
	return buf;
}

static void requests_are_answered(void **state)
{
	struct world *w = *state;
	AUTO_FREE char *want = str_printf("{\"ok\":{\"op\":%d,\"uid\":%u}}\n",
					  CONTROL_STATUS, (unsigned int)getuid());
	int fd = client(w);

	say(w, fd, "{\"op\":\"sta");
	assert_string_equal(heard(fd), "(nothing)");
	say(w, fd, "tus\"}\n");
	assert_string_equal(heard(fd), want);
	say(w, fd, "{\"op\":\"pause\",\"what\":\"all\"}\n");
	assert_string_equal(heard(fd), "{\"error\":\"not now\",\"ours\":true}\n");
	say(w, fd, "rubbish\n");
	assert_true(str_starts(heard(fd), "{\"error\":"));
	/* A mistake is answered, and forgiven. */
	say(w, fd, "{\"op\":\"resume\"}\n");
	assert_true(str_starts(heard(fd), "{\"ok\":"));
	assert_int_equal(w->requests, 3);
	close(fd);
	pump(w);
}

static void who_watches_hears_of_the_job(void **state)
{
	struct world *w = *state;
	struct json_object *o = json_object_new_object();
	int a = client(w), b = client(w);

	say(w, a, "{\"op\":\"watch\",\"job\":7}\n");
	say(w, b, "{\"op\":\"watch\",\"job\":8}\n");
	heard(a);
	heard(b);
	json_set_str(o, "kind", "x");
	control_tell(w->control, 7, o, false);
	assert_string_equal(heard(a), "{\"event\":{\"kind\":\"x\"}}\n");
	assert_string_equal(heard(b), "(nothing)");
	control_tell(w->control, 7, o, true);
	assert_string_equal(heard(a), "{\"event\":{\"kind\":\"x\"}}\n");
	control_tell(w->control, 7, o, false);
	assert_string_equal(heard(a), "(nothing)");
	json_object_put(o);
	close(a);
	close(b);
	pump(w);
}

static void a_long_line_costs_the_connection(void **state)
{
	struct world *w = *state;
	AUTO_FREE char *text = mem_alloc0(CONTROL_LINE_MAX + 2);
	int fd = client(w), other = client(w);

	memset(text, 'x', CONTROL_LINE_MAX + 1);
	say(w, fd, text);
	assert_true(str_starts(heard(fd), "{\"error\":\"a line of more than"));
	assert_string_equal(heard(fd), "(closed)");
	say(w, other, "{\"op\":\"status\"}\n");
	assert_true(str_starts(heard(other), "{\"ok\":"));
	close(fd);
	close(other);
	pump(w);
}

/* Who does not read is dropped, and costs no more than a MiB until then. */
static void a_client_that_does_not_read_is_dropped(void **state)
{
	struct world *w = *state;
	struct json_object *o = json_object_new_object();
	AUTO_FREE char *text = mem_alloc0(10001);
	int fd = client(w);
	ssize_t all = 0, n;
	char buf[65536];

	memset(text, 'y', 10000);
	json_set_str(o, "text", text);
	say(w, fd, "{\"op\":\"watch\",\"job\":7}\n");
	for (int i = 0; i < 1000; i++)
		control_tell(w->control, 7, o, false);
	pump(w);
	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0)
		all += n;
	assert_int_equal(n, 0);
	assert_true(all < 5000000);
	json_object_put(o);
	close(fd);
}

/* As another user: 0 it was answered, 1 it was turned away, 2 it could not connect. */
static int as_other(struct world *w, gid_t gid, bool supplementary)
{
	int status, p[2];
	pid_t pid;

	assert_int_equal(pipe(p), 0);
	pid = fork();
	if (pid == 0) {
		struct sockaddr_un addr = { .sun_family = AF_UNIX };
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);
		char buf[512];
		ssize_t n;

		snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/control", w->dir);
		close(p[0]);
		if (setgroups(supplementary ? 1 : 0, &gid) < 0 ||
		    setgid(supplementary ? 54321 : gid) < 0 || setuid(NOBODY) < 0)
			_exit(9);
		if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
			_exit(2);
		n = send(fd, "{\"op\":\"status\"}\n", 16, MSG_NOSIGNAL);
		n = recv(fd, buf, sizeof(buf) - 1, 0);
		buf[n > 0 ? n : 0] = '\0';
		_exit(strstr(buf, "\"ok\"") ? 0 : 1);
	}
	close(p[1]);
	while (waitpid(pid, &status, WNOHANG) == 0)
		sd_event_run(w->event, 10000);
	close(p[0]);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void too_many_are_turned_away(void **state)
{
	struct world *w = *state;
	int fds[CONTROL_CLIENTS_USER + 1];

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = client(w);
	assert_string_equal(heard(fds[CONTROL_CLIENTS_USER]),
			    "{\"error\":\"too many clients of yours\",\"ours\":true}\n");
	assert_string_equal(heard(fds[CONTROL_CLIENTS_USER]), "(closed)");
	close(fds[0]);
	close(fds[CONTROL_CLIENTS_USER]);
	pump(w);
	fds[0] = client(w);
	say(w, fds[0], "{\"op\":\"status\"}\n");
	assert_true(str_starts(heard(fds[0]), "{\"ok\":"));
	/* Others are not kept out by that. */
	if (geteuid() == 0) {
		assert_int_equal(control_set_group(w->control, "nogroup", &w->err), 0);
		assert_int_equal(as_other(w, getgrnam("nogroup")->gr_gid, false), 0);
	}
	for (size_t i = 0; i < CONTROL_CLIENTS_USER; i++)
		close(fds[i]);
	pump(w);
}

static void mails_come_as_a_descriptor(void **state)
{
	struct world *w = *state;
	char text[] = "{\"op\":\"status\"}\n";
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} u = { .space = { 0 } };
	struct iovec iov = { .iov_base = text, .iov_len = strlen(text) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = u.space,
			      .msg_controllen = sizeof(u.space) };
	struct cmsghdr *h = CMSG_FIRSTHDR(&msg);
	int mails = mails_to_fd("hello", 5, &w->err), fd = client(w);

	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(h), &mails, sizeof(int));
	assert_int_equal(sendmsg(fd, &msg, 0), strlen(text));
	pump(w);
	assert_string_equal(w->mails, "hello");
	free(w->mails);
	w->mails = NULL;
	/* It came along with that request, and with no other. */
	say(w, fd, text);
	assert_null(w->mails);
	close(mails);
	close(fd);
	pump(w);
}

static void only_who_may_is_heard(void **state)
{
	struct world *w = *state;
	AUTO_FREE char *path = path_join(w->dir, "control", NULL);
	struct stat st;

	if (geteuid() != 0)
		skip();
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	/* The file's mode keeps them out; and if it did not, the daemon would. */
	assert_int_equal(as_other(w, NOBODY, false), 2);
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(as_other(w, NOBODY, false), 1);
	assert_int_equal(w->requests, 0);
	assert_int_equal(control_set_group(w->control, "nogroup", &w->err), 0);
	assert_int_equal(as_other(w, getgrnam("nogroup")->gr_gid, false), 0);
	assert_int_equal(as_other(w, getgrnam("nogroup")->gr_gid, true), 0);
	assert_int_equal(w->requests, 2);
	assert_int_equal(as_other(w, 54321, false), 2);
	assert_int_equal(as_other(w, 54321, true), 2);
	assert_int_equal(control_set_group(w->control, "no such group", &w->err), -1);
	assert_int_equal(w->err.code, ERR_MISSING);
	assert_int_equal(control_set_group(w->control, "", &w->err), 0);
	assert_int_equal(as_other(w, getgrnam("nogroup")->gr_gid, false), 2);
}

static void the_path_may_be_long(void **state)
{
	struct world *w = *state;
	AUTO_FREE char *deep = path_join(
		w->dir,
		"a-folder-with-a-name-that-is-much-longer-than-a-socket-address-can-hold",
		"a-folder-with-a-name-that-is-much-longer-than-a-socket-address-can-hold",
		NULL);
	AUTO_FREE char *path = path_join(deep, "control", NULL);
	struct control *c = NULL;
	struct stat st;

	assert_int_equal(dir_make(deep, 0755, &w->err), 0);
	assert_int_equal(control_new(w->event, deep, "", on_request, w, &c, &w->err), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	control_free(c);
	assert_int_equal(stat(path, &st), -1);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(requests_are_answered),
		T(who_watches_hears_of_the_job),
		T(a_long_line_costs_the_connection),
		T(a_client_that_does_not_read_is_dropped),
		T(too_many_are_turned_away),
		T(mails_come_as_a_descriptor),
		T(only_who_may_is_heard),
		T(the_path_may_be_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
