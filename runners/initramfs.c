#include "runners/initramfs.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/str.h"

#define ARCHIVE_MAX (256u << 20)
#define CONSOLE_MAJOR 5
#define CONSOLE_MINOR 1

/* One record of the archive. */
struct node {
	char *path;                          /* without a leading slash */
	const struct initramfs_entry *entry; /* NULL: a folder or /dev/console */
	uint32_t mode;
	uint32_t major, minor; /* of the device it is */
};

struct archive {
	struct node *nodes;
	size_t n;
	struct str out;
	uint32_t ino;
};

static void archive_done(struct archive *a)
{
	for (size_t i = 0; i < a->n; i++)
		free(a->nodes[i].path);
	free(a->nodes);
	str_done(&a->out);
}

static struct node *add_node(struct archive *a, const char *path, uint32_t mode)
{
	a->nodes = mem_realloc(a->nodes, a->n + 1, sizeof(*a->nodes));
	a->nodes[a->n] = (struct node){ .path = str_dup(path), .mode = mode };
	return &a->nodes[a->n++];
}

static bool has_node(const struct archive *a, const char *path)
{
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->nodes[i].path, path) == 0)
			return true;
	return false;
}

static void add_parents(struct archive *a, const char *path)
{
	AUTO_FREE char *p = str_dup(path);

	for (char *slash = strchr(p, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (!has_node(a, p))
			add_node(a, p, S_IFDIR | 0755);
		*slash = '/';
	}
}

static bool path_is_clean(const char *p)
{
	AUTO_FREE char *slashed = str_printf("/%s/", p);

	return p[0] && !strstr(slashed, "//") && !strstr(slashed, "/./") &&
	       !strstr(slashed, "/../");
}

static int add_entry(struct archive *a, const struct initramfs_entry *e, struct err *err)
{
	const char *path = e->path + (e->path[0] == '/');
	mode_t mode = e->mode ? e->mode & 07777 : 0755;

	if (!path_is_clean(path))
		return err_set(err, ERR_INPUT, "initramfs: \"%s\" is no path for it",
			       e->path);
	if (has_node(a, path))
		return err_set(err, ERR_INPUT, "initramfs: %s is given twice", e->path);
	add_parents(a, path);
	add_node(a, path, S_IFREG | mode)->entry = e;
	return 0;
}

static void pad(struct str *s)
{
	while (s->len % 4)
		str_addc(s, '\0');
}

/* Documentation/driver-api/early-userspace/buffer-format.rst of Linux. */
static void put_record(struct archive *a, const struct node *node, const char *data,
		       size_t len)
{
	bool dir = S_ISDIR(node->mode);
	size_t namesize = strlen(node->path) + 1;

	str_addf(&a->out, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
		 ++a->ino, node->mode, 0, 0, dir ? 2 : 1, 0, (unsigned int)len, 0, 0,
		 node->major, node->minor, (unsigned int)namesize, 0);
	str_addn(&a->out, node->path, namesize);
	pad(&a->out);
	str_addn(&a->out, data, len);
	pad(&a->out);
}

static int put_node(struct archive *a, const struct node *node, struct err *err)
{
	const struct initramfs_entry *e = node->entry;
	AUTO_FREE char *file = NULL;
	size_t len = e ? e->len : 0;

	if (e && e->source && file_read(e->source, ARCHIVE_MAX, &file, &len, err) < 0)
		return -1;
	if (a->out.len + len > ARCHIVE_MAX)
		return err_set(err, ERR_LIMIT,
			       "initramfs: the programs have more than %u MiB together",
			       ARCHIVE_MAX >> 20);
	put_record(a, node, e && !e->source ? e->data : file, len);
	return 0;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct node *)a)->path, ((const struct node *)b)->path);
}

static int build(struct archive *a, const struct initramfs_entry *entries, size_t n,
		 struct err *err)
{
	struct node trailer = { .path = (char *)"TRAILER!!!" };
	struct node *console;

	for (size_t i = 0; i < n; i++)
		if (add_entry(a, &entries[i], err) < 0)
			return -1;
	if (!has_node(a, "dev/console")) {
		add_parents(a, "dev/console");
		console = add_node(a, "dev/console", S_IFCHR | 0600);
		console->major = CONSOLE_MAJOR;
		console->minor = CONSOLE_MINOR;
	}
	qsort(a->nodes, a->n, sizeof(*a->nodes), by_path);
	for (size_t i = 0; i < a->n; i++)
		if (put_node(a, &a->nodes[i], err) < 0)
			return -1;
	put_record(a, &trailer, NULL, 0);
	return 0;
}

int initramfs_write(const char *path, const struct initramfs_entry *entries, size_t n,
		    struct err *err)
{
	AUTO(archive_done) struct archive a = { .out = STR_INIT };

	if (build(&a, entries, n, err) < 0)
		return -1;
	return file_write_atomic(path, a.out.data, a.out.len, 0644, err);
}
