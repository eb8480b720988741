#include "common/turn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/ktap.h"
#include "common/page.h"

/* The pipes of a turn's process, in it. */
static int my_to = -1, my_from = -1;

struct message {
	struct ktap_state ktap;
	bool ended;
};

/* Less than PIPE_BUF: whole or not at all. */
static bool send_message(int fd, bool ended)
{
	struct message m;

	memset(&m, 0, sizeof(m));
	ktap_save(&m.ktap);
	m.ended = ended;
	return write(fd, &m, sizeof(m)) == (ssize_t)sizeof(m);
}

static bool receive_message(int fd, struct message *m)
{
	ssize_t n;

	do {
		n = read(fd, m, sizeof(*m));
	} while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(*m))
		return false;
	ktap_restore(&m->ktap);
	return true;
}

/* At its end the parent is gone: nobody would read what we say. */
static void wait_turn(void)
{
	struct message m;

	if (!receive_message(my_to, &m))
		_exit(KTAP_FAIL);
}

static void child_main(turn_fn fn, void *arg)
{
	int ret;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	wait_turn();
	ret = page_open();
	if (ret < 0)
		ktap_bail("pagemap and kpageflags of a child: %s", strerror(-ret));
	fn(arg);
	send_message(my_from, true);
	_exit(KTAP_PASS);
}

void turn_start(struct turn *t, turn_fn fn, void *arg)
{
	int to[2], from[2];

	/* A child that died in between is told by its exit code. */
	signal(SIGPIPE, SIG_IGN);
	if (pipe2(to, O_CLOEXEC) < 0 || pipe2(from, O_CLOEXEC) < 0)
		ktap_bail("pipe: %s", strerror(errno));
	t->pid = fork();
	if (t->pid < 0)
		ktap_bail("fork: %s", strerror(errno));
	if (t->pid == 0) {
		close(to[1]);
		close(from[0]);
		my_to = to[0];
		my_from = from[1];
		child_main(fn, arg);
	}
	close(to[0]);
	close(from[1]);
	t->to = to[1];
	t->from = from[0];
}

static int wait_end(struct turn *t)
{
	int status = 0;

	while (waitpid(t->pid, &status, 0) < 0 && errno == EINTR)
		;
	close(t->to);
	close(t->from);
	t->pid = 0;
	return status;
}

/* It said why itself when it ended as a failed case does. */
static void died(struct turn *t)
{
	int status = wait_end(t);

	if (WIFEXITED(status) && WEXITSTATUS(status) == KTAP_FAIL)
		exit(KTAP_FAIL);
	if (WIFSIGNALED(status))
		ktap_bail("a child of the case died by signal %d", WTERMSIG(status));
	ktap_bail("a child of the case ended early with %d", WEXITSTATUS(status));
}

bool turn_run(struct turn *t)
{
	struct message m;

	if (!send_message(t->to, false) || !receive_message(t->from, &m))
		died(t);
	if (!m.ended)
		return true;
	wait_end(t);
	return false;
}

void turn_yield(void)
{
	send_message(my_from, false);
	wait_turn();
}

int turn_last(struct turn *t)
{
	send_message(t->to, false);
	return wait_end(t);
}

void turn_kill(struct turn *t)
{
	kill(t->pid, SIGKILL);
	wait_end(t);
}
