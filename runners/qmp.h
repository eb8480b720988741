/*
 * QEMU's machine protocol: bytes in, messages out. No descriptor inside. What
 * a guest can cause is capped: one message's size and nesting, and the number
 * of messages. After a broken or oversized message the stream is dead
 * (qmp_feed stays -1): QEMU does not send such.
 */
#ifndef SLUICE_RUNNERS_QMP_H
#define SLUICE_RUNNERS_QMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

#define QMP_MESSAGE_MAX (64u << 10)

enum qmp_kind {
	QMP_GREETING,
	QMP_RETURN, /* id */
	QMP_ERROR,  /* id, name: the error's class, text: its description */
	QMP_EVENT,  /* name, text: data.reason or data.action, or "" */
};

/* Strings are borrowed for the call. */
struct qmp_message {
	enum qmp_kind kind;
	long long id; /* -1: none */
	const char *name;
	const char *text;
	bool guest; /* data.guest of SHUTDOWN and RESET */
};

typedef void (*qmp_fn)(const struct qmp_message *m, void *arg);

struct qmp;

/* At most messages_max messages (0: no limit); one more is an ERR_LIMIT. */
struct qmp *qmp_new(uint64_t messages_max);
void qmp_free(struct qmp *q);

/* Calls fn for each whole message; -1 with err when the stream is unusable. */
int qmp_feed(struct qmp *q, const void *data, size_t len, qmp_fn fn, void *arg,
	     struct err *err);

/* {"execute": name, "id": id} and a newline; the caller frees. */
char *qmp_command(const char *name, unsigned int id);

#endif
