#include "common/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/ktap.h"
#include "common/page.h"

struct order {
	int what;
	long value;
};

static void serve(peer_fn fn, void *arg, int in, int out)
{
	struct order o;
	long answer;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (page_open() < 0)
		_exit(1);
	while (read(in, &o, sizeof(o)) == (ssize_t)sizeof(o)) {
		answer = fn(arg, o.what, o.value);
		if (write(out, &answer, sizeof(answer)) != (ssize_t)sizeof(answer))
			_exit(1);
	}
	_exit(0);
}

void peer_start(struct peer *p, peer_fn fn, void *arg)
{
	int to[2], from[2];

	signal(SIGPIPE, SIG_IGN);
	if (pipe2(to, O_CLOEXEC) < 0 || pipe2(from, O_CLOEXEC) < 0)
		ktap_bail("pipe: %s", strerror(errno));
	p->pid = fork();
	if (p->pid < 0)
		ktap_bail("fork: %s", strerror(errno));
	if (p->pid == 0) {
		close(to[1]);
		close(from[0]);
		serve(fn, arg, to[0], from[1]);
	}
	close(to[0]);
	close(from[1]);
	p->to = to[1];
	p->from = from[0];
}

long peer_ask(struct peer *p, int what, long value)
{
	struct order o = { .what = what, .value = value };
	long answer;

	if (write(p->to, &o, sizeof(o)) != (ssize_t)sizeof(o) ||
	    read(p->from, &answer, sizeof(answer)) != (ssize_t)sizeof(answer))
		ktap_bail("the second process is gone, status 0x%x", peer_end(p));
	return answer;
}

int peer_end(struct peer *p)
{
	int status = -1;

	close(p->to);
	close(p->from);
	while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}
