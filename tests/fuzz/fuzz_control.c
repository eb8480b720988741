/*
 * Any bytes on the control socket: lines stay bounded, and what parses as a request
 * comes out the same after a way through JSON.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/control_proto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool on_line(const char *line, size_t len, void *arg)
{
	struct control_request r;

	(void)arg;
	if (len > CONTROL_LINE_MAX)
		abort();
	if (control_parse(line, len, &r, NULL) < 0)
		return true;
	if (r.op == CONTROL_SUBMIT) {
		struct json_object *o = request_to_json(&r.request), *again;
		struct request copy;

		if (request_from_json(o, &copy, NULL) < 0)
			abort();
		again = request_to_json(&copy);
		if (!json_object_equal(o, again))
			abort();
		json_object_put(o);
		json_object_put(again);
		request_done(&copy);
	}
	control_request_done(&r);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct control_reader r = { .line = STR_INIT };
	size_t half = size / 2;

	if (control_feed(&r, (const char *)data, half, on_line, NULL, NULL) == 0)
		control_feed(&r, (const char *)data + half, size - half, on_line, NULL,
			     NULL);
	control_reader_done(&r);
	return 0;
}
