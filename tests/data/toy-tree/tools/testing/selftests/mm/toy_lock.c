/* Locks as many pages as the tree's own header says. */
#include <linux/toy.h>
#include <mm/toy_limits.h>

#include "../kselftest.h"
#include "local_config.h"
#include "toy_util.h"

int main(void)
{
	return ksft_one(toy_locked(TOY_PAGES) && TOY_PAGES <= TOY_LIMIT, "lock");
}
