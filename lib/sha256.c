#include "lib/sha256.h"

#include <fcntl.h>
#include <glib.h>
#include <string.h>

#include "lib/cleanup.h"

struct sha256 {
	GChecksum *sum;
};

struct sha256 *sha256_new(void)
{
	struct sha256 *h = g_new0(struct sha256, 1);

	h->sum = g_checksum_new(G_CHECKSUM_SHA256);
	return h;
}

void sha256_free(struct sha256 *h)
{
	if (!h)
		return;
	g_checksum_free(h->sum);
	g_free(h);
}

void sha256_add(struct sha256 *h, const void *data, size_t len)
{
	g_checksum_update(h->sum, data, (gssize)len);
}

void sha256_add_str(struct sha256 *h, const char *text)
{
	sha256_add(h, text, strlen(text) + 1);
}

void sha256_hex(struct sha256 *h, char ret_hex[SHA256_HEX])
{
	memcpy(ret_hex, g_checksum_get_string(h->sum), SHA256_HEX);
}

void sha256_of(const void *data, size_t len, char ret_hex[SHA256_HEX])
{
	struct sha256 *h = sha256_new();

	sha256_add(h, data, len);
	sha256_hex(h, ret_hex);
	sha256_free(h);
}

int sha256_of_file(const char *path, char ret_hex[SHA256_HEX], struct err *err)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	AUTO_FREE char *buf = NULL;
	struct sha256 *h;
	ssize_t n;

	if (fd < 0)
		return err_sys(err, "open %s", path);
	buf = g_malloc(65536);
	h = sha256_new();
	while ((n = read(fd, buf, 65536)) > 0)
		sha256_add(h, buf, (size_t)n);
	if (n < 0) {
		sha256_free(h);
		return err_sys(err, "read %s", path);
	}
	sha256_hex(h, ret_hex);
	sha256_free(h);
	return 0;
}
