/*
 * The control socket, STATE/control: who may connect, lines in, answers out. Who
 * connects must be the user that the daemon runs as, root, or in the configured
 * group; that is asked of the kernel (SO_PEERCRED, SO_PEERGROUPS), not of the file's
 * mode alone. What strangers may cost is bounded: clients, bytes of a line, bytes
 * that wait to be read, idle time. Nothing blocks.
 */
#ifndef SLUICE_DAEMON_CONTROL_H
#define SLUICE_DAEMON_CONTROL_H

#include <sys/socket.h>
#include <systemd/sd-event.h>

#include "daemon/control_proto.h"

#define CONTROL_CLIENTS_MAX 128
/* Of one user, so that none keeps the others from asking, or from cancelling. */
#define CONTROL_CLIENTS_USER 96
#define CONTROL_SOCKET "control"

struct control;
struct control_client;

/* r is the callee's to read; it answers with one control_ok or control_error. */
typedef void (*control_fn)(struct control_client *cl, struct control_request *r,
			   void *arg);

/* group: "", or the name of one that may connect as well; ERR_MISSING when there is
 * no such group. */
int control_new(sd_event *event, const char *state_dir, const char *group, control_fn fn,
		void *arg, struct control **ret_control, struct err *err);
/* The socket is taken away, and all clients are closed. */
void control_free(struct control *c);
int control_set_group(struct control *c, const char *group, struct err *err);

/* what is handed over. */
void control_ok(struct control_client *cl, struct json_object *what);
/* Only ERR_INPUT and ERR_LIMIT are the client's fault; the rest is told as ours. */
void control_error(struct control_client *cl, enum err_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
const struct ucred *control_peer(const struct control_client *cl);
/* The descriptor that came with the request, or -1; the client keeps it. */
int control_mails(const struct control_client *cl);

/* What retention drops, in place of a job's number: those are above 0. */
#define CONTROL_WATCH_CLEAN (-1)
/* From now on this client hears what is told of the job, instead of any other. */
void control_watch(struct control_client *cl, int64_t job);
/* To all that watch it; event is borrowed. last: it is over, nobody watches on. */
void control_tell(struct control *c, int64_t job, struct json_object *event, bool last);

#endif
