#include "lib/gunzip.h"

#include <stdbool.h>
#include <string.h>
#include <zlib.h>

#include "lib/cleanup.h"

enum { CHUNK = 64 << 10, WINDOW_GZIP = 15 + 16 };

struct gunzip {
	z_stream z;
	size_t max;
	unsigned long long in, out;
	bool ended;
	gunzip_fn fn;
	void *arg;
};

struct gunzip *gunzip_new(size_t max, gunzip_fn fn, void *arg)
{
	struct gunzip *g = mem_alloc0(sizeof(*g));

	g->max = max;
	g->fn = fn;
	g->arg = arg;
	if (inflateInit2(&g->z, WINDOW_GZIP) != Z_OK)
		abort(); /* out of memory */
	return g;
}

void gunzip_free(struct gunzip *g)
{
	if (!g)
		return;
	inflateEnd(&g->z);
	free(g);
}

static int emit(struct gunzip *g, const char *data, size_t len, struct err *err)
{
	g->out += len;
	if (g->out > g->max)
		return err_set(err, ERR_LIMIT, "over %zu bytes when unpacked", g->max);
	if (g->out > CHUNK && g->out / GUNZIP_RATIO_MAX > g->in)
		return err_set(err, ERR_LIMIT,
			       "unpacks to over %d times its size (a bomb?)",
			       GUNZIP_RATIO_MAX);
	return len ? g->fn(data, len, g->arg, err) : 0;
}

int gunzip_feed(struct gunzip *g, const char *data, size_t len, struct err *err)
{
	char buf[CHUNK];
	int rc = Z_OK;

	g->in += len;
	g->z.next_in = (Bytef *)data;
	g->z.avail_in = (uInt)len;
	while (g->z.avail_in || (!g->ended && !g->z.avail_out)) {
		if (g->ended) { /* members may follow one another */
			inflateReset(&g->z);
			g->ended = false;
		}
		g->z.next_out = (Bytef *)buf;
		g->z.avail_out = sizeof(buf);
		rc = inflate(&g->z, Z_NO_FLUSH);
		if (rc == Z_BUF_ERROR)
			break;
		if (rc != Z_OK && rc != Z_STREAM_END)
			return err_set(err, ERR_INPUT, "broken gzip%s%s",
				       g->z.msg ? ": " : "", g->z.msg ? g->z.msg : "");
		g->ended = rc == Z_STREAM_END;
		if (emit(g, buf, sizeof(buf) - g->z.avail_out, err) < 0)
			return -1;
	}
	return 0;
}

int gunzip_end(struct gunzip *g, struct err *err)
{
	if (!g->ended)
		return err_set(err, ERR_INPUT, "gzip that is cut short");
	return 0;
}

static int add(const char *data, size_t len, void *arg, struct err *err)
{
	(void)err;
	str_addn(arg, data, len);
	return 0;
}

int gunzip_all(const char *data, size_t len, size_t max, struct str *out, struct err *err)
{
	struct gunzip *g = gunzip_new(max, add, out);
	int rc = 0;

	while (len && !rc) {
		size_t n = len < CHUNK ? len : CHUNK;

		rc = gunzip_feed(g, data, n, err);
		data += n;
		len -= n;
	}
	if (!rc)
		rc = gunzip_end(g, err);
	gunzip_free(g);
	return rc;
}
