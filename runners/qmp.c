#include "runners/qmp.h"

#include <string.h>

#include "lib/json.h"
#include "lib/str.h"

#define DEPTH_MAX 16

struct qmp {
	struct json_tokener *tok;
	uint64_t messages_max;
	uint64_t messages;
	size_t pending; /* bytes of the message being read */
	bool dead;
};

struct qmp *qmp_new(uint64_t messages_max)
{
	struct qmp *q = mem_alloc0(sizeof(*q));

	q->tok = json_tokener_new_ex(DEPTH_MAX);
	/* No comments; one message may follow the other in what we feed. */
	json_tokener_set_flags(q->tok,
			       JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS);
	q->messages_max = messages_max;
	return q;
}

void qmp_free(struct qmp *q)
{
	if (!q)
		return;
	json_tokener_free(q->tok);
	free(q);
}

static int die(struct qmp *q, struct err *err, enum err_code code, const char *what)
{
	q->dead = true;
	return err_set(err, code, "QMP: %s", what);
}

static void read_event(struct json_object *o, struct qmp_message *m)
{
	struct json_object *data = json_obj(o, "data");

	m->kind = QMP_EVENT;
	m->name = json_str(o, "event", "");
	m->text = json_str(data, "reason", json_str(data, "action", ""));
	m->guest = json_flag(data, "guest", false);
}

static bool read_message(struct json_object *o, struct qmp_message *m)
{
	struct json_object *error = json_obj(o, "error");

	*m = (struct qmp_message){ .name = "", .text = "", .id = json_int(o, "id", -1) };
	if (json_str(o, "event", NULL)) {
		read_event(o, m);
	} else if (error) {
		m->kind = QMP_ERROR;
		m->name = json_str(error, "class", "");
		m->text = json_str(error, "desc", "");
	} else if (json_object_object_get_ex(o, "return", NULL)) {
		m->kind = QMP_RETURN;
	} else if (json_obj(o, "QMP")) {
		m->kind = QMP_GREETING;
	} else {
		return false;
	}
	return true;
}

static int deliver(struct qmp *q, struct json_object *o, qmp_fn fn, void *arg,
		   struct err *err)
{
	struct qmp_message m;

	q->pending = 0;
	if (!json_object_is_type(o, json_type_object) || !read_message(o, &m))
		return die(q, err, ERR_INPUT, "a message of no known kind");
	if (q->messages_max && ++q->messages > q->messages_max)
		return die(q, err, ERR_LIMIT, "too many messages");
	fn(&m, arg);
	return 0;
}

/* One step of the tokener; *ret_used bytes are done with. */
static int step(struct qmp *q, const char *p, size_t len, size_t *ret_used, qmp_fn fn,
		void *arg, struct err *err)
{
	AUTO_JSON struct json_object *o = NULL;
	enum json_tokener_error e;

	if (len > QMP_MESSAGE_MAX)
		len = QMP_MESSAGE_MAX;
	o = json_tokener_parse_ex(q->tok, p, (int)len);
	e = json_tokener_get_error(q->tok);
	*ret_used = json_tokener_get_parse_end(q->tok);
	if (e == json_tokener_continue) {
		*ret_used = len;
		q->pending += len;
		if (q->pending > QMP_MESSAGE_MAX)
			return die(q, err, ERR_LIMIT, "a message over 64 KiB");
		return 0;
	}
	if (e != json_tokener_success)
		return die(q, err, ERR_INPUT, json_tokener_error_desc(e));
	return deliver(q, o, fn, arg, err);
}

int qmp_feed(struct qmp *q, const void *data, size_t len, qmp_fn fn, void *arg,
	     struct err *err)
{
	const char *p = data;

	if (q->dead)
		return err_set(err, ERR_INPUT, "QMP: unusable since a broken message");
	while (len) {
		size_t used = 0;

		/* Between messages only, where the tokener takes no blank itself. */
		if (q->pending == 0 && strchr(" \t\r\n", *p) && *p) {
			p++;
			len--;
			continue;
		}
		if (step(q, p, len, &used, fn, arg, err) < 0)
			return -1;
		p += used;
		len -= used;
	}
	return 0;
}

char *qmp_command(const char *name, unsigned int id)
{
	return str_printf("{\"execute\": \"%s\", \"id\": %u}\n", name, id);
}
