/*
 * Two halves of arbitrary bytes, as the diff of a patch in two versions: read, matched
 * and compared within bounds; what is shown as the difference makes both of them again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/str.h"
#include "web/linediff.h"
#include "web/patchset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_one(struct patch_set *s, const char *diff)
{
	AUTO_JSON struct json_object *doc = json_object_new_object();
	struct json_object *list = json_object_new_array();
	struct json_object *o = json_object_new_object();

	json_set_str(o, "subject", diff);
	json_set_str(o, "message", "m");
	json_set_str(o, "diff", diff);
	json_object_array_add(list, o);
	json_set(doc, "patches", list);
	patch_set_read(s, doc);
}

/* A last line without its newline is one all the same. */
static void check_side(const struct line_edit *e, size_t n, char other, const char *text)
{
	AUTO(str_done) struct str out = STR_INIT;
	AUTO_FREE char *want =
		str_printf("%s%s", text, *text && !str_ends(text, "\n") ? "\n" : "");

	for (size_t i = 0; i < n; i++)
		if (e[i].op != other) {
			str_addn(&out, e[i].text, e[i].len);
			str_addc(&out, '\n');
		}
	if (strcmp(str_get(&out), want) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *a = str_ndup((const char *)data, size / 2);
	AUTO_FREE char *b = str_ndup((const char *)data + size / 2, size - size / 2);
	AUTO(patch_set_done) struct patch_set old = { .n = 0 }, new = { .n = 0 };
	AUTO_FREE struct patch_pair *p = NULL;
	AUTO_FREE struct line_edit *e = NULL;
	size_t n, budget = 100000;

	read_one(&old, a);
	read_one(&new, b);
	p = patch_set_match(&old, &new, &n);
	if (n < 1 || n > 2)
		abort();
	if (line_diff(a, b, &budget, &e, &n)) {
		check_side(e, n, '+', a);
		check_side(e, n, '-', b);
	}
	return 0;
}
