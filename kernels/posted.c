#include "kernels/posted.h"

#include <string.h>

#include "lib/str.h"

void posted_init(struct posted *p)
{
	*p = (struct posted){ .doc = json_object_new_object() };
	json_set(p->doc, "patches", json_object_new_array());
}

void posted_done(struct posted *p)
{
	json_object_put(p->doc);
	*p = (struct posted){ .doc = NULL };
}

void posted_add(struct posted *p, const struct patch *patch)
{
	struct json_object *list = json_arr(p->doc, "patches");
	struct json_object *o = json_object_new_object();
	size_t bytes = patch ? strlen(patch->message) + patch->diff_len : 0;
	bool whole = bytes <= POSTED_PATCH_MAX && bytes <= POSTED_ALL_MAX - p->bytes;

	json_set_int(o, "n", (long long)json_len(list) + 1);
	json_set_str(o, "subject", patch ? patch->subject : NULL);
	json_set_str(o, "author", patch ? patch->author_name : NULL);
	json_set_str(o, "message", patch && whole ? patch->message : NULL);
	json_set_str(o, "diff", patch && whole ? patch->diff : NULL);
	json_object_array_add(list, o);
	if (whole)
		p->bytes += bytes;
}

int posted_write(const struct posted *p, const char *path, struct err *err)
{
	return json_write_file(path, p->doc, err);
}
