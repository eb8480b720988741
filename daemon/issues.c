#include "daemon/issues.h"

#include <stdlib.h>
#include <string.h>

#include "db/verdict.h"
#include "lib/str.h"
#include "runners/kernel_version.h"

#define CONSOLE_HEAD (256 << 10) /* where the kernel says its version */

static bool is_failure(const struct result *res)
{
	return res->result == RESULT_FAIL || res->result == RESULT_TIMEOUT ||
	       res->result == RESULT_CRASH || res->result == RESULT_SPLAT;
}

static bool is_named(const struct known_issues *k, const char *test)
{
	for (size_t i = 0; i < k->n; i++)
		if (strcmp(k->v[i].test, test) == 0)
			return true;
	return false;
}

/* NULL when the console is no more: then nothing explains the failure. */
static char *boot_kernel(const struct run_boot *b)
{
	AUTO_FREE char *head = NULL;
	size_t len = 0;

	if (!b->boot.console ||
	    artifact_load(b->run->artifacts, b->boot.console, 0, CONSOLE_HEAD,
			  CONSOLE_HEAD, &head, &len, NULL) < 0)
		return NULL;
	return kernel_version_find(head, len);
}

void issues_mark(struct run_boot *b)
{
	const struct known_issues *k = b->run->plan->known_issues;
	AUTO_FREE char *kernel = NULL;

	for (size_t i = 0; i < b->nresults; i++) {
		const struct result *res = &b->results[i];

		if ((!is_failure(res) && res->result != RESULT_PASS) ||
		    !is_named(k, res->test))
			continue;
		if (!b->issues) {
			b->issues =
				mem_alloc0(b->nresults * sizeof(struct known_issue *));
			kernel = boot_kernel(b);
		}
		b->issues[i] = is_failure(res) ?
				       known_issues_find(k, res->test, b->boot.topology,
							 kernel, res->reason) :
				       known_issues_missed(k, res->test, b->boot.topology,
							   kernel);
	}
}

const struct known_issue *issues_explain(const struct run_boot *b,
					 const struct result *res)
{
	return b->issues && is_failure(res) ? b->issues[res - b->results] : NULL;
}

const struct known_issue *issues_missed(const struct run_boot *b,
					const struct result *res)
{
	return b->issues && res->result == RESULT_PASS ? b->issues[res - b->results] :
							 NULL;
}

struct json_object *issues_json(const struct run_boot *b)
{
	struct json_object *list = NULL;

	for (size_t i = 0; i < b->nresults; i++) {
		const struct known_issue *issue = issues_explain(b, &b->results[i]);
		AUTO_FREE char *reason = NULL;
		struct json_object *o;

		if (!issue)
			continue;
		reason = str_printf(VERDICT_KNOWN_ISSUE " (until %s): %s", issue->expires,
				    issue->reason);
		o = json_object_new_object();
		json_set_str(o, "test", b->results[i].test);
		json_set_str(o, "reason", reason);
		if (!list)
			list = json_object_new_array();
		json_object_array_add(list, o);
	}
	return list;
}
