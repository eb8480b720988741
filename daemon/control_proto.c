#include "daemon/control_proto.h"

#include <string.h>

static const char *const ops[] = {
	[CONTROL_SUBMIT] = "submit", [CONTROL_WATCH] = "watch",
	[CONTROL_CANCEL] = "cancel", [CONTROL_RERUN] = "rerun",
	[CONTROL_PAUSE] = "pause",   [CONTROL_RESUME] = "resume",
	[CONTROL_CLEAN] = "clean",   [CONTROL_STATUS] = "status",
	[CONTROL_MARK] = "mark",     [CONTROL_TREES] = "trees",
};

void control_reader_done(struct control_reader *r)
{
	str_done(&r->line);
}

int control_feed(struct control_reader *r, const char *data, size_t len,
		 control_line_fn fn, void *arg, struct err *err)
{
	while (len) {
		const char *nl = memchr(data, '\n', len);
		size_t n = nl ? (size_t)(nl - data) : len;
		AUTO(str_done) struct str line = STR_INIT;

		if (r->line.len + n > CONTROL_LINE_MAX)
			return err_set(err, ERR_LIMIT, "a line of more than %d bytes",
				       CONTROL_LINE_MAX);
		str_addn(&r->line, data, n);
		if (!nl)
			return 0;
		data += n + 1;
		len -= n + 1;
		/* Out of the reader, which fn may take away with its client. */
		line = r->line;
		r->line = (struct str)STR_INIT;
		if (!fn(str_get(&line), line.len, arg))
			return 0;
	}
	return 0;
}

void control_request_done(struct control_request *r)
{
	request_done(&r->request);
	*r = (struct control_request){ .op = CONTROL_STATUS };
}

static int parse_op(struct json_object *o, enum control_op *ret, struct err *err)
{
	const char *word = json_str(o, "op", "");

	for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
		if (strcmp(ops[i], word) == 0) {
			*ret = (enum control_op)i;
			return 0;
		}
	return err_set(err, ERR_INPUT, "there is no such \"op\"");
}

/* Which server the daemon asks is not for a client to say. */
static int parse_submit(struct json_object *o, struct control_request *r, struct err *err)
{
	struct json_object *q = json_obj(o, "request");

	if (json_str(q, "archive", NULL))
		return err_set(err, ERR_INPUT, "\"archive\" is not for a client to say");
	return request_from_json(q, &r->request, err);
}

static int parse_mark(struct json_object *o, struct control_request *r, struct err *err)
{
	const char *commit = json_str(o, "commit", "");

	r->bisection = json_int(o, "bisection", 0);
	r->bad = json_flag(o, "bad", false);
	if (r->bisection <= 0 || strlen(commit) != 40 ||
	    strspn(commit, "0123456789abcdef") != 40)
		return err_set(err, ERR_INPUT,
			       "which \"bisection\", and which \"commit\" in full?");
	memcpy(r->commit, commit, sizeof(r->commit));
	return 0;
}

static int parse_rest(struct json_object *o, struct control_request *r, struct err *err)
{
	switch (r->op) {
	case CONTROL_SUBMIT:
		return parse_submit(o, r, err);
	case CONTROL_WATCH:
	case CONTROL_CANCEL:
		if (r->job <= 0)
			return err_set(err, ERR_INPUT, "which \"job\"?");
		return 0;
	case CONTROL_RERUN:
		if ((r->job > 0) == (r->series > 0))
			return err_set(err, ERR_INPUT,
				       "either \"job\" or \"series\" is needed");
		return 0;
	case CONTROL_PAUSE:
		r->pause = queue_paused_parse(json_str(o, "what", ""));
		if (r->pause == QUEUE_RUNS)
			return err_set(err, ERR_INPUT,
				       "\"what\" is neither background nor all");
		return 0;
	case CONTROL_MARK:
		return parse_mark(o, r, err);
	case CONTROL_RESUME:
	case CONTROL_CLEAN:
	case CONTROL_STATUS:
	case CONTROL_TREES:
		return 0;
	}
	return err_set(err, ERR_INTERNAL, "op %d", (int)r->op);
}

int control_parse(const char *line, size_t len, struct control_request *ret,
		  struct err *err)
{
	AUTO_JSON struct json_object *o = NULL;
	struct control_request r = { .op = CONTROL_STATUS };

	if (json_parse(line, len, &o, err) < 0)
		return -1;
	if (parse_op(o, &r.op, err) < 0)
		return -1;
	r.job = json_int(o, "job", 0);
	r.series = json_int(o, "series", 0);
	r.interactive = json_flag(o, "interactive", false);
	r.watch = json_flag(o, "watch", false);
	if (parse_rest(o, &r, err) < 0)
		return -1;
	*ret = r;
	return 0;
}
