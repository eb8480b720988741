#include "web/base_words.h"

#include <string.h>

const char *base_how_words(const char *how)
{
	static const struct {
		const char *how, *words;
	} words[] = {
		{ "option", "as --base says" },
		{ "author", "as its cover letter asks" },
		{ "base-commit", "the mails' base-commit" },
		{ "blobs", "its files match the patches' index lines" },
		{ "good", "the newest of the tree that passed all tests" },
		{ "head", "the tree's head" },
		{ "range", "where the range starts" },
	};

	for (size_t i = 0; how && i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i].how, how) == 0)
			return words[i].words;
	return how;
}

char *base_try_words(struct json_object *o)
{
	const char *rung = json_str(o, "rung", "base");
	const char *commit = json_str(o, "commit", NULL);
	/* A ref says which tree, and which of its branches. */
	const char *place = json_str(o, "ref", json_str(o, "tree", NULL));
	AUTO(str_done) struct str text = STR_INIT;

	if (place && str_starts(place, "refs/trees/"))
		place += strlen("refs/trees/");
	str_add(&text, rung);
	if (place)
		str_addf(&text, ", %s", place);
	if (commit)
		str_addf(&text, "%s %.12s", place ? " at" : ",", commit);
	str_addf(&text, ": %s", json_str(o, "why_not", "?"));
	return str_take(&text);
}
