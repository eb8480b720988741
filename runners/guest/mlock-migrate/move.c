#include "mlock-migrate/move.h"

#include <stdlib.h>
#include <string.h>

#include "common/ktap.h"
#include "common/numa.h"
#include "common/slowdown.h"

#define TRIES 5

/*
 * What the call says of the pages is not looked at: where one page of a group stays,
 * it says nothing of the others, which moved (mm/migrate.c,
 * move_pages_and_store_status).
 */
static size_t move_once(const struct pageset *set, int node)
{
	int *status = calloc(set->n, sizeof(*status));
	long ret;

	if (!status)
		ktap_bail("out of memory for %zu pages", set->n);
	ret = numa_move((void **)set->addr, set->n, node, status);
	if (ret < 0)
		ktap_bail("move_pages to node %d: %s", node, strerror((int)-ret));
	free(status);
	return pageset_on_node(set, node);
}

size_t move_to(const struct pageset *set, int node, size_t *ret_first)
{
	size_t there = move_once(set, node);
	int tries = 1;

	*ret_first = there;
	while (there < set->n && tries++ < TRIES) {
		slowdown_pause_ms(10);
		there = move_once(set, node);
	}
	return there;
}
