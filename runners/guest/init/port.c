#include "init/port.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static struct {
	int fd;
	const char *path; /* not for a plain one */
	bool plain;       /* payloads only, for a person */
	char nonce[PORT_NONCE_MAX + 1];
	unsigned long seq;
} port = { .fd = -1 };

uint32_t crc32_of(const void *data, size_t len)
{
	const unsigned char *p = data;
	uint32_t crc = 0xffffffff;
	int bit;

	while (len--) {
		crc ^= *p++;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

static int port_raw(void)
{
	struct termios t;

	if (tcgetattr(port.fd, &t) < 0)
		return -errno;
	cfmakeraw(&t);
	t.c_cflag |= CLOCAL | CREAD;
	t.c_cflag &= ~(tcflag_t)CRTSCTS;
	cfsetspeed(&t, B115200);
	return tcsetattr(port.fd, TCSANOW, &t) < 0 ? -errno : 0;
}

int port_open(const char *path)
{
	port.path = path;
	port.fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	return port.fd < 0 ? -errno : port_raw();
}

/* A session that had it as its terminal ended: our descriptor is dead. */
static bool port_again(void)
{
	if (port.plain)
		return false;
	close(port.fd);
	return port_open(port.path) == 0;
}

void port_mend(void)
{
	if (port.fd < 0 || port.plain)
		return;
	tcflow(port.fd, TCOON);
	if (port_raw() < 0)
		port_again();
}

void port_open_plain(const char *path)
{
	port.fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
	port.plain = true;
}

void port_set_nonce(const char *nonce)
{
	snprintf(port.nonce, sizeof(port.nonce), "%s", nonce);
	port.seq = 0;
}

const char *port_nonce(void)
{
	return port.nonce;
}

void port_write(const void *data, size_t len)
{
	const char *p = data;
	bool again = false;
	ssize_t n;

	while (port.fd >= 0 && len) {
		n = write(port.fd, p, len);
		if (n < 0 && errno == EIO && !again) {
			again = port_again();
			if (!again)
				return;
		} else if (n < 0 && errno != EINTR && errno != EAGAIN) {
			return;
		}
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
}

size_t port_read(void *buf, size_t size, int timeout_ms)
{
	struct pollfd pfd = { .fd = port.fd, .events = POLLIN };
	ssize_t n;

	if (poll(&pfd, 1, timeout_ms) <= 0 || !(pfd.revents & POLLIN))
		return 0;
	n = read(port.fd, buf, size);
	return n > 0 ? (size_t)n : 0;
}

void port_frame_bytes(const char *payload, size_t len)
{
	/* In one write, which the line discipline does not take apart, and on a
	 * line of its own whatever a test wrote before it. */
	static char line[PORT_NONCE_MAX + PORT_PAYLOAD_MAX + 64];
	int head;

	if (len > PORT_PAYLOAD_MAX)
		len = PORT_PAYLOAD_MAX;
	if (port.plain) {
		port_write("sluice: ", 8);
		port_write(payload, len);
		port_write("\n", 1);
		return;
	}
	head = snprintf(line, sizeof(line), "\n@%s %lu %zu %08x ", port.nonce, port.seq++,
			len, crc32_of(payload, len));
	memcpy(line + head, payload, len);
	line[head + (int)len] = '\n';
	port_write(line, (size_t)head + len + 1);
}

void port_frame(const char *fmt, ...)
{
	char payload[PORT_PAYLOAD_MAX + 1];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(payload, sizeof(payload), fmt, ap);
	va_end(ap);
	if (n > 0)
		port_frame_bytes(payload, strnlen(payload, sizeof(payload)));
}

void port_drain(void)
{
	if (port.fd >= 0)
		tcdrain(port.fd);
}
