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

int poll_http_try(struct poll *p, struct http *h, const struct http_ask *ask,
		  struct http_answer *ret_answer, struct err *err)
{
	long status;

	if (http_get(h, ask, ret_answer, err) < 0)
		return err->code == ERR_SYS ? LATER_ALL : LATER_ONE;
	status = ret_answer->status;
	if (status == 200 || status == 304 || status == 404)
		return LATER_GOT;
	p->retry_after = ret_answer->retry_after;
	http_status_err(ask->url, ret_answer, err);
	return status == 429 || status == 503 ? LATER_ALL : LATER_ONE;
}

int poll_http_get(struct poll *p, struct http *h, const struct http_ask *ask,
		  struct http_answer *ret_answer, struct err *err)
{
	return poll_http_try(p, h, ask, ret_answer, err) == LATER_GOT ? 0 : -1;
}
