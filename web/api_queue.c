/* The daemon's side of the API: queue, sources, postings. */
#include "lib/cleanup.h"
#include "web/api.h"
#include "web/document_queue.h"

int api_queue(struct request *rq, struct reply *re, struct err *err)
{
	AUTO(jobs_view_done) struct jobs_view v = { .now = 0 };

	if (jobs_view_load(rq, &v, err) < 0)
		return -1;
	return api_print(document_queue(&v), 1, re);
}

int api_sources(struct request *rq, struct reply *re, struct err *err)
{
	AUTO(sources_view_done) struct sources_view v = { .sources = NULL };

	if (sources_view_load(rq->db, &v, err) < 0)
		return -1;
	return api_print(document_sources(&v), 1, re);
}

int api_postings(struct request *rq, struct reply *re, struct err *err)
{
	AUTO(postings_view_done) struct postings_view v = { .list = NULL };
	struct posting_filter which = { .source = rq->source, .list = rq->list };
	enum posting_state state;

	if (rq->state && !posting_state_parse(rq->state, &state))
		return 0;
	which.state = rq->state ? &state : NULL;
	if (postings_view_load(rq->db, &which, rq->page, &v, err) < 0)
		return -1;
	return api_print(document_postings(&v, rq->page), 1, re);
}

int api_posting(struct request *rq, struct reply *re, struct err *err)
{
	AUTO(posting_full_done) struct posting_full v = { .mails = NULL };
	int r = posting_full_load(rq->db, rq->id, rq->id > 0 ? NULL : rq->msgid, &v, err);

	return r == 1 ? api_print(document_posting(&v), 1, re) : r;
}

int api_changes(struct request *rq, struct reply *re, struct err *err)
{
	AUTO(changes_view_done) struct changes_view v = { .pairs = NULL };
	int r = changes_view_load(rq, &v, err);

	return r == 1 ? api_print(document_changes(&v), 1, re) : r;
}
