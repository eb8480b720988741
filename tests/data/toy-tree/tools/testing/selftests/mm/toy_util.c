#include "toy_util.h"

int toy_locked(int pages)
{
	return pages > 0;
}
