/*
 * The verdicts of a series while they are made, before the database has them. In memory
 * only.
 */
#ifndef SLUICE_DAEMON_VERDICT_LIST_H
#define SLUICE_DAEMON_VERDICT_LIST_H

#include "daemon/judge.h"
#include "db/verdict.h"

struct verdict_list {
	struct verdict *v;
	size_t n;
};

/* One more, of this (kind, config, topology, test), without a word yet; NULL: it is of
 * none. It is the list's, and stays where it is until the next one is added. */
struct verdict *verdict_add(struct verdict_list *l, enum verdict_kind kind,
			    const char *config, const char *topology, const char *test);
/* What was judged; with_runs: the counts as well. */
void verdict_fill(struct verdict *v, const struct judgement *j, bool with_runs);
/* The numbers first..last; the caller owns it. */
struct json_object *verdict_steps(long long first, long long last);

#endif
