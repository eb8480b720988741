#include "cli/client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/control.h"
#include "lib/log.h"

#define ANSWER_MS 30000

struct client {
	int fd;
	struct str in; /* bytes that were read and not given away yet */
};

/* A daemon that hangs takes neither a connection nor a line: no wait without end. */
static void set_patience(int fd)
{
	const struct timeval tv = { .tv_sec = ANSWER_MS / 1000 };

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
}

int client_connect(const char *state_dir, struct client **ret_client, struct err *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	AUTO_FD int dir = open(state_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	AUTO_FD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct client *c;

	if (dir < 0)
		return 0;
	snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/%s", dir,
		 CONTROL_SOCKET);
	if (fd < 0)
		return err_sys(err, "socket");
	set_patience(fd);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		if (errno == ENOENT || errno == ECONNREFUSED)
			return 0;
		if (errno == EAGAIN)
			return err_set(err, ERR_BUSY, "the daemon does not answer");
		return err_sys(err, "%s/%s: the daemon may not be asked", state_dir,
			       CONTROL_SOCKET);
	}
	c = mem_alloc0(sizeof(*c));
	c->fd = TAKE_FD(fd);
	*ret_client = c;
	return 1;
}

void client_free(struct client *c)
{
	if (!c)
		return;
	close(c->fd);
	str_done(&c->in);
	free(c);
}

int client_open(struct context *cx, const struct cmd_common *common,
		struct client **ret_client)
{
	struct err err = { 0 };
	int rc = context_config(cx, common);
	int found;

	if (rc != EXIT_OK)
		return rc;
	found = client_connect(cx->dir, ret_client, &err);
	if (found == 0)
		err_set(&err, ERR_MISSING,
			"no daemon runs on %s; \"sluice daemon\" is one", cx->dir);
	if (found <= 0) {
		log_error("%s", err.msg);
		return EXIT_INFRA;
	}
	return context_open_read(cx);
}

int client_or_writer(struct context *cx, const struct cmd_common *common,
		     const char *command, struct client **ret_client)
{
	int rc = context_config(cx, common);
	int found;

	if (rc != EXIT_OK)
		return rc;
	found = client_connect(cx->dir, ret_client, &cx->why);
	if (found < 0) {
		log_error("%s", cx->why.msg);
		return EXIT_INFRA;
	}
	return found ? context_open_read(cx) : context_open_write(cx, command);
}

/* All of it; the descriptor goes with the first byte. */
static int send_all(int fd, const char *data, size_t len, int pass)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} u = { .space = { 0 } };

	while (len) {
		struct iovec iov = { .iov_base = (char *)data, .iov_len = len };
		struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
		ssize_t n;

		if (pass >= 0) {
			struct cmsghdr *h;

			msg.msg_control = u.space;
			msg.msg_controllen = sizeof(u.space);
			h = CMSG_FIRSTHDR(&msg);
			h->cmsg_level = SOL_SOCKET;
			h->cmsg_type = SCM_RIGHTS;
			h->cmsg_len = CMSG_LEN(sizeof(int));
			memcpy(CMSG_DATA(h), &pass, sizeof(int));
		}
		n = sendmsg(fd, &msg, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		pass = -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

int client_send(struct client *c, struct json_object *what, int fd, struct err *err)
{
	AUTO(str_done) struct str line = STR_INIT;

	str_add(&line,
		json_object_to_json_string_ext(
			what, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	str_addc(&line, '\n');
	json_object_put(what);
	if (line.len > CONTROL_LINE_MAX)
		return err_set(err, ERR_LIMIT, "a request of more than %d bytes",
			       CONTROL_LINE_MAX);
	if (send_all(c->fd, str_get(&line), line.len, fd) < 0)
		return err_sys(err, "the daemon does not listen");
	return 0;
}

/* 1 and a line taken out of what was read, 0 when there is none yet. */
static int take_line(struct client *c, struct json_object **ret, struct err *err)
{
	const char *data = str_get(&c->in);
	const char *nl = memchr(data, '\n', c->in.len);
	size_t len = nl ? (size_t)(nl - data) : 0;
	int rc;

	if (!nl)
		return 0;
	rc = json_parse(data, len, ret, err);
	memmove(c->in.data, c->in.data + len + 1, c->in.len - len);
	c->in.len -= len + 1;
	if (rc == 0)
		return 1;
	/* Whoever asked is not to blame for what the daemon says. */
	if (err)
		err->code = ERR_SYS;
	return err_prefix(err, "the daemon");
}

int client_read(struct client *c, int ms, int signals, struct json_object **ret,
		struct err *err)
{
	char buf[16 * 1024];

	for (;;) {
		struct pollfd fds[] = { { .fd = c->fd, .events = POLLIN },
					{ .fd = signals, .events = POLLIN } };
		int r = take_line(c, ret, err);
		ssize_t n;

		if (r != 0)
			return r;
		r = poll(fds, 2, ms);
		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0 || fds[1].revents)
			return r < 0 ? err_sys(err, "poll") : 0;
		n = read(c->fd, buf, sizeof(buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_set(err, ERR_SYS, "the daemon ended");
		str_addn(&c->in, buf, (size_t)n);
	}
}

int client_ask(struct client *c, struct json_object *what, int fd,
	       struct json_object **ret_ok, struct err *err)
{
	AUTO_JSON struct json_object *answer = NULL;
	const char *why;
	int r;

	if (client_send(c, what, fd, err) < 0) {
		/* It may have said why before it hung up. */
		if (client_read(c, 0, -1, &answer, NULL) != 1)
			return -1;
	} else {
		r = client_read(c, ANSWER_MS, -1, &answer, err);
		if (r == 0)
			return err_set(err, ERR_BUSY, "the daemon does not answer");
		if (r < 0)
			return -1;
	}
	why = json_str(answer, "error", NULL);
	if (why)
		return err_set(err,
			       json_flag(answer, "ours", false) ? ERR_SYS : ERR_INPUT,
			       "%s", why);
	*ret_ok = json_object_get(json_obj(answer, "ok"));
	if (!*ret_ok)
		return err_set(err, ERR_SYS, "the daemon's answer is none");
	return 0;
}

struct json_object *client_op(const char *op, int64_t job)
{
	struct json_object *o = json_object_new_object();

	json_set_str(o, "op", op);
	if (job)
		json_set_int(o, "job", job);
	return o;
}
