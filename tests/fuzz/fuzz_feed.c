/*
 * What archives send through what reads it before anybody has looked: an Atom feed,
 * gzip, and the facts in a mail's text.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/atom.h"
#include "kernels/mail_facts.h"
#include "lib/gunzip.h"
#include "lib/json.h"
#include "lib/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PATHS 50

static int on_entry(const struct atom_entry *e, void *arg, struct err *err)
{
	(void)err;
	/* An entry has a link, and a time that is none is nought. */
	if (!e->href || e->updated < 0)
		abort();
	++*(size_t *)arg;
	return 0;
}

/* Whole and cut in two it must say the same. */
static void try_atom(const char *text, size_t len)
{
	size_t whole = 0, halves = 0;
	struct err err = { .code = ERR_NONE };
	struct atom *a = atom_new(on_entry, &whole);
	struct atom *b = atom_new(on_entry, &halves);
	int rc_a, rc_b;

	rc_a = atom_feed(text, len, a, &err);
	if (!rc_a)
		rc_a = atom_end(a, &err);
	if (rc_a && !err.code)
		abort();
	rc_b = atom_feed(text, len / 2, b, &err);
	if (!rc_b)
		rc_b = atom_feed(text + len / 2, len - len / 2, b, &err);
	if (!rc_b)
		rc_b = atom_end(b, &err);
	if (!rc_a != !rc_b || whole != halves)
		abort();
	atom_free(a);
	atom_free(b);
}

static void try_text(const char *text)
{
	AUTO_JSON struct json_object *paths = json_object_new_array();

	json_object_put(mail_override(text));
	mail_paths(text, PATHS, paths);
	if (json_len(paths) > PATHS)
		abort();
	free(mail_base_commit(text));
	free(mail_change_id(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(str_done) struct str out = STR_INIT;
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	try_atom(text, size);
	if (!gunzip_all(text, size, 1 << 20, &out, NULL) && out.len > 1 << 20)
		abort();
	try_text(text);
	free(text);
	return 0;
}
