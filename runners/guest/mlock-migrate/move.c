#include "mlock-migrate/move.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/ktap.h"
#include "common/numa.h"
#include "common/slowdown.h"

#define TRIES 5

/* A page that did not move keeps the status that we wrote there. */
static size_t move_once(const struct pageset *set, int node)
{
	int *status = malloc(set->n * sizeof(*status));
	size_t i, there = 0;
	long ret;

	if (!status)
		ktap_bail("out of memory for %zu pages", set->n);
	for (i = 0; i < set->n; i++)
		status[i] = -EBUSY;
	ret = numa_move((void **)set->addr, set->n, node, status);
	if (ret < 0)
		ktap_bail("move_pages to node %d: %s", node, strerror((int)-ret));
	for (i = 0; i < set->n; i++)
		there += status[i] == node;
	free(status);
	return there;
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
	return pageset_on_node(set, node);
}
