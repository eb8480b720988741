#include "common/sysfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int sysfile_read(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	buf[0] = '\0';
	if (fd < 0)
		return -errno;
	while (len < size - 1) {
		n = read(fd, buf + len, size - 1 - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	close(fd);
	if (len && buf[len - 1] == '\n')
		len--;
	buf[len] = '\0';
	return (int)len;
}

long long sysfile_number(const char *path, long long def)
{
	char buf[64], *end;
	long long n;

	if (sysfile_read(path, buf, sizeof(buf)) <= 0)
		return def;
	n = strtoll(buf, &end, 10);
	return end == buf ? def : n;
}

long long sysfile_field(const char *path, const char *label, long long def)
{
	char line[256];
	FILE *f = fopen(path, "re");

	if (!f)
		return def;
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, label, strlen(label)) == 0) {
			def = strtoll(line + strlen(label), NULL, 10);
			break;
		}
	}
	fclose(f);
	return def;
}

int sysfile_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;
	int ret = 0;

	if (fd < 0)
		return -errno;
	do {
		n = write(fd, text, strlen(text));
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		ret = -errno;
	close(fd);
	return ret;
}

int sysfile_write_number(const char *path, long long n)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld\n", n);
	return sysfile_write(path, text);
}

uint64_t sysfile_list_parse(const char *text)
{
	uint64_t mask = 0;
	unsigned long from, to;
	char *end;

	while (*text >= '0' && *text <= '9') {
		from = to = strtoul(text, &end, 10);
		if (*end == '-')
			to = strtoul(end + 1, &end, 10);
		for (; from <= to && from < 64; from++)
			mask |= UINT64_C(1) << from;
		text = *end == ',' ? end + 1 : end;
	}
	return mask;
}

uint64_t sysfile_list(const char *path)
{
	char buf[512];

	if (sysfile_read(path, buf, sizeof(buf)) <= 0)
		return 0;
	return sysfile_list_parse(buf);
}
