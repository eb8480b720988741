#include "kernels/example_load.h"

#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/str.h"

#define EDIT_MAX 65536

void example_edits_done(struct example_edits *e)
{
	example_edit_free(e->cover);
	for (size_t i = 0; i < e->n; i++)
		example_edit_free(e->v[i]);
	free(e->v);
	*e = (struct example_edits){ .n = 0 };
}

/* Takes the edit over: the first one is the cover, the others are patches. */
static int edits_add(struct example_edits *e, struct example_edit *edit, struct err *err)
{
	if (!e->cover) {
		e->cover = edit;
		if (edit->nhunks)
			return err_set(
				err, ERR_INPUT,
				"%s: the first file must be the cover letter, without \"@@\"",
				edit->name);
		return 0;
	}
	e->v = mem_realloc(e->v, e->n + 1, sizeof(struct example_edit *));
	e->v[e->n++] = edit;
	if (!edit->nhunks)
		return err_set(err, ERR_INPUT, "%s: this patch changes nothing",
			       edit->name);
	return 0;
}

static int load_one(struct example_edits *e, const char *dir, const char *name,
		    struct err *err)
{
	AUTO_FREE char *path = path_join(dir, name, NULL);
	AUTO_FREE char *text = NULL;
	struct example_edit *edit;

	if (file_read(path, EDIT_MAX, &text, NULL, err) < 0 ||
	    example_edit_parse(path, text, &edit, err) < 0)
		return -1;
	return edits_add(e, edit, err);
}

static int is_edit(const struct dirent *d)
{
	return d->d_name[0] != '.' && str_ends(d->d_name, ".edit");
}

static int load_all(struct example_edits *e, const char *dir, struct err *err)
{
	struct dirent **names;
	int n = scandir(dir, &names, is_edit, alphasort);
	int ret = 0;

	if (n < 0)
		return err_sys(err, "read the folder %s", dir);
	for (int i = 0; i < n; i++) {
		if (ret == 0)
			ret = load_one(e, dir, names[i]->d_name, err);
		free(names[i]);
	}
	free(names);
	if (ret == 0 && e->n == 0)
		return err_set(err, ERR_INPUT,
			       "%s: expected a cover letter and patches, *.edit", dir);
	return ret;
}

int example_edits_load(const char *dir, struct example_edits *ret, struct err *err)
{
	AUTO(example_edits_done) struct example_edits e = { .n = 0 };

	if (load_all(&e, dir, err) < 0)
		return -1;
	*ret = e;
	e = (struct example_edits){ .n = 0 };
	return 0;
}
