#include "daemon/gitbinds.h"

#include <stdlib.h>
#include <string.h>

#include "kernels/store.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/str.h"

/* git itself gives up at five levels of alternates. */
#define DEPTH_MAX 5
#define ALTERNATES_MAX (1 << 20)

static int bind_add(struct gitbinds *b, const struct state *st, const char *path, bool rw,
		    struct err *err)
{
	for (size_t i = 0; i < b->n; i++)
		if (strcmp(b->v[i].src, path) == 0)
			return 0;
	if (sandbox_reachable(path, st->uid, st->gid, err) < 0)
		return -1;
	b->v = mem_realloc(b->v, b->n + 1, sizeof(*b->v));
	b->v[b->n] = (struct sandbox_bind){ .src = str_dup(path), .rw = rw };
	b->v[b->n].dst = b->v[b->n].src;
	b->n++;
	return 0;
}

static int bind_alternates(struct gitbinds *b, const struct state *st,
			   const char *objects, int depth, struct err *err)
{
	AUTO_FREE char *path = path_join(objects, "info", "alternates", NULL);
	AUTO_FREE char *text = NULL;
	char **lines;
	size_t len;
	int rc = 0;

	if (depth > DEPTH_MAX || !path_exists(path))
		return 0;
	if (file_read(path, ALTERNATES_MAX, &text, &len, err) < 0)
		return -1;
	lines = strv_split(text, "\n");
	for (size_t i = 0; rc == 0 && lines[i]; i++) {
		AUTO_FREE char *dir = NULL;

		if (lines[i][0] == '#')
			continue;
		dir = lines[i][0] == '/' ? str_dup(lines[i]) :
					   path_join(objects, lines[i], NULL);
		/* As git does: what was deleted, or is not mounted, is of one tree, and no
		 * reason why others cannot be tested. */
		if (!path_exists(dir))
			continue;
		rc = bind_add(b, st, dir, false, err);
		if (rc == 0)
			rc = bind_alternates(b, st, dir, depth + 1, err);
	}
	strv_free(lines);
	return rc;
}

int gitbinds_add(struct gitbinds *b, const struct state *st, const char *repo, bool rw,
		 struct err *err)
{
	AUTO_FREE char *objects = NULL;
	AUTO_FREE char *dotgit = path_join(repo, ".git", NULL);

	if (store_objects_dir(repo, &objects, err) < 0)
		return -1;
	if (bind_add(b, st, path_exists(dotgit) ? dotgit : repo, rw, err) < 0 ||
	    bind_add(b, st, objects, rw, err) < 0)
		return -1;
	return bind_alternates(b, st, objects, 1, err);
}

void gitbinds_done(struct gitbinds *b)
{
	for (size_t i = 0; i < b->n; i++)
		free((char *)b->v[i].src);
	free(b->v);
	*b = (struct gitbinds){ .v = NULL };
}
