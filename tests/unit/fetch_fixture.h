/*
 * The role "fetch" run in the test itself on a mailbox, and git's reading of the
 * patch files that it leaves.
 */
#ifndef SLUICE_TESTS_UNIT_FETCH_FIXTURE_H
#define SLUICE_TESTS_UNIT_FETCH_FIXTURE_H

#include "tests/unit/mail_fixture.h"

#include "kernels/patch.h"
#include "kernels/role_fetch.h"
#include "lib/json.h"

static inline bool have_b4(void)
{
	AUTO_FREE char *b4 = program_find("b4");

	return b4 != NULL;
}

static inline struct json_object *fetch(const char *dir, const char *kind,
					const char *path, const char *msgid, int version,
					const char *b4)
{
	AUTO_JSON struct json_object *job = json_object_new_object();
	struct json_object *source = json_object_new_object();
	struct json_object *result = json_object_new_object();
	struct err err = { .code = ERR_NONE };

	json_set_str(source, "kind", kind);
	json_set_str(source, "path", path);
	json_set_str(source, "msgid", msgid);
	json_set(job, "source", source);
	json_set_int(job, "version", version);
	json_set_str(job, "archive", "http://127.0.0.1:1/none");
	json_set_str(job, "attestation", "off");
	json_set_str(job, "b4", b4);
	json_set_int(job, "timeout_ms", 60000);
	if (role_fetch(job, dir, result, &err) < 0) {
		json_set_str(result, "status", "error");
		json_set_str(result, "reason", err.msg);
		json_set_int(result, "code", err.code);
	}
	return result;
}

/* The file of patch k that the role left. */
static inline char *patch_text(const char *dir, int k, size_t *ret_len)
{
	AUTO_FREE char *name = str_printf("patches/%04d.eml", k);
	AUTO_FREE char *path = path_join(dir, name, NULL);
	struct err err = { .code = ERR_NONE };
	char *text;

	if (file_read(path, 16 << 20, &text, ret_len, &err) < 0)
		fail_msg("%s", err.msg);
	return text;
}

static inline void compare_with_git(const char *dir, const char *name, int k)
{
	size_t len;
	AUTO_FREE char *mail = patch_text(dir, k, &len);
	struct git_mail g = git_read_mail(dir, mail, len);
	AUTO_FREE char *ident = NULL;
	struct patch *p;

	assert_int_equal(patch_parse(mail, len, &p, NULL), 0);
	ident = str_printf("%s <%s> %lld %c%02d%02d", p->author_name, p->author_email,
			   p->author_time, p->author_tz < 0 ? '-' : '+',
			   abs(p->author_tz) / 60, abs(p->author_tz) % 60);
	if (!g.has_patch || strcmp(p->subject, g.subject) != 0 ||
	    strcmp(p->message, g.message) != 0 || strcmp(ident, g.ident) != 0)
		fail_msg("%s: patch %d: git and we differ:\n%s\n%s\n%s%s", name, k,
			 g.ident, ident, g.message, p->message);
	patch_free(p);
	git_mail_done(&g);
}

#endif
