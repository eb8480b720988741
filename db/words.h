/*
 * The words that tables, JSON and pages share, as enums. x_str gives the word,
 * x_parse the enum (false and untouched when it is none). Their order is that
 * of the tables in words.c.
 */
#ifndef SLUICE_DB_WORDS_H
#define SLUICE_DB_WORDS_H

#include <stdbool.h>

enum tree_kind { TREE_GIT, TREE_URL, TREE_TARBALL };

enum series_state {
	SERIES_NEW,
	SERIES_RUNNING,
	SERIES_DONE,
	SERIES_CANCELLED,
	SERIES_FAILED
};

enum step_apply {
	APPLY_BASE,
	APPLY_EXACT,
	APPLY_THREE_WAY,
	APPLY_GIT_AM,
	APPLY_ALREADY,
	APPLY_CONFLICT,
	APPLY_REFUSED,
	APPLY_NOT_REACHED,
};

enum build_status { BUILD_OK, BUILD_FAIL, BUILD_TIMEOUT, BUILD_INFRA, BUILD_SKIPPED };

enum boot_status {
	BOOT_OK,
	BOOT_PANIC,
	BOOT_HANG,
	BOOT_RESET,
	BOOT_TIMEOUT,
	BOOT_NO_RESULT,
	BOOT_INFRA,
	BOOT_SKIPPED, /* of a step only: never in a boot row */
};

/* Why a step got this boot: the cell's first, to see a failure again, or for
 * the tests that an earlier boot of the cell did not reach. */
enum boot_role { BOOT_FIRST, BOOT_CONFIRM, BOOT_REST };

enum test_result {
	RESULT_PASS,
	RESULT_FAIL,
	RESULT_SKIP,
	RESULT_TIMEOUT,
	RESULT_CRASH,
	RESULT_SPLAT,
	RESULT_NOT_RUN,
};

enum verdict_kind { KIND_APPLY, KIND_BUILD, KIND_WARNING, KIND_BOOT, KIND_TEST };

enum verdict_word {
	VERDICT_PASS,
	VERDICT_PRE_EXISTING,
	VERDICT_INTRODUCED,
	VERDICT_TRANSIENT,
	VERDICT_FLAKY,
	VERDICT_INCONCLUSIVE,
	VERDICT_NOT_TESTED,
	VERDICT_INFRA,
	VERDICT_WORDS, /* their number */
};

/* Of a posting: parts are waited for; not any more; all have come; a job has it; ... */
enum posting_state {
	POSTING_WAITING,
	POSTING_INCOMPLETE,
	POSTING_COMPLETE,
	POSTING_QUEUED,
	POSTING_DONE,
	POSTING_SUPERSEDED,
	POSTING_IGNORED,
};
/* What a job of the queue tests; bisect: commits of a tree, to find the one that broke
 * a test. */
enum queue_kind { QUEUE_SERIES, QUEUE_HEAD, QUEUE_BISECT };
/* Whether somebody waits for it. */
enum queue_class { QUEUE_INTERACTIVE, QUEUE_BACKGROUND };
enum queue_state {
	QUEUE_QUEUED,
	QUEUE_RUNNING,
	QUEUE_DONE,      /* run to its end */
	QUEUE_FAILED,    /* unusable, or lost to our own trouble for good */
	QUEUE_CANCELLED, /* by people, or by a newer version */
	QUEUE_APART,     /* it killed its worker too often */
};

#define WORDS_DECLARE(type)                  \
	const char *type##_str(enum type w); \
	bool type##_parse(const char *word, enum type *ret)

WORDS_DECLARE(tree_kind);
WORDS_DECLARE(series_state);
WORDS_DECLARE(step_apply);
WORDS_DECLARE(build_status);
WORDS_DECLARE(boot_status);
WORDS_DECLARE(boot_role);
WORDS_DECLARE(test_result);
WORDS_DECLARE(verdict_kind);
WORDS_DECLARE(verdict_word);
WORDS_DECLARE(posting_state);
WORDS_DECLARE(queue_kind);
WORDS_DECLARE(queue_class);
WORDS_DECLARE(queue_state);

#endif
