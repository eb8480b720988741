/*
 * detectors N: asks a kernel with one of the example series "detectors" and
 * "detectors-debug" for its Nth misbehaviour. Any other kernel says that there is
 * no such memory.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/ktap.h"

#define PROBE 0x736c75696365UL

int main(int argc, char **argv)
{
	size_t what = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
	int ret;

	if (what == 0)
		ktap_bail("usage: detectors N");
	ktap_begin(1);
	errno = 0;
	ret = mlock((void *)PROBE, what);
	ktap_check(ret < 0 && errno == ENOMEM, "mlock",
		   "expected no such memory, saw %d: %s", ret, strerror(errno));
	return ktap_end();
}
