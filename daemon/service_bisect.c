/* Bisections that the worker found worth while (turned_bad.h), into the queue. */
#include "daemon/service.h"

#include "db/bisection.h"
#include "lib/log.h"
#include "lib/str.h"

#define SENDER "sluice"

static struct queue_job job_of(const struct bisection *b)
{
	char *configs[] = { b->config, NULL };
	char *topologies[] = { b->topology, NULL };
	AUTO_FREE char *source = str_printf("bisect %s on %s: %.12s..%.12s", b->test,
					    b->topology, b->good, b->bad);
	const struct request q = { .source = source,
				   .tree = b->tree,
				   .test = b->test,
				   .good = b->good,
				   .bad = b->bad,
				   .configs = configs,
				   .topologies = topologies };

	return (struct queue_job){ .kind = QUEUE_BISECT,
				   .class = QUEUE_BACKGROUND,
				   .list = str_dup(""),
				   .sender = str_dup(SENDER),
				   .subject = str_dup(source),
				   .tree = str_dup(b->tree),
				   .request = request_to_json(&q),
				   .posting_id = DB_NO_INT,
				   .bisection_id = b->id };
}

void service_bisect_queue(struct service *s)
{
	struct bisection b = { .id = 0 };
	struct err err = { .code = ERR_NONE };
	int rc;

	while ((rc = bisection_next_wanted(s->db, &b, &err)) > 0) {
		struct queue_job j = job_of(&b);

		rc = service_enqueue(s, &j, &err);
		queue_job_done(&j);
		bisection_done(&b);
		if (rc < 0)
			break;
	}
	if (rc < 0)
		log_error("%s", err.msg);
}
