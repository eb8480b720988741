/*
 * Mail of strangers through everything that reads it: patch_parse, the path
 * policy on its diff and on the bytes as they are, and the search for a series
 * in them as an mbox, with the repair that b4 gets.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/mbox.h"
#include "kernels/patch.h"
#include "kernels/policy.h"
#include "kernels/refname.h"
#include "kernels/thread.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *diff, size_t len)
{
	const struct policy_limits limits = { .patch_bytes = 1 << 20,
					      .patch_files = 100 };
	struct refusal r;

	/* A refusal always says why. */
	if (!policy_check_diff(diff, len, &limits, &r) && !*r.reason)
		abort();
}

static void try_patch(const char *text, size_t len)
{
	struct err err = { .code = ERR_NONE };
	struct patch *p;

	if (patch_parse(text, len, &p, &err) < 0) {
		if (err.code != ERR_INPUT)
			abort();
		return;
	}
	check(p->diff, p->diff_len);
	free(refname_encode(p->message_id));
	patch_free(p);
}

static void try_thread(const char *text, size_t len)
{
	struct thread *t = thread_new(1 << 20);
	struct mail_series s;

	thread_add_mbox(t, text, len, NULL);
	for (size_t i = 0; i < thread_count(t) && i < 5; i++) {
		const struct mail *m = thread_mail(t, i);
		struct str out = STR_INIT, box = STR_INIT;

		mail_repaired(m, i % 2 ? "[PATCH] x" : NULL, &out);
		mbox_add(&box, str_get(&out), out.len);
		str_done(&out);
		str_done(&box);
		if (thread_find(t, m->message_id, 0, &s) && s.total < 1)
			abort();
		mail_series_done(&s);
	}
	thread_find(t, NULL, 0, &s);
	mail_series_done(&s);
	thread_free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy that ends where it ends, so that a read beyond is seen. */
	char *text = malloc(size ? size : 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	check(text, size);
	try_patch(text, size);
	try_thread(text, size);
	free(text);
	return 0;
}
