#include "kernels/tar.h"

#include <errno.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/str.h"

#define BLOCK 512
#define BUFFER (256 * 1024)
/* A long name or a pax header; PATH_MAX and a few attributes fit many times. */
#define HEADER_DATA_MAX (1 << 20)

/* POSIX.1-1988 ustar, with the field of GNU tar that is of use. */
struct header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8];
	char type, link[100], magic[6], version[2], user[32], group[32];
	char major[8], minor[8], prefix[155], pad[12];
};

struct tar {
	int fd;
	char *buf;
	size_t pos, len; /* unread part of buf */
	uint64_t left;   /* data of the entry not yet given out */
	size_t padding;  /* behind it */
	struct str path, link;
	uint64_t pax_size;
	bool has_path, has_link, has_size; /* from headers before the entry's own */
};

struct tar *tar_new(int fd)
{
	struct tar *t = mem_alloc0(sizeof(*t));

	t->fd = fd;
	t->buf = mem_realloc(NULL, 1, BUFFER);
	return t;
}

void tar_free(struct tar *t)
{
	if (!t)
		return;
	free(t->buf);
	str_done(&t->path);
	str_done(&t->link);
	free(t);
}

/* Up to want bytes from the buffer, refilled when it is empty; 0: end. */
static ssize_t take(struct tar *t, const char **ret, size_t want, struct err *err)
{
	if (t->pos == t->len) {
		ssize_t n;

		do
			n = read(t->fd, t->buf, BUFFER);
		while (n < 0 && errno == EINTR);
		if (n < 0)
			return err_sys(err, "read the archive");
		t->pos = 0;
		t->len = (size_t)n;
	}
	if (want > t->len - t->pos)
		want = t->len - t->pos;
	*ret = t->buf + t->pos;
	t->pos += want;
	return (ssize_t)want;
}

/* Exactly len bytes to dst (NULL: nowhere). 1, or 0 at a clean end, or -1. */
static int take_all(struct tar *t, char *dst, size_t len, struct err *err)
{
	size_t done = 0;

	while (done < len) {
		const char *p;
		ssize_t n = take(t, &p, len - done, err);

		if (n < 0)
			return -1;
		if (!n && !done)
			return 0;
		if (!n)
			return err_set(err, ERR_INPUT, "the archive is cut short");
		if (dst)
			memcpy(dst + done, p, (size_t)n);
		done += (size_t)n;
	}
	return 1;
}

int tar_data(struct tar *t, const char **ret_data, size_t *ret_len, struct err *err)
{
	ssize_t n = 0;

	if (t->left) {
		n = take(t, ret_data, t->left < BUFFER ? (size_t)t->left : BUFFER, err);
		if (n < 0)
			return -1;
		if (!n)
			return err_set(err, ERR_INPUT, "the archive is cut short");
		t->left -= (uint64_t)n;
	}
	*ret_len = (size_t)n;
	return 0;
}

static int skip_rest(struct tar *t, struct err *err)
{
	const char *p;
	size_t n;
	int rc;

	do
		if (tar_data(t, &p, &n, err))
			return -1;
	while (n);
	rc = take_all(t, NULL, t->padding, err);
	if (t->padding && rc == 0)
		return err_set(err, ERR_INPUT, "the archive is cut short");
	t->padding = 0;
	return rc < 0 ? -1 : 0;
}

/* Octal, or GNU's base 256 with the top bit set. */
static bool number(const char *field, size_t len, uint64_t *ret)
{
	uint64_t v = 0;
	size_t i = 0;

	if (field[0] & 0x80) {
		for (i = 1; i < len; i++)
			v = v << 8 | (unsigned char)field[i];
		*ret = v;
		return true;
	}
	while (i < len && field[i] == ' ')
		i++;
	for (; i < len && field[i] >= '0' && field[i] <= '7'; i++)
		v = v << 3 | (uint64_t)(field[i] - '0');
	*ret = v;
	return i == len || field[i] == '\0' || field[i] == ' ';
}

static bool checksum_ok(const struct header *h)
{
	const unsigned char *p = (const unsigned char *)h;
	uint64_t want, sum = 0;

	for (size_t i = 0; i < BLOCK; i++) {
		bool own = i >= offsetof(struct header, checksum) &&
			   i < offsetof(struct header, type);

		sum += own ? ' ' : p[i];
	}
	return number(h->checksum, sizeof(h->checksum), &want) && want == sum;
}

static bool all_zero(const struct header *h)
{
	const char *p = (const char *)h;

	return !p[0] && !memcmp(p, p + 1, BLOCK - 1);
}

/* The data of a header entry, whole. */
static int header_data(struct tar *t, struct str *out, struct err *err)
{
	if (t->left > HEADER_DATA_MAX)
		return err_set(err, ERR_INPUT, "a header of the archive is too long");
	for (;;) {
		const char *p;
		size_t n = 0;

		if (tar_data(t, &p, &n, err))
			return -1;
		if (!n)
			return skip_rest(t, err);
		str_addn(out, p, n);
	}
}

/* "17 path=some/name\n" for each attribute; the number counts the whole line. */
static int pax_header(struct tar *t, struct err *err)
{
	AUTO(str_done) struct str data = STR_INIT;
	const char *p, *end;

	if (header_data(t, &data, err))
		return -1;
	p = str_get(&data);
	end = p + data.len;
	while (p < end) {
		char *key;
		unsigned long n = strtoul(p, &key, 10);
		const char *eq;

		if (n < 5 || n > (size_t)(end - p) || *key != ' ' || p[n - 1] != '\n' ||
		    !(eq = memchr(key, '=', n - (size_t)(key - p))))
			return err_set(err, ERR_INPUT,
				       "a broken pax header in the archive");
		key++;
		if (str_starts(key, "path=")) {
			str_clear(&t->path);
			str_addn(&t->path, eq + 1, (size_t)(p + n - 1 - (eq + 1)));
			t->has_path = true;
		} else if (str_starts(key, "linkpath=")) {
			str_clear(&t->link);
			str_addn(&t->link, eq + 1, (size_t)(p + n - 1 - (eq + 1)));
			t->has_link = true;
		} else if (str_starts(key, "size=")) {
			t->pax_size = strtoull(eq + 1, NULL, 10);
			t->has_size = true;
		} else if (str_starts(key, "GNU.sparse.")) {
			return err_set(err, ERR_INPUT, "the archive has a sparse file");
		}
		p += n;
	}
	return 0;
}

static int long_name(struct tar *t, struct str *out, bool *has, struct err *err)
{
	str_clear(out);
	if (header_data(t, out, err))
		return -1;
	out->len = strlen(str_get(out)); /* a NUL ends it */
	*has = true;
	return 0;
}

static int begin_data(struct tar *t, const struct header *h, struct err *err)
{
	uint64_t size;

	if (!number(h->size, sizeof(h->size), &size))
		return err_set(err, ERR_INPUT, "a broken header in the archive");
	if (t->has_size && h->type != 'x' && h->type != 'g')
		size = t->pax_size;
	t->left = size;
	t->padding = (size_t)(-size & (BLOCK - 1));
	return 0;
}

static void entry_names(struct tar *t, const struct header *h)
{
	if (!t->has_path) {
		str_clear(&t->path);
		if (!memcmp(h->magic, "ustar", 6) && h->prefix[0])
			str_addf(&t->path, "%.*s/", (int)sizeof(h->prefix), h->prefix);
		str_addf(&t->path, "%.*s", (int)sizeof(h->name), h->name);
	}
	if (!t->has_link) {
		str_clear(&t->link);
		str_addf(&t->link, "%.*s", (int)sizeof(h->link), h->link);
	}
	t->has_path = t->has_link = t->has_size = false;
}

static int entry_fill(struct tar *t, const struct header *h, struct tar_entry *ret,
		      struct err *err)
{
	uint64_t mode;

	entry_names(t, h);
	*ret = (struct tar_entry){ .path = str_get(&t->path), .link = str_get(&t->link) };
	if (!number(h->mode, sizeof(h->mode), &mode))
		return err_set(err, ERR_INPUT, "%s: a broken header", ret->path);
	ret->executable = mode & 0100;
	switch (h->type) {
	case '\0':
	case '0':
	case '7':
		ret->type = str_ends(ret->path, "/") ? TAR_FOLDER : TAR_FILE;
		break;
	case '1':
		ret->type = TAR_HARDLINK;
		break;
	case '2':
		ret->type = TAR_SYMLINK;
		break;
	case '5':
		ret->type = TAR_FOLDER;
		break;
	default:
		return err_set(err, ERR_INPUT, "%s: an entry of type '%c' in the archive",
			       ret->path, h->type);
	}
	ret->size = t->left;
	return 1;
}

int tar_next(struct tar *t, struct tar_entry *ret, struct err *err)
{
	for (;;) {
		struct header h;
		int rc = skip_rest(t, err) ? -1 : take_all(t, (char *)&h, BLOCK, err);

		_Static_assert(sizeof(h) == BLOCK, "a tar header is one block");
		if (rc <= 0)
			return rc;
		if (all_zero(&h))
			return 0;
		if (!checksum_ok(&h))
			return err_set(err, ERR_INPUT, "this is no tar archive");
		if (begin_data(t, &h, err))
			return -1;
		if (h.type == 'x')
			rc = pax_header(t, err);
		else if (h.type == 'L')
			rc = long_name(t, &t->path, &t->has_path, err);
		else if (h.type == 'K')
			rc = long_name(t, &t->link, &t->has_link, err);
		else if (h.type != 'g')
			return entry_fill(t, &h, ret, err);
		if (rc < 0)
			return -1;
	}
}
