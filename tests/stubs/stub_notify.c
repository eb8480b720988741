/*
 * stub_notify SOCKET COMMAND...: is systemd to a service. Runs the command with
 * NOTIFY_SOCKET set, and a watchdog of two seconds, and prints what the command
 * tells, a line each. Ends when the command does, with its status; with 96 when it
 * was silent for longer than the watchdog allows, and OVERDUE_S for a busy machine.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OVERDUE_S 8

static int bind_socket(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		perror(path);
		exit(99);
	}
	return fd;
}

static time_t now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/* Prints what came, and keeps the time of the last ping in *last; 0: not watched. */
static void told(const char *text, time_t *last)
{
	puts(text);
	fflush(stdout);
	if (strstr(text, "STOPPING=1"))
		*last = 0;
	else if (strstr(text, "WATCHDOG=1") || strstr(text, "READY=1"))
		*last = now_s();
}

int main(int argc, char **argv)
{
	char buf[4096];
	struct pollfd p = { .events = POLLIN };
	int status = 0, late = 0;
	time_t last = 0;
	pid_t pid;

	if (argc < 3)
		return 99;
	p.fd = bind_socket(argv[1]);
	pid = fork();
	if (pid == 0) {
		char self[32];

		snprintf(self, sizeof(self), "%d", (int)getpid());
		setenv("NOTIFY_SOCKET", argv[1], 1);
		setenv("WATCHDOG_USEC", "2000000", 1);
		setenv("WATCHDOG_PID", self, 1);
		execv(argv[2], argv + 2);
		_exit(98);
	}
	printf("MAINPID=%d\n", (int)pid);
	while (poll(&p, 1, 100) > 0 || waitpid(pid, &status, WNOHANG) == 0) {
		ssize_t n = recv(p.fd, buf, sizeof(buf) - 1, MSG_DONTWAIT);

		if (n > 0) {
			buf[n] = '\0';
			told(buf, &last);
		} else if (last && now_s() - last > OVERDUE_S) {
			printf("# no WATCHDOG=1 for %d s\n", OVERDUE_S);
			fflush(stdout);
			late = 1;
			last = 0;
		}
	}
	if (late)
		return 96;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 97;
}
