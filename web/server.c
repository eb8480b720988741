#include "web/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <systemd/sd-event.h>

#include "lib/cleanup.h"
#include "lib/log.h"
#include "lib/str.h"
#include "web/http.h"

#define CONNECTIONS 128
#define CONNECTION_BYTES (32u << 10)
#define IDLE_SECONDS 20

struct server {
	struct site site;
	struct MHD_Daemon *mhd;
	sd_event *event;
	sd_event_source *io, *timer;
};

static void unref_event(sd_event **e)
{
	sd_event_unref(*e);
}

static void server_done(struct server *s)
{
	sd_event_source_unref(s->io);
	sd_event_source_unref(s->timer);
	if (s->mhd)
		MHD_stop_daemon(s->mhd);
	site_done(&s->site);
}

/* Numeric only: an address to listen on is not asked of DNS. */
static int parse_address(const struct web_opts *o, struct sockaddr_storage *ret_sa,
			 socklen_t *ret_len, bool *ret_loopback, struct err *err)
{
	const char *text = o->listen ? o->listen : "127.0.0.1";
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret_sa;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret_sa;

	memset(ret_sa, 0, sizeof(*ret_sa));
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(o->port);
		*ret_len = sizeof(*v4);
		*ret_loopback = ntohl(v4->sin_addr.s_addr) >> 24 == 127;
		return 0;
	}
	if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(o->port);
		*ret_len = sizeof(*v6);
		*ret_loopback = IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
		return 0;
	}
	return err_set(err, ERR_INPUT, "listen address \"%s\": is not numeric", text);
}

static int listen_on(const struct web_opts *o, bool *ret_loopback, int *ret_fd,
		     char **ret_url, struct err *err)
{
	struct sockaddr_storage sa;
	char text[INET6_ADDRSTRLEN];
	AUTO_FD int fd = -1;
	socklen_t len;
	bool v6;

	if (parse_address(o, &sa, &len, ret_loopback, err) < 0)
		return -1;
	v6 = sa.ss_family == AF_INET6;
	fd = socket(sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_sys(err, "socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	if (bind(fd, (struct sockaddr *)&sa, len) < 0 || listen(fd, SOMAXCONN) < 0)
		return err_sys(err, "listen on %s port %d",
			       o->listen ? o->listen : "127.0.0.1", o->port);
	getsockname(fd, (struct sockaddr *)&sa, &len);
	inet_ntop(sa.ss_family,
		  v6 ? (void *)&((struct sockaddr_in6 *)&sa)->sin6_addr :
		       (void *)&((struct sockaddr_in *)&sa)->sin_addr,
		  text, sizeof(text));
	*ret_url = str_printf(v6 ? "http://[%s]:%d/" : "http://%s:%d/", text,
			      ntohs(v6 ? ((struct sockaddr_in6 *)&sa)->sin6_port :
					 ((struct sockaddr_in *)&sa)->sin_port));
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/*
 * Twice: a full server leaves its listening socket out of the epoll set, and
 * looks whether it may take it back before it clears away who has left. Nothing
 * would wake it after the last of them.
 */
static void run(struct server *s)
{
	MHD_run(s->mhd);
	MHD_run(s->mhd);
}

static int on_io(sd_event_source *src, int fd, uint32_t revents, void *arg)
{
	(void)src;
	(void)fd;
	(void)revents;
	run(arg);
	return 0;
}

static int on_timer(sd_event_source *src, uint64_t usec, void *arg)
{
	(void)src;
	(void)usec;
	run(arg);
	return 0;
}

/* Before each wait: MHD says when it wants to run without any event. */
static int on_prepare(sd_event_source *src, void *arg)
{
	struct server *s = arg;
	MHD_UNSIGNED_LONG_LONG ms;
	uint64_t now;

	(void)src;
	if (MHD_get_timeout(s->mhd, &ms) != MHD_YES)
		return sd_event_source_set_enabled(s->timer, SD_EVENT_OFF);
	sd_event_now(s->event, CLOCK_MONOTONIC, &now);
	sd_event_source_set_time(s->timer, now + ms * 1000);
	return sd_event_source_set_enabled(s->timer, SD_EVENT_ONESHOT);
}

static int add_sources(struct server *s, struct err *err)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(s->mhd, MHD_DAEMON_INFO_EPOLL_FD);
	sigset_t set;
	int r;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	r = sd_event_add_signal(s->event, NULL, SIGTERM, NULL, NULL);
	if (r >= 0)
		r = sd_event_add_signal(s->event, NULL, SIGINT, NULL, NULL);
	if (r >= 0)
		r = sd_event_add_time(s->event, &s->timer, CLOCK_MONOTONIC, 0, 0,
				      on_timer, s);
	if (r >= 0)
		r = sd_event_add_io(s->event, &s->io, info->epoll_fd, EPOLLIN, on_io, s);
	if (r >= 0)
		r = sd_event_source_set_prepare(s->io, on_prepare);
	if (r < 0) {
		errno = -r;
		return err_sys(err, "event loop");
	}
	return 0;
}

static void on_mhd_error(void *arg, const char *fmt, va_list ap)
{
	(void)arg;
	(void)fmt;
	(void)ap; /* peers that hang up or send rubbish: nothing to act on */
}

/* No URL of ours has an escape; decoding would only open doors (%00, %2e). */
static size_t keep_escapes(void *arg, struct MHD_Connection *c, char *text)
{
	(void)arg;
	(void)c;
	return strlen(text);
}

static void on_end(void *cls, struct MHD_Connection *c, void **state,
		   enum MHD_RequestTerminationCode how)
{
	(void)cls;
	(void)c;
	(void)how;
	http_end(*state);
}

static int start(struct server *s, int fd, struct err *err)
{
	s->mhd = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_ERROR_LOG, 0, NULL, NULL,
				  http_handle, &s->site, MHD_OPTION_EXTERNAL_LOGGER,
				  on_mhd_error, NULL, MHD_OPTION_UNESCAPE_CALLBACK,
				  keep_escapes, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
				  MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS,
				  MHD_OPTION_CONNECTION_MEMORY_LIMIT,
				  (size_t)CONNECTION_BYTES, MHD_OPTION_CONNECTION_TIMEOUT,
				  IDLE_SECONDS, MHD_OPTION_NOTIFY_COMPLETED, on_end, NULL,
				  MHD_OPTION_END);
	if (!s->mhd)
		return err_set(err, ERR_SYS, "the web server did not start");
	return add_sources(s, err);
}

static int allow_rerun(struct site *s, struct err *err)
{
	if (!s->opts->rerun)
		return 0;
	if (s->loopback)
		return rerun_token(s->token, err);
	log_warn("not on a loopback address: nothing is run again from the pages");
	return 0;
}

int web_serve(const struct web_opts *opts, struct err *err)
{
	AUTO(unref_event) sd_event *event = NULL;
	AUTO(server_done) struct server s = { .mhd = NULL };
	AUTO_FREE char *url = NULL;
	AUTO_FD int fd = -1;
	int r;

	if (site_init(&s.site, opts, err) < 0 ||
	    listen_on(opts, &s.site.loopback, &fd, &url, err) < 0 ||
	    allow_rerun(&s.site, err) < 0)
		return -1;
	if (sd_event_new(&event) < 0)
		return err_set(err, ERR_SYS, "event loop");
	s.event = event;
	if (start(&s, fd, err) < 0)
		return -1;
	fd = -1; /* MHD closes it */
	if (opts->on_ready)
		opts->on_ready(url, opts->arg);
	r = sd_event_loop(event);
	if (r < 0) {
		errno = -r;
		return err_sys(err, "event loop");
	}
	return 0;
}
