/*
 * The role "poll" run in the test itself, with its cursor carried from one poll
 * to the next, and the lines that it left.
 */
#ifndef SLUICE_TESTS_UNIT_POLL_FIXTURE_H
#define SLUICE_TESTS_UNIT_POLL_FIXTURE_H

#include "tests/unit/git_fixture.h"

#include "kernels/role_poll.h"
#include "lib/json.h"

struct polled {
	struct json_object *result;
	struct json_object *lines; /* array */
	char *raw;
};

static inline void polled_done(struct polled *p)
{
	json_object_put(p->result);
	json_object_put(p->lines);
	free(p->raw);
}
#define AUTO_POLLED AUTO(polled_done)

/* job is borrowed; the cursor of the result becomes the job's. */
static inline struct polled poll_once(const char *dir, struct json_object *job)
{
	AUTO_FREE char *lines = path_join(dir, POLL_LINES, NULL);
	AUTO_FREE char *raw = path_join(dir, POLL_RAW, NULL);
	AUTO_FREE char *text = NULL;
	struct polled p = { .result = json_object_new_object(),
			    .lines = json_object_new_array() };
	struct err err = { .code = ERR_NONE };

	if (role_poll(job, dir, p.result, &err) < 0)
		fail_msg("%s", err.msg);
	json_set(job, "cursor", json_object_get(json_obj(p.result, "cursor")));
	assert_int_equal(file_read(lines, 64 << 20, &text, NULL, NULL), 0);
	assert_int_equal(file_read(raw, 64 << 20, &p.raw, NULL, NULL), 0);
	for (char *s = text; *s; s += strcspn(s, "\n") + 1) {
		AUTO_FREE char *line = str_ndup(s, strcspn(s, "\n"));

		json_object_array_add(p.lines, json_of(line));
	}
	assert_int_equal(json_len(p.lines), json_int(p.result, "mails", -1));
	return p;
}

static inline struct json_object *line_at(const struct polled *p, size_t i)
{
	assert_true(i < json_len(p->lines));
	return json_object_array_get_idx(p->lines, i);
}

/* "a@x b@x": the message-ids, in order. */
static inline char *ids_in(const struct polled *p)
{
	struct str out = STR_INIT;

	for (size_t i = 0; i < json_len(p->lines); i++)
		str_addf(&out, "%s%s", i ? " " : "",
			 json_str(line_at(p, i), "message_id", "?"));
	return str_take(&out);
}

#define assert_ids(p, want)                       \
	do {                                      \
		AUTO_FREE char *ids_ = ids_in(p); \
		assert_string_equal(ids_, want);  \
	} while (0)

static inline char *mail_text(const char *id, const char *subject, const char *headers,
			      const char *body)
{
	return str_printf("From: A U Thor <Author@Example.org>\n"
			  "Date: Tue, 2 Jan 2024 13:00:00 +0000\n"
			  "Subject: %s\nMessage-ID: <%s>\n%s\n%s",
			  subject, id, headers, body);
}

#endif
