/*
 * Processes that take turns at one test: while one runs the others wait, so that
 * a story like "the parent locks, the child locks, the parent unlocks" is told in
 * one order only, and all of them print results of one numbering. A turn's
 * process works in its own memory, with page files of its own (page_open). One
 * that dies of itself in its turn, other than by turn_run's end, ends the case.
 */
#ifndef SLUICE_GUEST_TURN_H
#define SLUICE_GUEST_TURN_H

#include <stdbool.h>
#include <sys/types.h>

struct turn {
	pid_t pid; /* 0: it has ended */
	int to, from;
};

typedef void (*turn_fn)(void *arg);

/* Forks a process that will run fn(arg) and end; it waits for its first turn. */
void turn_start(struct turn *t, turn_fn fn, void *arg);
/* Its turn: back when it yields or has ended. True while it lives. */
bool turn_run(struct turn *t);
/* In such a process: gives the turn back and waits for the next. */
void turn_yield(void);
/*
 * Its last turn, in which it prints nothing and leaves by a way of its own (a
 * plain _exit, an exec): how waitpid(2) tells its end.
 */
int turn_last(struct turn *t);
/* Between turns: kills it and waits for its end. */
void turn_kill(struct turn *t);

#endif
