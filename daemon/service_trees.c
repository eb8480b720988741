#include "daemon/service_trees.h"

#include <string.h>

#include "daemon/head_request.h"
#include "daemon/tree_watch.h"
#include "lib/cleanup.h"
#include "lib/log.h"
#include "lib/str.h"

#define SENDER "sluice"

struct service_trees {
	struct service *s;
	struct role_host host;
	struct tree_watch *watch;
	bool quiet;
};

static struct queue_job head_job(struct service *s, const char *tree)
{
	struct request q;
	struct queue_job j;

	head_request(s->config, tree, &q);
	j = (struct queue_job){
		.kind = QUEUE_HEAD,
		.class = QUEUE_BACKGROUND,
		.list = str_dup(""),
		.sender = str_dup(SENDER),
		.subject = str_dup(q.source),
		.tree = str_dup(tree),
		.request = request_to_json(&q),
		.posting_id = DB_NO_INT,
	};
	request_done(&q);
	return j;
}

static int on_moved(const char *tree, const char *commit, void *arg, struct err *err)
{
	struct service_trees *t = arg;
	struct queue_job j;
	bool waits = false;
	int rc = queue_head_waits(t->s->db, tree, &waits, err);

	if (rc < 0)
		return -1;
	log_info("tree %s is at %.12s%s", tree, commit,
		 waits ? ", a test of its head waits already" : "");
	/* What was in trouble may have been so for this tree. */
	if (queue_wait_no_more(t->s->db, tree, err) < 0)
		return -1;
	service_hold_no_more(t->s);
	if (waits)
		return 0;
	j = head_job(t->s, tree);
	rc = service_enqueue(t->s, &j, err);
	queue_job_done(&j);
	return rc;
}

static void on_fetched(void *arg)
{
	struct service_trees *t = arg;

	service_advance(t->s);
}

static void on_idle(void *arg)
{
	struct service_trees *t = arg;

	t->quiet = true;
	service_maybe_end(t->s);
}

void service_trees_configure(struct service *s)
{
	struct service_trees *t = s->trees;
	struct err err = { 0 };

	t->host.config = s->config;
	if (tree_watch_configure(t->watch, s->config->trees, s->config->ntrees, &err) < 0)
		log_error("the trees are not fetched yet: %s", err.msg);
}

int service_trees_new(struct service *s, struct err *err)
{
	struct service_trees *t = mem_alloc0(sizeof(*t));
	const struct tree_watch_opts o = {
		.host = &t->host,
		.db = s->db,
		.moved = on_moved,
		.fetched = on_fetched,
		.idle = on_idle,
		.arg = t,
	};

	s->trees = t;
	t->s = s;
	t->host = (struct role_host){ .event = s->event,
				      .state = s->state,
				      .config = s->config };
	t->quiet = true;
	return tree_watch_new(&o, &t->watch, err);
}

void service_trees_stop(struct service *s)
{
	s->trees->quiet = tree_watch_stop(s->trees->watch);
}

bool service_trees_quiet(const struct service *s)
{
	return s->trees->quiet;
}

void service_trees_free(struct service *s)
{
	struct service_trees *t = s->trees;

	if (!t)
		return;
	s->trees = NULL;
	/* A fetch that did not end in time dies with us, and still knows of it. */
	if (t->watch && !tree_watch_stop(t->watch))
		return;
	tree_watch_free(t->watch);
	free(t);
}
