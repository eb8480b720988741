#include "daemon/source_filter.h"

#include <fnmatch.h>
#include <string.h>

#include "kernels/tags.h"
#include "lib/str.h"
#include "lib/text.h"

static bool takes(const char *glob, const char *text)
{
	AUTO_FREE char *below = NULL;

	if (str_ends(glob, "/")) {
		below = str_printf("%s*", glob);
		glob = below;
	}
	return fnmatch(glob, text, FNM_CASEFOLD | FNM_NOESCAPE) == 0;
}

/* -1 taken away, 1 taken, 0 neither. */
static int judge(char *const *globs, const char *text)
{
	int r = 0;

	for (size_t i = 0; globs[i]; i++) {
		if (*globs[i] == '!' && takes(globs[i] + 1, text))
			return -1;
		if (*globs[i] != '!' && takes(globs[i], text))
			r = 1;
	}
	return r;
}

static bool all_negative(char *const *globs)
{
	for (size_t i = 0; globs[i]; i++)
		if (*globs[i] != '!')
			return false;
	return true;
}

bool filter_passes(char *const *globs, const char *text)
{
	int r = globs ? judge(globs, text) : 1;

	return r > 0 || (r == 0 && all_negative(globs));
}

static bool any_passes(char *const *globs, struct json_object *texts)
{
	if (!globs || !*globs)
		return true;
	for (size_t i = 0; i < json_len(texts); i++) {
		const char *text =
			json_object_get_string(json_object_array_get_idx(texts, i));

		if (text && filter_passes(globs, text))
			return true;
	}
	return false;
}

/* A few of the texts, for people. */
static char *some_of(struct json_object *texts)
{
	struct str out = { .limit = 150 };

	for (size_t i = 0; i < json_len(texts) && i < 3; i++) {
		AUTO_FREE char *clean = text_clean_line(
			json_object_get_string(json_object_array_get_idx(texts, i)), 60);

		str_addf(&out, "%s%s", i ? ", " : "", clean);
	}
	if (json_len(texts) > 3)
		str_add(&out, ", ...");
	return str_take(&out);
}

/* Tag or title: one may take it, neither may take it away. */
static bool subject_passes(char *const *globs, const char *subject)
{
	AUTO(str_done) struct str prefix = STR_INIT;
	struct tags tags;
	int by_prefix, by_title;

	if (!globs || !*globs)
		return true;
	tags_read(subject, &tags);
	tags_prefix(subject, &prefix);
	by_prefix = judge(globs, str_get(&prefix));
	by_title = judge(globs, tags.title);
	if (by_prefix < 0 || by_title < 0)
		return false;
	return by_prefix || by_title || all_negative(globs);
}

char *filter_headers(const struct source_filter *f, struct json_object *lists,
		     const char *subject)
{
	AUTO_FREE char *some = some_of(lists);

	if (!any_passes(f->lists, lists))
		return json_len(lists) ?
			       str_printf("not by a list that is watched: %s", some) :
			       str_dup("not by a list that is watched: it has no List-Id");
	if (!subject_passes(f->subject, subject))
		return str_dup("its subject is not one that is watched");
	return NULL;
}

char *filter_paths(const struct source_filter *f, struct json_object *paths)
{
	AUTO_FREE char *some = some_of(paths);

	if (any_passes(f->paths, paths))
		return NULL;
	return str_printf("touches no file that is watched: %s", some);
}
