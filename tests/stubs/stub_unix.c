/*
 * stub_unix SOCKET PATTERN: sends standard input there, and prints the lines that come
 * back, up to the first one with PATTERN in it. Gives up when the other side hangs up, or
 * is silent for SILENCE_S.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define SILENCE_S 15

/* Status 0 when the pattern came. */
static int print_until(FILE *from, const char *pattern)
{
	char *line = NULL;
	size_t size = 0;
	int rc = 1;

	while (rc && getline(&line, &size, from) > 0) {
		fputs(line, stdout);
		if (strstr(line, pattern))
			rc = 0;
	}
	free(line);
	return rc;
}

int main(int argc, char **argv)
{
	struct timeval silence = { .tv_sec = SILENCE_S };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char buf[65536];
	FILE *from;
	size_t len;

	if (argc != 3)
		return 99;
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", argv[1]);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		perror(argv[1]);
		return 1;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof(silence));
	len = fread(buf, 1, sizeof(buf), stdin);
	if (send(fd, buf, len, MSG_NOSIGNAL) != (ssize_t)len)
		return 1;
	from = fdopen(fd, "r");
	return from ? print_until(from, argv[2]) : 1;
}
