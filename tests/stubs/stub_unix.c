/*
 * stub_unix SOCKET: sends standard input there, and prints what comes back until
 * the other side is silent for a second, or hangs up.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char buf[65536];
	size_t len;
	ssize_t n;

	if (argc != 2)
		return 99;
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", argv[1]);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		perror(argv[1]);
		return 1;
	}
	len = fread(buf, 1, sizeof(buf), stdin);
	if (send(fd, buf, len, MSG_NOSIGNAL) != (ssize_t)len)
		return 1;
	while (poll(&p, 1, 1000) > 0 && (n = read(fd, buf, sizeof(buf))) > 0)
		if (fwrite(buf, 1, (size_t)n, stdout) != (size_t)n)
			return 1;
	return 0;
}
