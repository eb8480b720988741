/*
 * A small HTTP server on loopback, in processes of its own, that answers as a
 * function says: one connection, one request, and whatever bytes the function
 * writes. What its processes count is seen by the test.
 */
#ifndef SLUICE_TESTS_UNIT_HTTP_FIXTURE_H
#define SLUICE_TESTS_UNIT_HTTP_FIXTURE_H

#include "tests/unit/cm.h"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct http_counts {
	int requests;
	int n[8]; /* the function's own */
	char last[4096];
};

struct http_server {
	pid_t pid;
	int port;
	struct http_counts *counts; /* shared */
};

/* path with its query; request is the whole of it. */
typedef void (*serve_fn)(int fd, const char *path, const char *request,
			 struct http_counts *counts, int port);

static inline void send_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n <= 0)
			_exit(0);
		p += n;
		len -= (size_t)n;
	}
}

static inline void send_text(int fd, const char *text)
{
	send_all(fd, text, strlen(text));
}

/* headers: each with its "\r\n"; "" for none. */
static inline void reply_bytes(int fd, const char *status, const char *headers,
			       const void *body, size_t len)
{
	char *head = str_printf("HTTP/1.1 %s\r\n%sConnection: close\r\n"
				"Content-Length: %zu\r\n\r\n",
				status, headers, len);

	send_text(fd, head);
	free(head);
	send_all(fd, body, len);
}

static inline void reply(int fd, const char *status, const char *headers,
			 const char *body)
{
	reply_bytes(fd, status, headers, body, strlen(body));
}

static inline void serve_one(int fd, serve_fn fn, struct http_server *s)
{
	char buf[8192], path[4096];
	size_t len = 0;

	while (len < sizeof(buf) - 1) {
		ssize_t n = recv(fd, buf + len, sizeof(buf) - 1 - len, 0);

		if (n <= 0)
			_exit(0);
		len += (size_t)n;
		buf[len] = '\0';
		if (strstr(buf, "\r\n\r\n"))
			break;
	}
	if (sscanf(buf, "GET %4095s", path) != 1)
		_exit(0);
	__atomic_add_fetch(&s->counts->requests, 1, __ATOMIC_SEQ_CST);
	snprintf(s->counts->last, sizeof(s->counts->last), "%.4000s", buf);
	fn(fd, path, buf, s->counts, s->port);
	shutdown(fd, SHUT_WR);
	while (recv(fd, buf, sizeof(buf), 0) > 0)
		;
	_exit(0);
}

static inline struct http_server http_serve(serve_fn fn)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(at);
	struct http_server s = { 0 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	/* A proxy of the environment is not asked for loopback. */
	setenv("no_proxy", "127.0.0.1", 1);
	assert_true(fd >= 0 && !bind(fd, (struct sockaddr *)&at, size) &&
		    !listen(fd, 64) && !getsockname(fd, (struct sockaddr *)&at, &size));
	s.port = ntohs(at.sin_port);
	s.counts = mmap(NULL, sizeof(*s.counts), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(s.counts != MAP_FAILED);
	s.pid = fork();
	assert_true(s.pid >= 0);
	if (s.pid) {
		close(fd);
		return s;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int c = accept(fd, NULL, NULL);

		if (c >= 0 && fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			serve_one(c, fn, &s);
		}
		if (c >= 0)
			close(c);
	}
}

static inline void http_stop(struct http_server *s)
{
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	munmap(s->counts, sizeof(*s->counts));
}

static inline char *http_url(const struct http_server *s, const char *path)
{
	return str_printf("http://127.0.0.1:%d%s", s->port, path);
}

#endif
