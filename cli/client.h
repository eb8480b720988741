/*
 * The other end of the control socket (daemon/control_proto.h): what a command asks
 * of the daemon that holds a state folder, and what it hears. Calls block, but for
 * as long as they say.
 */
#ifndef SLUICE_CLI_CLIENT_H
#define SLUICE_CLI_CLIENT_H

#include "cli/context.h"
#include "lib/err.h"
#include "lib/json.h"

struct client;

/* 1 when a daemon answers there, 0 when none does, -1 when it may not be asked. */
int client_connect(const char *state_dir, struct client **ret_client, struct err *err);
void client_free(struct client *c);
/*
 * For a command that cannot do without: reads the configuration, opens the database
 * and connects. Tells what went wrong and returns the exit code.
 */
int client_open(struct context *cx, const struct cmd_common *common,
		struct client **ret_client);

/*
 * For who does by itself, as the one writer, what a daemon does where one runs: the
 * client of that, or *ret_client stays NULL. command is shown to others. Tells what
 * went wrong, which cx->why keeps, and returns the exit code.
 */
int client_or_writer(struct context *cx, const struct cmd_common *common,
		     const char *command, struct client **ret_client);

/* what is handed over; fd goes along unless it is -1, and stays the caller's. */
int client_send(struct client *c, struct json_object *what, int fd, struct err *err);
/*
 * The next line of the daemon: 1; 0 when ms passed, or when signals (a descriptor,
 * or -1) can be read; -1 with ERR_SYS when it hung up or said what is none. The caller puts it.
 */
int client_read(struct client *c, int ms, int signals, struct json_object **ret,
		struct err *err);
/* Sends, and waits for the answer; -1 with err when that is an error: ERR_INPUT when
 * what was asked is to blame, else ERR_SYS. */
int client_ask(struct client *c, struct json_object *what, int fd,
	       struct json_object **ret_ok, struct err *err);

/* {"op": op}; with "job" unless it is 0. */
struct json_object *client_op(const char *op, int64_t job);

#endif
