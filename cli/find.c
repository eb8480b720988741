#include "cli/find.h"

#include <string.h>

#include "lib/log.h"
#include "lib/text.h"

#define LOOK_BACK 1000 /* series, for a source as it was given */

bool find_is_run(const char *text, int64_t *ret_id)
{
	long long id;

	if (!str_to_ll(text, 1, INT64_MAX, &id))
		return false;
	*ret_id = id;
	return true;
}

static int tell(int found, const char *what, const char *text, const struct err *err)
{
	AUTO_FREE char *clean = text_clean_line(text, 80);

	if (found > 0)
		return EXIT_OK;
	if (found < 0) {
		log_error("%s", err->msg);
		return EXIT_INFRA;
	}
	log_error("there is no %s \"%s\"; \"sluice show\" lists what there is", what,
		  clean);
	return EXIT_USAGE;
}

int find_run(struct context *cx, const char *text, struct boot *ret)
{
	struct err err = { 0 };
	int64_t id;

	if (!find_is_run(text, &id)) {
		AUTO_FREE char *clean = text_clean_line(text, 80);

		log_error("\"%s\" is no run: a run is a number", clean);
		return EXIT_USAGE;
	}
	return tell(boot_find(cx->db, id, ret, &err), "run", text, &err);
}

/* The message-id in "<id>", "https://lore.kernel.org/all/id/T/#u", or "id". */
static char *message_id_of(const char *text)
{
	const char *at = strchr(text, '@'), *from = at;
	size_t len;

	if (!at)
		return str_dup(text);
	while (from > text && !strchr("/<", from[-1]))
		from--;
	len = strcspn(from, "/>");
	return str_ndup(from, len);
}

static int find_by_source(struct context *cx, const char *text, struct series *ret,
			  struct err *err)
{
	struct series_line *list = NULL;
	int64_t total, id = 0;
	size_t n = 0;

	if (series_list(cx->db, LOOK_BACK, 0, &list, &n, &total, err) < 0)
		return -1;
	for (size_t i = 0; i < n && !id; i++)
		if (strcmp(list[i].s.source, text) == 0)
			id = list[i].s.id;
	series_line_list_free(list, n);
	return id ? series_find(cx->db, id, ret, err) : 0;
}

int find_series(struct context *cx, const char *text, struct series *ret)
{
	AUTO_FREE char *msgid = message_id_of(text);
	struct err err = { 0 };
	long long id;
	int found;

	if (text[0] == 's' && str_to_ll(text + 1, 1, INT64_MAX, &id))
		return tell(series_find(cx->db, id, ret, &err), "series", text, &err);
	found = series_find_by_msgid(cx->db, msgid, 0, ret, &err);
	if (found == 0)
		found = find_by_source(cx, text, ret, &err);
	return tell(found, "series", text, &err);
}
