/* Processes: ones that die, that do not, and far too many. */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "badguest/cases.h"

static void ignore_all(void)
{
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_IGN);
}

__attribute__((noreturn)) static void spin(void)
{
	for (;;)
		__asm__ volatile("" ::: "memory");
}

int case_signal(void)
{
	signal(SIGSEGV, SIG_DFL);
	raise(SIGSEGV);
	return 0;
}

int case_hang(void)
{
	ignore_all();
	for (;;)
		pause();
}

/* Each child leads a session of its own, forks on, and spins when it cannot. */
int case_fork_bomb(void)
{
	ignore_all();
	for (;;) {
		pid_t pid = fork();

		if (pid == 0)
			setsid();
		else if (pid < 0)
			spin();
	}
}

static int wait_for_ever(void *arg)
{
	for (;;)
		pause();
	return arg != NULL;
}

/* As many as there may be, cheap ones: they share their memory, not their signals. */
int case_crowd(void)
{
	static char stack[4096] __attribute__((aligned(16)));
	int n = 0;

	ignore_all();
	/* On one stack: none of them ever returns. */
	while (clone(wait_for_ever, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL) > 0)
		n++;
	printf("# data processes=%d\n", n);
	fflush(stdout);
	for (;;)
		pause();
}

/* A child that would tell if it lived on, all others, and then itself. */
int case_kill_all(void)
{
	if (fork() == 0) {
		sleep(1);
		printf("alive\n");
		fflush(stdout);
		_exit(0);
	}
	kill(-1, SIGKILL);
	raise(SIGKILL);
	return 0;
}

int case_closed_stdout(void)
{
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	spin();
}

/* Ends well, and leaves what holds its output and a CPU. */
int case_orphans(void)
{
	for (int i = 0; i < 5; i++) {
		if (fork() != 0)
			continue;
		setsid();
		ignore_all();
		if (i % 2)
			spin();
		for (;;) {
			usleep(10000);
			printf("still here\n");
			fflush(stdout);
		}
	}
	printf("KTAP version 1\n1..1\nok 1 orphans\n");
	return 0;
}
