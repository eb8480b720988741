#include "tests/unit/fetch_fixture.h"

#include "kernels/mbox.h"
#include "kernels/thread.h"

/* ---- tags ---- */

struct tag_case {
	const char *subject;
	int version, k, n;
	bool in_series, odd;
	const char *title;
};

static const struct tag_case tag_cases[] = {
	{ "[PATCH] mm: x", 1, 1, 1, true, false, "mm: x" },
	{ "[PATCH v3 02/13] mm: [x] y", 3, 2, 13, true, false, "mm: [x] y" },
	{ "[RFC PATCH V2 1/2] x", 2, 1, 2, true, false, "x" },
	{ "[PATCH v2, 0/4] x", 2, 0, 4, true, false, "x" },
	{ "[PATCHv3 1/2] x", 3, 1, 2, true, false, "x" },
	{ "[PATCH -v2 next 0/4] x", 2, 0, 4, true, true, "x" },
	{ "[next -v1 0/5] x", 1, 0, 5, true, true, "x" },
	{ "[RFCv1 0/6] x", 1, 0, 6, true, true, "x" },
	{ "[PATCHSET v3] x", 3, 1, 1, true, false, "x" },
	{ "[RFC] x", 1, 1, 1, true, false, "x" },
	{ "[PATCH v2.1 1/1] x", 2, 1, 1, true, true, "x" },
	{ "[PATCH v2,1/4] x", 2, 1, 4, true, true, "x" },
	{ "[PATCH 1/3][v2] x", 2, 1, 3, true, false, "x" },
	{ "[PATCH [RFC] 1/3] x", 1, 1, 3, true, false, "x" },
	{ "[PATCH AUTOSEL 5.4 03/13] x", 1, 3, 13, true, false, "x" },
	{ "[PATCH 6/5] x", 1, 6, 5, true, false, "x" },
	{ "[GIT PULL] x", 1, 1, 1, false, false, "x" },
	{ "[PATCH 0/2] [GIT PULL] x", 1, 0, 2, false, false, "x" },
	{ "Re: [PATCH v3 1/2] x", 1, 1, 1, false, false, "Re: [PATCH v3 1/2] x" },
	{ "SV: [PATCH] x", 1, 1, 1, false, false, "SV: [PATCH] x" },
	{ "[syzbot] [mm?] WARNING", 1, 1, 1, false, false, "WARNING" },
	{ "mm: x", 1, 1, 1, false, false, "mm: x" },
	{ "[PATCH", 1, 1, 1, false, false, "[PATCH" },
	{ "[PATCH 1/0] x", 1, 1, 1, true, false, "x" },
	{ "[PATCH 99999/99999] x", 1, 1, 1, true, false, "x" },
	{ "[PATCH1/3] x", 1, 1, 3, true, true, "x" },
	{ "[PATCHv2: 1/3] x", 2, 1, 3, true, true, "x" },
	{ "[PATCH v2: 1/3] x", 2, 1, 3, true, true, "x" },
	{ "[PATCH v2-RESEND 1/3] x", 2, 1, 3, true, true, "x" },
	{ "[RESEND PATCH v3 1/2] x", 3, 1, 2, true, false, "x" },
	{ "[v3 PATCH 1/2] x", 3, 1, 2, true, false, "x" },
	{ "[PATCH 4/13 v3] x", 3, 4, 13, true, false, "x" },
	{ "[PATCH 6.1 023/120] x", 1, 23, 120, true, false, "x" },
	{ "[RFC/RFT 1/3] x", 1, 1, 3, true, false, "x" },
	{ "[linux-mm] [PATCH v2 1/2] x", 2, 1, 2, true, false, "x" },
	/* What is no patch, but looks a little like one. */
	{ "[linux-next:master 1234/5678] mm/x.c:1: x", 1, 1, 1, false, false,
	  "mm/x.c:1: x" },
	{ "[akpm-mm:mm-unstable 12/34] x", 1, 1, 1, false, false, "x" },
	{ "[tip:x86/mm 3/5] x", 1, 1, 1, false, false, "x" },
	{ "[RFCOMM] x", 1, 1, 1, false, false, "x" },
	{ "[patchwork] x", 1, 1, 1, false, false, "x" },
	{ "[linux-mm] Re: [PATCH 1/2] x", 1, 1, 1, false, false, "Re: [PATCH 1/2] x" },
	{ "+ x.patch added to mm-unstable branch", 1, 1, 1, false, false,
	  "+ x.patch added to mm-unstable branch" },
	{ "[merged mm-stable] x.patch removed from -mm tree", 1, 1, 1, false, false,
	  "x.patch removed from -mm tree" },
	{ "[tip: x86/mm] x", 1, 1, 1, false, false, "x" },
	{ "FAILED: patch \"[PATCH] x\" failed", 1, 1, 1, false, false,
	  "FAILED: patch \"[PATCH] x\" failed" },
	{ "Patch \"x\" has been added to the 6.1-stable tree", 1, 1, 1, false, false,
	  "Patch \"x\" has been added to the 6.1-stable tree" },
	{ "", 1, 1, 1, false, false, "" },
};

static void test_tags(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(tag_cases); i++) {
		const struct tag_case *c = &tag_cases[i];
		struct tags t;

		tags_read(c->subject, &t);
		if (t.version != c->version || t.k != c->k || t.n != c->n ||
		    tags_in_series(&t) != c->in_series || t.odd != c->odd ||
		    strcmp(t.title, c->title) != 0)
			fail_msg("\"%s\": v%d %d/%d %d %d \"%s\"", c->subject, t.version,
				 t.k, t.n, tags_in_series(&t), t.odd, t.title);
	}
}

static void test_prefix(void **state)
{
	static const struct {
		const char *subject, *prefix;
		bool rfc, resend;
	} cases[] = {
		{ "[PATCH bpf-next v2, 1/3] x", "PATCH bpf-next", false, false },
		{ "[RFC PATCH V2 1/2] x [y]", "RFC PATCH", true, false },
		{ "[PATCHv3 1/2] x", "PATCH", false, false },
		{ "[PATCH-v3 1/2] x", "PATCH", false, false },
		{ "[RFC/PATCHv2 1/2] x", "RFC/PATCH", true, false },
		{ "[PATCH -v2 next 0/4] x", "PATCH next", false, false },
		{ "[PATCH RESEND v2 0/4] x", "PATCH RESEND", false, true },
		{ "[RESEND][PATCH 1/4] x", "RESEND PATCH", false, true },
		{ "[PATCH AUTOSEL 5.4 03/13] x", "PATCH AUTOSEL 5.4", false, false },
		{ "[PATCH1/3 v2-RESEND] x", "PATCH RESEND", false, true },
		{ "[PATCH: v2: 1/3] x", "PATCH", false, false },
		{ "[GIT PULL] x", "GIT PULL", false, false },
		{ "Re: [PATCH] x", "", false, false },
		{ "[] x", "", false, false },
		{ "x [PATCH]", "", false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO(str_done) struct str prefix = STR_INIT;
		struct tags t;

		tags_read(cases[i].subject, &t);
		tags_prefix(cases[i].subject, &prefix);
		if (strcmp(str_get(&prefix), cases[i].prefix) != 0 ||
		    t.rfc != cases[i].rfc || t.resend != cases[i].resend)
			fail_msg("\"%s\": \"%s\" %d %d", cases[i].subject,
				 str_get(&prefix), t.rfc, t.resend);
	}
}

static void test_trees(void **state)
{
	static const char *const cases[][2] = {
		{ "[PATCH 5.10 1/2] x", "5.10" },
		{ "[PATCH v2.1 6.1.y] x", "6.1" },
		{ "[PATCH AUTOSEL 5.4 03/13] x", "5.4" },
		{ "[PATCH 5.10/5.15 v3] x", "5.10" },
		{ "[PATCH for-6.12 5.15-stable] x", "6.12 5.15" },
		{ "[PATCH linux-6.1.y-cip] x", "6.1" },
		{ "[PATCH net-next2 v2 1/3] x 5.10", "" },
		{ "[PATCH 2. .2 5] x", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO(str_done) struct str trees = STR_INIT;

		tags_trees(cases[i][0], &trees);
		assert_string_equal(str_get(&trees), cases[i][1]);
	}
}

/* ---- mails ---- */

static void test_sender(void **state)
{
	static const struct {
		const char *headers, *sender;
	} cases[] = {
		{ "From: A B <A@x.org>\n", "a@x.org" },
		{ "From: \"'A B' via dev\" <dev@lists.org>\nList-Id: <dev.lists.org>\n"
		  "X-Original-From: A B <a@x.org>\nReply-To: z@x.org\n",
		  "a@x.org" },
		{ "From: A B via dev <dev@lists.org>\nReply-To: A B <a@x.org>, dev@lists.org\n"
		  "List-ID: Development <dev.lists.org>\n",
		  "a@x.org" },
		{ "From: A via dev <dev@lists.org>\nList-Id: <dev.lists.org>\n",
		  "dev@lists.org" },
		/* Anybody can write these headers: only a list's own address is seen through. */
		{ "From: B via dev <b@x.org>\nX-Original-From: a@x.org\nReply-To: a@x.org\n"
		  "List-Id: <dev.lists.org>\n",
		  "b@x.org" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_FREE char *raw = str_printf("%sSubject: x\n\ny\n", cases[i].headers);
		struct mail *m;

		assert_int_equal(mail_parse(raw, strlen(raw), &m, NULL), 0);
		assert_string_equal(m->sender, cases[i].sender);
		mail_free(m);
	}
}

/* ---- threads ---- */

static struct thread *load(const char *name)
{
	struct thread *t = thread_new(0);
	struct err err = { .code = ERR_NONE };
	size_t len;
	AUTO_FREE char *mbox = own_mail(name, &len);

	if (thread_add_mbox(t, mbox, len, &err) < 0)
		fail_msg("%s: %s", name, err.msg);
	return t;
}

struct want {
	const char *name, *msgid;
	int version;
	bool found;
	int got_version, total;
	const char *cover;  /* its id, "" for none */
	const char *ids;    /* of the patches, "-" where one is missing */
	const char *reason; /* a part of it; or of the notes where found */
};

static const struct want wanted[] = {
	{ "versions.mbox", NULL, 0, true, 2, 3, "v2-0", "v2-1 v2-2 v2-3", "" },
	{ "versions.mbox", NULL, 1, true, 1, 3, "v1-0", "v1-1 v1-2 v1-3", "" },
	{ "versions.mbox", "reply-1@localhost", 0, true, 2, 3, "v2-0", "v2-1 v2-2 v2-3",
	  "reply-1@localhost is no patch" },
	{ "versions.mbox", "v1-2@localhost", 0, true, 2, 3, "v2-0", "v2-1 v2-2 v2-3",
	  "v2 is newer" },
	{ "versions.mbox", NULL, 7, false, 0, 0, "", "",
	  "no version 7 of it here, only v1, v2" },
	{ "versions.mbox", "other@localhost", 0, false, 0, 0, "", "", "no mail of id" },
	{ "hole.mbox", NULL, 0, false, 1, 5, "hole-0", "hole-1 - hole-3 - hole-5",
	  "patches 2, 4 of 5 are missing" },
	{ "nocover.mbox", NULL, 0, true, 1, 3, "", "v1-1 v1-2 v1-3", "" },
	{ "reroll.mbox", NULL, 0, true, 2, 3, "v1-0", "v1-1 v2-2 v1-3",
	  "posts only some" },
	{ "twice.mbox", NULL, 0, true, 1, 3, "v1-0", "v1-1 v1-2 v1-3",
	  "also in the thread" },
	{ "beyond.mbox", NULL, 0, false, 1, 3, "v1-0", "v1-1 v1-2 v1-3", "patch 4 of 3" },
	{ "odd-tags.mbox", NULL, 0, true, 2, 2, "odd-0", "odd-1 odd-2",
	  "patch 2 has no v2" },
	{ "pull.mbox", NULL, 0, false, 0, 0, "", "", "a pull request" },
	{ "untagged.mbox", NULL, 0, false, 0, 0, "", "", "without a [PATCH] tag" },
	{ "replies.mbox", NULL, 0, false, 0, 0, "", "", "only replies" },
	{ "cover-only.mbox", NULL, 0, false, 0, 0, "", "", "without its patches" },
	{ "empty.mbox", NULL, 0, false, 0, 0, "", "", "no mail" },
	{ "nomail.eml", NULL, 0, false, 0, 0, "", "", "no mail" },
	{ "nodiff.eml", NULL, 0, false, 0, 0, "", "", "without its patches" },
	{ "plain.eml", NULL, 0, true, 1, 1, "", "plain", "" },
	{ "mboxrd.mbox", NULL, 0, true, 1, 2, "", "from-1 from-2", "" },
	{ "mboxo.mbox", NULL, 0, true, 1, 2, "", "from-1 from-2", "" },
	{ "unquoted.mbox", NULL, 0, true, 1, 2, "", "from-1 from-2", "" },
};

static void check_ids(const struct want *w, const struct mail_series *s)
{
	AUTO(str_done) struct str ids = STR_INIT;
	AUTO_FREE char *cover = str_printf("%s@localhost", w->cover);

	for (int k = 0; k < s->total; k++) {
		const char *id = s->patches[k] ? s->patches[k]->message_id : "-";

		str_addf(&ids, "%s%.*s", k ? " " : "", (int)strcspn(id, "@"), id);
	}
	assert_string_equal(str_get(&ids), w->ids);
	if (*w->cover)
		assert_string_equal(s->cover ? s->cover->message_id : "", cover);
	else
		assert_null(s->cover);
}

static void test_threads(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		const struct want *w = &wanted[i];
		struct thread *t = load(w->name);
		struct mail_series s;
		bool found = thread_find(t, w->msgid, w->version, &s);
		const char *said = found ? str_get(&s.notes) : s.reason;

		if (found != w->found || s.version != w->got_version ||
		    s.total != w->total || !strstr(said, w->reason))
			fail_msg("%s: found %d v%d n %d: %s%s", w->name, found, s.version,
				 s.total, s.reason, str_get(&s.notes));
		check_ids(w, &s);
		mail_series_done(&s);
		thread_free(t);
	}
}

/* What stood in the bodies comes out the same from every dialect of mbox. */
static void test_mbox_dialects(void **state)
{
	static const char *const names[] = { "mboxrd.mbox", "mboxo.mbox",
					     "unquoted.mbox" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct thread *t = load(names[i]);
		const struct mail *m = thread_by_id(t, "from-2@localhost");

		assert_int_equal(thread_count(t), 2);
		assert_non_null(strstr(m->raw, "\nFrom the start it was wrong.\n"));
		if (strcmp(names[i], "mboxo.mbox") != 0)
			assert_non_null(strstr(m->raw, "\n>From another one.\n"));
		thread_free(t);
	}
}

static void test_mbox_round_trip(void **state)
{
	static const char mail[] = "From: x\n\nFrom a\n>From b\n>>From c\nFrom: d\nend";
	AUTO(str_done) struct str box = STR_INIT;
	struct thread *t = thread_new(0);

	(void)state;
	mbox_add(&box, mail, sizeof(mail) - 1);
	mbox_add(&box, "From: y\n\nx", 10);
	assert_int_equal(thread_add_mbox(t, str_get(&box), box.len, NULL), 0);
	assert_int_equal(thread_count(t), 2);
	assert_memory_equal(thread_mail(t, 0)->raw, mail, sizeof(mail) - 1);
	thread_free(t);
}

static void test_ring_of_answers(void **state)
{
	static const char box[] =
		"From mboxrd@z Thu Jan  1 00:00:00 1970\nFrom: x <x@localhost>\n"
		"Subject: a\nMessage-ID: <a@x>\nIn-Reply-To: <b@x>\n\nx\n\n"
		"From mboxrd@z Thu Jan  1 00:00:00 1970\nFrom: x <x@localhost>\n"
		"Subject: b\nMessage-ID: <b@x>\nIn-Reply-To: <a@x>\n\nx\n\n";
	struct thread *t = thread_new(0);
	struct mail_series s;

	(void)state;
	assert_int_equal(thread_add_mbox(t, box, sizeof(box) - 1, NULL), 0);
	assert_false(thread_find(t, "a@x", 0, &s));
	mail_series_done(&s);
	thread_free(t);
}

static void test_limit_on_a_mail(void **state)
{
	struct thread *t = thread_new(100);
	struct err err = { .code = ERR_NONE };
	size_t len;
	AUTO_FREE char *mbox = own_mail("versions.mbox", &len);

	(void)state;
	assert_int_equal(thread_add_mbox(t, mbox, len, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	thread_free(t);
}

static void test_repair(void **state)
{
	static const char raw[] =
		"From: sluice\r\n example <x@localhost>\r\nX-Other: a\r\n b\r\n"
		"Subject: [PATCH]\r\n\tx\r\nDate: Mon, 02 Nov 2026 10:00:00 +9900\r\n"
		"\r\nSubject: body\r\n y\r\n";
	AUTO(str_done) struct str out = STR_INIT;
	struct mail *m;

	(void)state;
	assert_int_equal(mail_parse(raw, sizeof(raw) - 1, &m, NULL), 0);
	assert_true(m->id_made);
	mail_repaired(m, NULL, &out);
	assert_non_null(strstr(str_get(&out), "\nFrom: sluice example <x@localhost>\n"));
	assert_non_null(strstr(str_get(&out), "\nX-Other: a\r\n b\r\n"));
	assert_non_null(strstr(str_get(&out), "\nSubject: [PATCH] x\n"));
	assert_non_null(
		strstr(str_get(&out), "\nDate: Mon, 02 Nov 2026 10:00:00 +0000\n"));
	assert_non_null(strstr(str_get(&out), "\r\nSubject: body\r\n y\r\n"));
	assert_non_null(strstr(str_get(&out), "Message-ID: <"));
	mail_free(m);
}

/* ---- the role, with the real b4 ---- */

static void test_role_on_own(void **state)
{
	if (!have_b4())
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		const struct want *w = &wanted[i];
		AUTO_FREE char *path = own_mail_path(w->name);
		AUTO_JSON struct json_object *r =
			fetch(*state, "mbox", path, w->msgid, w->version, "b4");
		const char *status = json_str(r, "status", "");
		struct json_object *series = json_obj(r, "series");

		if (strcmp(status, w->found ? "ok" : "unusable") != 0 ||
		    (!w->found && !strstr(json_str(r, "reason", ""), w->reason)))
			fail_msg("%s: %s", w->name, json_object_to_json_string(r));
		if (!w->found)
			continue;
		assert_string_equal(json_str(r, "assembled", ""), "b4");
		assert_int_equal(json_int(series, "version", 0), w->got_version);
		assert_int_equal(json_len(json_arr(r, "patches")), w->total);
		for (int k = 1; k <= w->total; k++)
			compare_with_git(*state, w->name, k);
	}
}

static void test_role_tells(void **state)
{
	AUTO_FREE char *path = own_mail_path("versions.mbox");
	AUTO_JSON struct json_object *r = NULL;
	struct json_object *series, *trailer;

	if (!have_b4())
		skip();
	r = fetch(*state, "mbox", path, NULL, 1, "b4");
	series = json_obj(r, "series");
	assert_string_equal(json_str(series, "message_id", ""), "v1-0@localhost");
	assert_string_equal(json_str(series, "subject", ""), "example series");
	assert_string_equal(json_str(series, "author", ""),
			    "sluice example <example@localhost>");
	assert_string_equal(json_str(series, "base_commit", ""),
			    "0123456789abcdef0123456789abcdef01234567");
	assert_memory_equal(json_str(series, "cover", ""), "The cover letter.", 17);
	assert_int_equal(json_len(json_arr(series, "trailers")), 1);
	trailer = json_object_array_get_idx(json_arr(series, "trailers"), 0);
	assert_int_equal(json_int(trailer, "patch", 0), 1);
	assert_string_equal(json_str(trailer, "trailer", ""),
			    "Reviewed-by: sluice example <example@localhost>");
}

/* As git format-patch writes them: a folder of files without message-ids. */
static void test_role_on_format_patch(void **state)
{
	AUTO_FREE char *path = own_mail_path("format-patch.mbox");
	AUTO_JSON struct json_object *r = NULL;

	if (!have_b4())
		skip();
	r = fetch(*state, "mbox", path, NULL, 0, "b4");
	assert_string_equal(json_str(r, "status", ""), "ok");
	assert_string_equal(json_str(r, "assembled", ""), "b4");
	assert_int_equal(json_len(json_arr(r, "patches")), 3);
	assert_true(str_ends(json_str(json_obj(r, "series"), "message_id", ""),
			     "@sluice.invalid"));
}

static void test_role_on_maildir(void **state)
{
	static const char *const names[] = { "folded.eml", "nodate.eml", "encoded.eml",
					     "base64.eml" };
	AUTO_FREE char *box = path_join(*state, "box", NULL);
	AUTO_FREE char *new = path_join(box, "new", NULL);

	if (!have_b4())
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t len;
		AUTO_FREE char *mail = own_mail(names[i], &len);
		AUTO_FREE char *file = path_join(new, "1", NULL);
		AUTO_JSON struct json_object *r = NULL;

		assert_int_equal(dir_make(new, 0755, NULL), 0);
		assert_int_equal(file_write_atomic(file, mail, len, 0644, NULL), 0);
		r = fetch(*state, "maildir", box, NULL, 0, "b4");
		if (strcmp(json_str(r, "status", ""), "ok") != 0 ||
		    strcmp(json_str(r, "assembled", ""), "b4") != 0)
			fail_msg("%s: %s", names[i], json_object_to_json_string(r));
		compare_with_git(*state, names[i], 1);
	}
}

static void test_role_without_b4(void **state)
{
	AUTO_FREE char *path = own_mail_path("versions.mbox");
	AUTO_JSON struct json_object *r =
		fetch(*state, "mbox", path, NULL, 0, "no-such-b4");

	assert_string_equal(json_str(r, "status", ""), "error");
	assert_int_equal(json_int(r, "code", 0), ERR_MISSING);
	assert_non_null(strstr(json_str(r, "reason", ""), "no-such-b4 is not installed"));
}

static char *write_stub(const char *dir, const char *script)
{
	char *path = path_join(dir, "stub-b4", NULL);

	assert_int_equal(file_write_atomic(path, script, strlen(script), 0755, NULL), 0);
	return path;
}

/* b4 dies, or loses mails: sluice takes them as they are and says so. */
static void test_role_when_b4_fails(void **state)
{
	static const char *const scripts[] = {
		"#!/bin/sh\necho Traceback; echo 'ValueError: no'; exit 1\n",
		"#!/bin/sh\nexit 0\n",
		"#!/bin/sh\necho junk >../out/series.mbx\n",
	};
	AUTO_FREE char *path = own_mail_path("folded.eml");

	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
		AUTO_FREE char *b4 = write_stub(*state, scripts[i]);
		AUTO_JSON struct json_object *r =
			fetch(*state, "mbox", path, NULL, 0, b4);

		assert_string_equal(json_str(r, "status", ""), "ok");
		assert_string_equal(json_str(r, "assembled", ""), "sluice");
		assert_int_equal(json_len(json_arr(r, "patches")), 1);
		assert_true(json_len(json_arr(r, "notes")) > 0);
		compare_with_git(*state, "folded.eml", 1);
	}
}

static void test_role_when_b4_refuses(void **state)
{
	AUTO_FREE char *path = own_mail_path("plain.eml");
	AUTO_FREE char *b4 = write_stub(
		*state,
		"#!/bin/sh\necho 'Exiting due to attestation-policy: hardfail'\nexit 128\n");
	AUTO_JSON struct json_object *r = fetch(*state, "mbox", path, NULL, 0, b4);

	assert_string_equal(json_str(r, "status", ""), "unusable");
	assert_non_null(
		strstr(json_str(r, "reason", ""), "attestation-policy: hardfail"));
}

#define in_tmpdir(test) \
	cmocka_unit_test_setup_teardown(test, tmpdir_setup, tmpdir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_trees),
		cmocka_unit_test(test_sender),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_mbox_dialects),
		cmocka_unit_test(test_mbox_round_trip),
		cmocka_unit_test(test_ring_of_answers),
		cmocka_unit_test(test_limit_on_a_mail),
		cmocka_unit_test(test_repair),
		in_tmpdir(test_role_on_own),
		in_tmpdir(test_role_tells),
		in_tmpdir(test_role_on_format_patch),
		in_tmpdir(test_role_on_maildir),
		in_tmpdir(test_role_without_b4),
		in_tmpdir(test_role_when_b4_fails),
		in_tmpdir(test_role_when_b4_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
