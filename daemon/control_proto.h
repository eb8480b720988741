/*
 * The language of the control socket: one JSON object a line, at most 64 KiB of it.
 * Bytes in, requests out; there is no descriptor in here.
 *
 *	{"op": "submit", "request": {...}, "interactive": true, "watch": true}
 *	{"op": "watch", "job": 12}      what happens in it, until it is over
 *	{"op": "cancel", "job": 12}
 *	{"op": "rerun", "job": 12} or {"op": "rerun", "series": 3}
 *	{"op": "pause", "what": "background"} or "all"; {"op": "resume"}
 *	{"op": "clean", "watch": true}  retention, next
 *	{"op": "status"}
 *	{"op": "mark", "bisection": 3, "commit": "<in full>", "bad": true}
 *	{"op": "trees"}                 one was added by hand: what waits for it, now
 *
 * "request" is as daemon/request.h has it; where it has "mails", a sealed memory
 * file with them comes along as a descriptor (daemon/mails.h). Answered is with one
 * {"ok": {...}} or {"error": "why"}, the latter with "ours": true where the request
 * was not to blame; after that, to who watches, {"event": {...}} as
 * daemon/event_json.h has them, or of retention as daemon/service_keep.h does.
 */
#ifndef SLUICE_DAEMON_CONTROL_PROTO_H
#define SLUICE_DAEMON_CONTROL_PROTO_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/queue_order.h"
#include "daemon/request.h"
#include "lib/str.h"

#define CONTROL_LINE_MAX (64 * 1024)

struct control_reader {
	struct str line; /* what came of one that is not whole yet */
};
/* False: read no further, the other side is gone. */
typedef bool (*control_line_fn)(const char *line, size_t len, void *arg);

void control_reader_done(struct control_reader *r);
/*
 * fn for each whole line, without its newline. -1 with ERR_LIMIT when one is too
 * long; 0 also when fn stopped it.
 */
int control_feed(struct control_reader *r, const char *data, size_t len,
		 control_line_fn fn, void *arg, struct err *err);

enum control_op {
	CONTROL_SUBMIT,
	CONTROL_WATCH,
	CONTROL_CANCEL,
	CONTROL_RERUN,
	CONTROL_PAUSE,
	CONTROL_RESUME,
	CONTROL_CLEAN,
	CONTROL_STATUS,
	CONTROL_MARK,
	CONTROL_TREES,
};

struct control_request {
	enum control_op op;
	int64_t job, series;    /* 0: not given */
	struct request request; /* submit */
	bool interactive, watch;
	enum queue_paused pause; /* pause */
	int64_t bisection;       /* mark */
	char commit[41];
	bool bad;
};
void control_request_done(struct control_request *r);

/* ERR_INPUT when the line is no request. */
int control_parse(const char *line, size_t len, struct control_request *ret,
		  struct err *err);

#endif
