#include "kernels/poll_web.h"

int poll_http_new(const struct poll *p, const char *auth, struct http **ret_http,
		  struct err *err)
{
	struct http_opts o = {
		.base = p->url,
		.agent = "sluice (tests patches of mailing lists)",
		.auth = auth,
		.connect_ms = p->limits.connect_ms,
		.request_ms = p->limits.request_ms,
		/* The last request may begin just before the end. */
		.end_ms = p->end_ms + p->limits.request_ms,
		.stall_bytes = p->limits.stall_bytes,
		.stall_s = p->limits.stall_s,
		.bytes = p->limits.bytes + POLL_ANSWER_MAX,
	};

	return http_new(&o, ret_http, err);
}

int poll_http_get(struct poll *p, struct http *h, const struct http_ask *ask,
		  struct http_answer *ret_answer, struct err *err)
{
	if (http_get(h, ask, ret_answer, err) < 0)
		return -1;
	if (ret_answer->status == 200 || ret_answer->status == 304 ||
	    ret_answer->status == 404)
		return 0;
	p->retry_after = ret_answer->retry_after;
	return http_status_err(ask->url, ret_answer, err);
}
