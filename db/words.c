#include "db/words.h"

#include <stddef.h>
#include <string.h>

#include "db/row.h"

#define MAX_WORDS 9

static const char *const sets[][MAX_WORDS] = {
	[WORDS_TREE_KIND] = { "git", "url", "tarball" },
	[WORDS_SERIES_STATE] = { "new", "running", "done", "cancelled", "failed" },
	[WORDS_STEP_APPLY] = { "base", "exact", "three-way", "git-am", "already-applied",
			       "conflict", "refused", "not-reached" },
	[WORDS_BUILD_STATUS] = { "ok", "fail", "timeout", "infra", "skipped" },
	[WORDS_BOOT_STATUS] = { "ok", "panic", "hang", "reset", "timeout", "no-result",
				"infra", "skipped" },
	[WORDS_BOOT_ROLE] = { "first", "confirm", "rest" },
	[WORDS_TEST_RESULT] = { "pass", "fail", "skip", "timeout", "crash", "splat",
				"not-run" },
	[WORDS_VERDICT_KIND] = { "apply", "build", "warning", "boot", "test" },
	[WORDS_VERDICT_WORD] = { "pass", "pre-existing", "introduced", "transient",
				 "flaky", "inconclusive", "not-tested", "infra" },
	[WORDS_ARTIFACT_KIND] = { "raw", "zstd" },
	[WORDS_POSTING_STATE] = { "waiting", "incomplete", "complete", "queued", "done",
				  "superseded", "ignored" },
	[WORDS_QUEUE_KIND] = { "series", "head", "bisect" },
	[WORDS_QUEUE_CLASS] = { "interactive", "background" },
	[WORDS_QUEUE_STATE] = { "queued", "running", "done", "failed", "cancelled",
				"apart" },
};

const char *word_str(enum word_set set, unsigned int value)
{
	return value < MAX_WORDS ? sets[set][value] : NULL;
}

int word_index(enum word_set set, const char *word)
{
	for (int i = 0; word && i < MAX_WORDS && sets[set][i]; i++)
		if (strcmp(sets[set][i], word) == 0)
			return i;
	return -1;
}

#define WORDS_DEFINE(type, set)                             \
	const char *type##_str(enum type w)                 \
	{                                                   \
		return word_str(set, (unsigned int)w);      \
	}                                                   \
	bool type##_parse(const char *word, enum type *ret) \
	{                                                   \
		int i = word_index(set, word);              \
		if (i >= 0)                                 \
			*ret = (enum type)i;                \
		return i >= 0;                              \
	}

WORDS_DEFINE(tree_kind, WORDS_TREE_KIND)
WORDS_DEFINE(series_state, WORDS_SERIES_STATE)
WORDS_DEFINE(step_apply, WORDS_STEP_APPLY)
WORDS_DEFINE(build_status, WORDS_BUILD_STATUS)
WORDS_DEFINE(boot_status, WORDS_BOOT_STATUS)
WORDS_DEFINE(boot_role, WORDS_BOOT_ROLE)
WORDS_DEFINE(test_result, WORDS_TEST_RESULT)
WORDS_DEFINE(verdict_kind, WORDS_VERDICT_KIND)
WORDS_DEFINE(verdict_word, WORDS_VERDICT_WORD)
WORDS_DEFINE(posting_state, WORDS_POSTING_STATE)
WORDS_DEFINE(queue_kind, WORDS_QUEUE_KIND)
WORDS_DEFINE(queue_class, WORDS_QUEUE_CLASS)
WORDS_DEFINE(queue_state, WORDS_QUEUE_STATE)
