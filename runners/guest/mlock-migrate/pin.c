#include "mlock-migrate/pin.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/ktap.h"

void pin_take(struct pin *p, void *addr, size_t bytes)
{
	struct iovec iov = { .iov_base = addr, .iov_len = bytes };

	if (pipe2(p->fds, O_CLOEXEC) < 0)
		ktap_bail("pipe: %s", strerror(errno));
	if (vmsplice(p->fds[1], &iov, 1, 0) != (ssize_t)bytes)
		ktap_bail("vmsplice of %zu bytes: %s", bytes, strerror(errno));
}

void pin_drop(struct pin *p)
{
	close(p->fds[0]);
	close(p->fds[1]);
}
