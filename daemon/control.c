#include "daemon/control.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/log.h"

#define IDLE_US (60 * 1000000ULL)
#define WAITING_MAX (256 * 1024) /* bytes that a client did not read so far */
#define GROUPS_MAX 1024
#define FDS_MAX 8

struct control_client {
	struct control *control;
	int fd, mails;
	sd_event_source *io, *idle;
	struct control_reader in;
	struct str out;
	struct ucred peer;
	int64_t watches; /* a job, 0: none */
	bool busy;       /* being read from: it is freed after that */
	bool dead;
};

struct control {
	sd_event *event;
	int fd;
	char *path;
	gid_t group;
	bool has_group;
	sd_event_source *io;
	control_fn fn;
	void *arg;
	struct control_client *clients[CONTROL_CLIENTS_MAX];
};

/* ---- a client ---- */

static void client_free(struct control_client *cl)
{
	struct control *c = cl->control;

	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		if (c->clients[i] == cl)
			c->clients[i] = NULL;
	sd_event_source_disable_unref(cl->io);
	sd_event_source_disable_unref(cl->idle);
	cleanup_fd(&cl->fd);
	cleanup_fd(&cl->mails);
	control_reader_done(&cl->in);
	str_done(&cl->out);
	free(cl);
}

static void client_drop(struct control_client *cl)
{
	cl->dead = true;
	if (!cl->busy)
		client_free(cl);
}

static int on_idle(sd_event_source *s, uint64_t usec, void *arg)
{
	(void)s;
	(void)usec;
	client_drop(arg);
	return 0;
}

/* Who watches may be silent for hours. */
static void client_touch(struct control_client *cl)
{
	sd_event_source_set_time_relative(cl->idle, IDLE_US);
	sd_event_source_set_enabled(cl->idle,
				    cl->watches ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

/* Writes what it takes; what is left goes when there is room again. */
static void client_flush(struct control_client *cl)
{
	while (cl->out.len && !cl->dead) {
		ssize_t n = send(cl->fd, str_get(&cl->out), cl->out.len,
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			return client_drop(cl);
		if (n < 0)
			break;
		memmove(cl->out.data, cl->out.data + n, cl->out.len - (size_t)n + 1);
		cl->out.len -= (size_t)n;
	}
	if (!cl->dead)
		sd_event_source_set_io_events(cl->io,
					      EPOLLIN | (cl->out.len ? EPOLLOUT : 0));
}

/* o is borrowed. */
static void client_send(struct control_client *cl, struct json_object *o)
{
	if (cl->dead)
		return;
	str_add(&cl->out,
		json_object_to_json_string_ext(
			o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	str_addc(&cl->out, '\n');
	if (cl->out.len > WAITING_MAX)
		return client_drop(cl);
	client_flush(cl);
}

void control_ok(struct control_client *cl, struct json_object *what)
{
	AUTO_JSON struct json_object *o = json_object_new_object();

	json_set(o, "ok", what);
	client_send(cl, o);
}

static bool is_ours(enum err_code code)
{
	return code != ERR_INPUT && code != ERR_LIMIT;
}

void control_error(struct control_client *cl, enum err_code code, const char *fmt, ...)
{
	AUTO_JSON struct json_object *o = json_object_new_object();
	char msg[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	json_set_str(o, "error", msg);
	if (is_ours(code))
		json_set_bool(o, "ours", true);
	client_send(cl, o);
}

const struct ucred *control_peer(const struct control_client *cl)
{
	return &cl->peer;
}

int control_mails(const struct control_client *cl)
{
	return cl->mails;
}

void control_watch(struct control_client *cl, int64_t job)
{
	cl->watches = job;
	if (!cl->dead)
		client_touch(cl);
}

void control_tell(struct control *c, int64_t job, struct json_object *event, bool last)
{
	AUTO_JSON struct json_object *o = json_object_new_object();

	json_set(o, "event", json_object_get(event));
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		struct control_client *cl = c->clients[i];

		if (!cl || cl->watches != job || cl->dead)
			continue;
		if (last)
			control_watch(cl, 0);
		client_send(cl, o);
	}
}

/* ---- reading ---- */

static bool on_line(const char *line, size_t len, void *arg)
{
	struct control_client *cl = arg;
	struct control_request r;
	struct err err = { 0 };

	if (control_parse(line, len, &r, &err) < 0) {
		control_error(cl, err.code, "%s", err.msg);
	} else {
		cl->control->fn(cl, &r, cl->control->arg);
		control_request_done(&r);
	}
	cleanup_fd(&cl->mails);
	cl->mails = -1;
	return !cl->dead;
}

/* One descriptor is kept, the newest; more are a mistake of the other side. */
static void take_fds(struct control_client *cl, struct msghdr *msg)
{
	for (struct cmsghdr *h = CMSG_FIRSTHDR(msg); h; h = CMSG_NXTHDR(msg, h)) {
		size_t n;

		if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
			continue;
		n = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			cleanup_fd(&cl->mails);
			memcpy(&cl->mails, CMSG_DATA(h) + i * sizeof(int), sizeof(int));
		}
	}
}

/* False when the client is gone. */
static bool client_read(struct control_client *cl)
{
	char buf[16 * 1024];
	union {
		char space[CMSG_SPACE(FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} u;
	struct iovec iov = { .iov_base = buf, .iov_len = sizeof(buf) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = u.space,
			      .msg_controllen = sizeof(u.space) };
	struct err err = { 0 };
	ssize_t n = recvmsg(cl->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	take_fds(cl, &msg);
	if (n == 0)
		return false;
	if (control_feed(&cl->in, buf, (size_t)n, on_line, cl, &err) == 0)
		return true;
	control_error(cl, err.code, "%s", err.msg);
	return false;
}

static int on_client(sd_event_source *s, int fd, uint32_t events, void *arg)
{
	struct control_client *cl = arg;

	(void)s;
	(void)fd;
	cl->busy = true;
	if (events & EPOLLOUT)
		client_flush(cl);
	if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) && !cl->dead) {
		if (client_read(cl))
			client_touch(cl);
		else
			cl->dead = true;
	}
	cl->busy = false;
	if (cl->dead)
		client_free(cl);
	return 0;
}

/* ---- who may ---- */

static bool in_group(int fd, const struct ucred *peer, gid_t group)
{
	gid_t groups[GROUPS_MAX];
	socklen_t len = sizeof(groups);

	if (peer->gid == group)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) < 0)
		return false;
	for (size_t i = 0; i < len / sizeof(*groups); i++)
		if (groups[i] == group)
			return true;
	return false;
}

static bool may_connect(const struct control *c, int fd, struct ucred *ret_peer)
{
	socklen_t len = sizeof(*ret_peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, ret_peer, &len) < 0)
		return false;
	return ret_peer->uid == geteuid() || ret_peer->uid == 0 ||
	       (c->has_group && in_group(fd, ret_peer, c->group));
}

/* Before there is a client: one line, if the socket takes it. */
static void turn_away(int fd, const char *why)
{
	char line[128];
	int n = snprintf(line, sizeof(line), "{\"error\":\"%s\",\"ours\":true}\n", why);

	if (send(fd, line, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		log_debug("a client was turned away and did not hear it");
}

static void client_new(struct control *c, int fd, const struct ucred *peer, size_t slot)
{
	struct control_client *cl = mem_alloc0(sizeof(*cl));

	cl->control = c;
	cl->fd = fd;
	cl->mails = -1;
	cl->peer = *peer;
	c->clients[slot] = cl;
	if (sd_event_add_io(c->event, &cl->io, fd, EPOLLIN, on_client, cl) < 0 ||
	    sd_event_add_time_relative(c->event, &cl->idle, CLOCK_MONOTONIC, IDLE_US, 0,
				       on_idle, cl) < 0)
		client_free(cl);
}

/* A free place, or where it is one too many; *ret_of_user: that many are its own. */
static size_t find_slot(const struct control *c, uid_t uid, size_t *ret_of_user)
{
	size_t slot = CONTROL_CLIENTS_MAX;

	*ret_of_user = 0;
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		if (!c->clients[i])
			slot = i;
		else if (c->clients[i]->peer.uid == uid)
			++*ret_of_user;
	}
	return slot;
}

static int on_connect(sd_event_source *s, int fd, uint32_t events, void *arg)
{
	struct control *c = arg;
	AUTO_FD int peer_fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct ucred peer;
	size_t slot, of_user;

	(void)s;
	(void)events;
	if (peer_fd < 0)
		return 0;
	if (!may_connect(c, peer_fd, &peer)) {
		turn_away(peer_fd, "you are neither the daemon's user nor in its group "
				   "(config: daemon.group)");
		return 0;
	}
	slot = find_slot(c, peer.uid, &of_user);
	if (of_user >= CONTROL_CLIENTS_USER)
		turn_away(peer_fd, "too many clients of yours");
	else if (slot == CONTROL_CLIENTS_MAX)
		turn_away(peer_fd, "too many clients");
	else
		client_new(c, TAKE_FD(peer_fd), &peer, slot);
	return 0;
}

/* ---- the socket ---- */

int control_set_group(struct control *c, const char *group, struct err *err)
{
	struct group *g = NULL;
	gid_t gid = getegid();

	if (*group) {
		g = getgrnam(group);
		if (!g)
			return err_set(err, ERR_MISSING,
				       "there is no group \"%s\" (config: daemon.group)",
				       group);
		gid = g->gr_gid;
	}
	if (lchown(c->path, (uid_t)-1, gid) < 0 || chmod(c->path, 0660) < 0)
		return err_sys(err, "%s: give it to group %s", c->path,
			       *group ? group : "of our own");
	c->has_group = g != NULL;
	c->group = gid;
	return 0;
}

/* By way of /proc, since a path may be longer than a socket's address. */
static int control_bind(struct control *c, const char *state_dir, struct err *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	AUTO_FD int dir = open(state_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return err_sys(err, "open %s", state_dir);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/%s", dir,
		 CONTROL_SOCKET);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* Nobody else listens there: we hold the state's lock. */
	if (unlink(c->path) < 0 && errno != ENOENT)
		return err_sys(err, "remove %s", c->path);
	if (c->fd < 0 || bind(c->fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return err_sys(err, "make %s", c->path);
	return 0;
}

int control_new(sd_event *event, const char *state_dir, const char *group, control_fn fn,
		void *arg, struct control **ret_control, struct err *err)
{
	struct control *c = mem_alloc0(sizeof(*c));

	c->event = sd_event_ref(event);
	c->fd = -1;
	c->path = path_join(state_dir, CONTROL_SOCKET, NULL);
	c->fn = fn;
	c->arg = arg;
	if (control_bind(c, state_dir, err) < 0 || control_set_group(c, group, err) < 0) {
		control_free(c);
		return -1;
	}
	if (listen(c->fd, CONTROL_CLIENTS_MAX) < 0 ||
	    sd_event_add_io(event, &c->io, c->fd, EPOLLIN, on_connect, c) < 0) {
		err_sys(err, "listen on %s", c->path);
		control_free(c);
		return -1;
	}
	*ret_control = c;
	return 0;
}

void control_free(struct control *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		if (c->clients[i])
			client_free(c->clients[i]);
	sd_event_source_disable_unref(c->io);
	if (c->fd >= 0)
		unlink(c->path);
	cleanup_fd(&c->fd);
	sd_event_unref(c->event);
	free(c->path);
	free(c);
}
