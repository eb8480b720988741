/*
 * A second process of the test, forked from it, that does one thing at a time
 * when it is told to: so that two processes take turns and nothing depends on
 * who is faster. It prints nothing and answers with numbers. It dies with us.
 */
#ifndef SLUICE_GUEST_PEER_H
#define SLUICE_GUEST_PEER_H

#include <sys/types.h>

/* Runs in the peer: what to do, and a number for it. */
typedef long (*peer_fn)(void *arg, int what, long value);

struct peer {
	pid_t pid;
	int to, from;
};

/* Forks. arg is the peer's copy. Its pages are looked up by its own page_open(). */
void peer_start(struct peer *p, peer_fn fn, void *arg);
/* What fn gave. Blocks; a peer that died ends the case. */
long peer_ask(struct peer *p, int what, long value);
/* Lets it exit and waits for that: its memory is gone then. The wait status. */
int peer_end(struct peer *p);

#endif
