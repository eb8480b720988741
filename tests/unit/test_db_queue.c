#include "tests/unit/db_fixture.h"

#include <time.h>

#include "db/lease.h"
#include "db/queue.h"
#include "db/queue_series.h"
#include "db/row.h"
#include "db/setting.h"
#include "db/timing.h"

#define OWNER "boot:12:34"

static int put_tree(struct db *db, const char *name, struct err *err)
{
	struct tree t = { .name = (char *)name, .source = "s", .default_ref = "r" };

	return tree_put(db, &t, err);
}

static int setup(void **state)
{
	static struct fixture f;

	fixture_init(&f);
	ok(&f, put_tree(f.db, "debian", &f.err));
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	fixture_done(*state);
	return 0;
}

static int64_t add_for(struct fixture *f, const char *tree, enum queue_kind kind,
		       enum queue_class class, const char *list, const char *sender,
		       int64_t version, int64_t posted)
{
	struct queue_job q = { .kind = kind,
			       .class = class,
			       .posting_id = DB_NO_INT,
			       .version = version,
			       .posted = posted };
	int64_t id;

	q.list = str_dup(list);
	q.sender = str_dup(sender);
	q.subject = str_dup("mm: a series");
	q.tree = str_dup(tree);
	q.request = j("{\"source\":\"x@example.org\"}");
	ok(f, queue_add(f->db, &q, &f->err));
	id = q.id;
	queue_job_done(&q);
	return id;
}

static int64_t add(struct fixture *f, enum queue_kind kind, enum queue_class class,
		   const char *list, const char *sender, int64_t version, int64_t posted)
{
	return add_for(f, "debian", kind, class, list, sender, version, posted);
}

static int64_t add_plain(struct fixture *f)
{
	return add(f, QUEUE_SERIES, QUEUE_BACKGROUND, "linux-mm", "a@example.org", 1,
		   100);
}

static int64_t take(struct fixture *f, int64_t id)
{
	int64_t epoch = 0;

	assert_int_equal(queue_take(f->db, id, OWNER, time(NULL) + 60, &epoch, &f->err),
			 1);
	return epoch;
}

static enum queue_state state_of(struct fixture *f, int64_t id, struct queue_job *ret)
{
	struct queue_job q;
	enum queue_state s;

	assert_int_equal(queue_find(f->db, id, &q, &f->err), 1);
	s = q.state;
	if (ret)
		*ret = q;
	else
		queue_job_done(&q);
	return s;
}

static void a_job_comes_back_as_it_was_put(void **state)
{
	struct fixture *f = *state;
	struct queue_job q;
	int64_t id = add(f, QUEUE_HEAD, QUEUE_INTERACTIVE, "", "uid 0", 3, 0);

	assert_int_equal(state_of(f, id, &q), QUEUE_QUEUED);
	assert_int_equal(q.kind, QUEUE_HEAD);
	assert_int_equal(q.class, QUEUE_INTERACTIVE);
	assert_string_equal(q.sender, "uid 0");
	assert_int_equal(q.version, 3);
	assert_int_equal(q.posted, q.created);
	assert_int_equal(q.epoch, 0);
	assert_int_equal(q.series_id, DB_NO_INT);
	assert_int_equal(q.finished, DB_NO_INT);
	assert_null(q.owner);
	assert_string_equal(json_str(q.request, "source", ""), "x@example.org");
	queue_job_done(&q);
	assert_int_equal(queue_find(f->db, id + 1, &q, &f->err), 0);
}

static void only_one_takes_a_job(void **state)
{
	struct fixture *f = *state;
	int64_t id = add_plain(f), epoch = take(f, id);
	struct queue_job q;

	assert_int_equal(epoch, 1);
	assert_int_equal(queue_take(f->db, id, "other", 0, &epoch, &f->err), 0);
	assert_int_equal(state_of(f, id, &q), QUEUE_RUNNING);
	assert_string_equal(q.owner, OWNER);
	assert_int_equal(q.turn, 1);
	queue_job_done(&q);
	ok(f, queue_end(f->db, id, 1, 1, NULL, &f->err));
	assert_int_equal(state_of(f, id, &q), QUEUE_DONE);
	assert_int_equal(q.exit, 1);
	assert_null(q.owner);
	queue_job_done(&q);
	/* It ends once. */
	assert_int_equal(queue_end(f->db, id, 1, 0, NULL, &f->err), -1);
	assert_int_equal(f->err.code, ERR_STALE);
}

static void unusable_is_failed_with_the_reason(void **state)
{
	struct fixture *f = *state;
	int64_t id = add_plain(f);
	struct queue_job q;

	ok(f, queue_end(f->db, id, take(f, id), 2, "no such tree", &f->err));
	assert_int_equal(state_of(f, id, &q), QUEUE_FAILED);
	assert_string_equal(q.reason, "no such tree");
	queue_job_done(&q);
}

/* A second handle with the lease, as a worker has it. */
static struct db *worker(struct fixture *f, int64_t id, int64_t epoch)
{
	struct db *db = NULL;

	ok(f, db_open(f->path, DB_WRITE, &db, &f->err));
	ok(f, db_set_lease(db, id, epoch, &f->err));
	return db;
}

static void a_worker_writes_while_it_holds_the_lease(void **state)
{
	struct fixture *f = *state;
	int64_t id = add_plain(f), series = add_series(f, "a@b", 1, "mm: x");
	struct db *w = worker(f, id, take(f, id));
	struct queue_job q;

	ok(f, put_tree(w, "one", &f->err));
	ok(f, queue_set_series(w, id, 1, series, &f->err));
	ok(f, queue_end(w, id, 1, 0, NULL, &f->err));
	assert_int_equal(state_of(f, id, &q), QUEUE_DONE);
	assert_int_equal(q.series_id, series);
	/* Not by the file that was given, once its subject is known. */
	assert_string_equal(q.subject, "mm: x");
	queue_job_done(&q);
	/* Its job is over, and so are its writes. */
	assert_int_equal(put_tree(w, "two", &f->err), -1);
	assert_int_equal(f->err.code, ERR_STALE);
	db_close(w);
	assert_int_equal(queue_find_by_series(f->db, series, &q, &f->err), 1);
	assert_int_equal(q.id, id);
	queue_job_done(&q);
}

/* That of a posting is the mail's, with its tag; that of a head is no series'. */
static void a_subject_that_says_more_stays(void **state)
{
	struct fixture *f = *state;
	int64_t series = add_series(f, "a@b", 1, "mm: x");
	int64_t nameless = add_series(f, "c@d", 1, ""), id;

	for (int i = 0; i < 3; i++) {
		struct queue_job q = { .kind = i == 1 ? QUEUE_HEAD : QUEUE_SERIES,
				       .posting_id = i == 0 ? 7 : DB_NO_INT };

		q.list = str_dup("");
		q.sender = str_dup("a@x");
		q.subject = str_dup("[PATCH v2] as it was");
		q.tree = str_dup("mm");
		q.request = json_object_new_object();
		ok(f, queue_add(f->db, &q, &f->err));
		id = q.id;
		queue_job_done(&q);
		ok(f, queue_set_series(f->db, id, take(f, id), i == 2 ? nameless : series,
				       &f->err));
		assert_int_equal(state_of(f, id, &q), QUEUE_RUNNING);
		assert_string_equal(q.subject, "[PATCH v2] as it was");
		queue_job_done(&q);
	}
}

/* A transaction of the worker's; what the test does meanwhile is in between. */
static int in_transaction(struct db *w, const char *name, struct err *err)
{
	AUTO_TX struct tx tx = TX_INIT;

	if (db_begin(w, &tx, err) < 0 || put_tree(w, name, err) < 0)
		return -1;
	return db_commit(&tx, err);
}

static void a_stale_worker_writes_nothing_at_all(void **state)
{
	struct fixture *f = *state;
	int64_t id = add_plain(f), series = add_series(f, "a@b", 1, "mm: x"), n;
	struct db *w = worker(f, id, take(f, id));
	struct tree t;

	ok(f, in_transaction(w, "early", &f->err));
	ok(f, queue_put_back_dead(f->db, "another", time(NULL), &n, &f->err));
	assert_int_equal(n, 1);
	/* An insert, an update, a delete; alone and in a transaction; while the job
	 * is queued, and while somebody else runs it. */
	for (int round = 0; round < 2; round++) {
		struct err err = { 0 };

		assert_int_equal(put_tree(w, "late", &err), -1);
		assert_int_equal(err.code, ERR_STALE);
		err.code = ERR_NONE;
		assert_int_equal(series_set_state(w, series, SERIES_DONE, "x", &err), -1);
		assert_int_equal(err.code, ERR_STALE);
		err.code = ERR_NONE;
		assert_int_equal(series_delete(w, series, &err), -1);
		assert_int_equal(err.code, ERR_STALE);
		err.code = ERR_NONE;
		assert_int_equal(in_transaction(w, "late", &err), -1);
		assert_int_equal(err.code, ERR_STALE);
		err.code = ERR_NONE;
		assert_int_equal(queue_end(w, id, 1, 0, NULL, &err), -1);
		assert_int_equal(err.code, ERR_STALE);
		if (round == 0)
			assert_int_equal(take(f, id), 2);
	}
	assert_int_equal(tree_find(f->db, "early", &t, &f->err), 1);
	tree_done(&t);
	assert_int_equal(tree_find(f->db, "late", &t, &f->err), 0);
	assert_int_equal(state_of(f, id, NULL), QUEUE_RUNNING);
	/* It still reads. */
	assert_int_equal(tree_find(w, "early", &t, &f->err), 1);
	tree_done(&t);
	db_close(w);
}

static void three_crashes_set_a_job_apart(void **state)
{
	struct fixture *f = *state;
	int64_t id = add_plain(f);
	enum queue_state s = QUEUE_DONE;
	struct queue_job q;

	for (int i = 1; i <= 3; i++) {
		/* What comes from outside is not the job's fault. */
		for (int k = 0; k < 4; k++)
			assert_int_equal(queue_put_back(f->db, id, take(f, id),
							QUEUE_INTERRUPTED, "stop", 0, &s,
							&f->err),
					 1);
		assert_int_equal(queue_put_back(f->db, id, take(f, id), QUEUE_CRASHED,
						"signal 11", 0, &s, &f->err),
				 1);
		assert_int_equal(s, i < 3 ? QUEUE_QUEUED : QUEUE_APART);
	}
	assert_int_equal(state_of(f, id, &q), QUEUE_APART);
	assert_int_equal(q.crashes, 3);
	assert_int_equal(q.interrupted, 12);
	assert_string_equal(q.reason, "signal 11");
	assert_true(q.finished > 0);
	assert_int_equal(
		queue_put_back(f->db, id, q.epoch, QUEUE_CRASHED, "", 0, &s, &f->err), 0);
	queue_job_done(&q);
}

static void trouble_of_ours_is_tried_again_where_nobody_waits(void **state)
{
	struct fixture *f = *state;
	int64_t id = add_plain(f);
	int64_t now = add(f, QUEUE_SERIES, QUEUE_INTERACTIVE, "", "me", 0, 0);
	enum queue_state s = QUEUE_DONE;
	struct queue_job q;

	for (int i = 0; i <= QUEUE_RETRIES_MAX; i++) {
		assert_int_equal(queue_put_back(f->db, id, take(f, id), QUEUE_RETRY,
						"no network", 99 + i, &s, &f->err),
				 1);
		assert_int_equal(s, i < QUEUE_RETRIES_MAX ? QUEUE_QUEUED : QUEUE_FAILED);
		state_of(f, id, &q);
		assert_int_equal(q.not_before, 99 + i);
		assert_int_equal(q.exit, i < QUEUE_RETRIES_MAX ? DB_NO_INT : 3);
		queue_job_done(&q);
		ok(f, queue_wait_no_more(f->db, "another", &f->err));
		state_of(f, id, &q);
		assert_int_equal(q.not_before, 99 + i);
		queue_job_done(&q);
		ok(f, queue_wait_no_more(f->db, i % 2 ? "debian" : NULL, &f->err));
		state_of(f, id, &q);
		assert_int_equal(q.not_before, i < QUEUE_RETRIES_MAX ? 0 : 99 + i);
		queue_job_done(&q);
	}
	assert_int_equal(queue_put_back(f->db, now, take(f, now), QUEUE_RETRY,
					"no network", 99, &s, &f->err),
			 1);
	assert_int_equal(s, QUEUE_FAILED);
}

static void a_cancelled_job_is_over_at_once(void **state)
{
	struct fixture *f = *state;
	int64_t a = add_plain(f), b = add_plain(f);
	enum queue_state was = QUEUE_DONE;
	struct db *w = worker(f, b, take(f, b));

	assert_int_equal(queue_cancel(f->db, a, "by uid 0", &was, &f->err), 1);
	assert_int_equal(was, QUEUE_QUEUED);
	assert_int_equal(queue_cancel(f->db, b, "by uid 0", &was, &f->err), 1);
	assert_int_equal(was, QUEUE_RUNNING);
	assert_int_equal(state_of(f, a, NULL), QUEUE_CANCELLED);
	assert_int_equal(queue_cancel(f->db, a, "again", &was, &f->err), 0);
	assert_int_equal(queue_cancel(f->db, 999, "again", &was, &f->err), 0);
	assert_int_equal(queue_end(w, b, 1, 0, NULL, &f->err), -1);
	assert_int_equal(f->err.code, ERR_STALE);
	db_close(w);
}

static void leases_of_others_and_old_ones_are_taken_back(void **state)
{
	struct fixture *f = *state;
	int64_t mine = add_plain(f), old = add_plain(f), n = 0, now = time(NULL), epoch;

	take(f, mine);
	assert_int_equal(queue_take(f->db, old, OWNER, now - 1, &epoch, &f->err), 1);
	ok(f, queue_put_back_dead(f->db, OWNER, now, &n, &f->err));
	assert_int_equal(n, 1);
	assert_int_equal(state_of(f, mine, NULL), QUEUE_RUNNING);
	assert_int_equal(state_of(f, old, NULL), QUEUE_QUEUED);
	ok(f, queue_renew(f->db, OWNER, now + 500, &f->err));
	ok(f, queue_put_back_dead(f->db, OWNER, now + 499, &n, &f->err));
	assert_int_equal(n, 0);
	ok(f, queue_put_back_dead(f->db, OWNER, now + 501, &n, &f->err));
	assert_int_equal(n, 1);
}

static void three_reboots_set_a_job_apart(void **state)
{
	struct fixture *f = *state;
	int64_t id = add_plain(f), n = 0, now = time(NULL);
	struct queue_job q;

	for (int i = 1; i <= 3; i++) {
		/* The same boot: somebody killed the daemon. */
		take(f, id);
		ok(f, queue_put_back_dead(f->db, "boot:99:99", now, &n, &f->err));
		take(f, id);
		ok(f, queue_put_back_dead(f->db, "", now, &n, &f->err));
		assert_int_equal(state_of(f, id, &q), QUEUE_QUEUED);
		assert_string_equal(q.reason, "the daemon ended");
		queue_job_done(&q);
		take(f, id);
		ok(f, queue_put_back_dead(f->db, "next:12:34", now, &n, &f->err));
		assert_int_equal(n, 1);
		assert_int_equal(state_of(f, id, &q), i < 3 ? QUEUE_QUEUED : QUEUE_APART);
		assert_int_equal(q.crashes, i);
		assert_int_equal(q.interrupted, 2 * i);
		assert_string_equal(q.reason, "the machine went down while it ran");
		assert_int_equal(q.exit, i < 3 ? DB_NO_INT : 3);
		queue_job_done(&q);
	}
}

static enum series_state state_of_series(struct fixture *f, int64_t id,
					 const char *reason)
{
	struct series s = { 0 };
	enum series_state state;

	assert_int_equal(series_find(f->db, id, &s, &f->err), 1);
	state = s.state;
	if (reason)
		assert_string_equal(s.reason, reason);
	else
		assert_null(s.reason);
	series_done(&s);
	return state;
}

/* A job of the series, whose worker died as often as it takes. */
static int64_t job_set_apart(struct fixture *f, int64_t series)
{
	enum queue_state now = QUEUE_RUNNING;
	int64_t id = add_plain(f), epoch;

	for (int i = 0; i < QUEUE_CRASHES_MAX; i++) {
		epoch = take(f, id);
		ok(f, queue_set_series(f->db, id, epoch, series, &f->err));
		assert_int_equal(queue_put_back(f->db, id, epoch, QUEUE_CRASHED,
						"it died", 0, &now, &f->err),
				 1);
	}
	assert_int_equal(now, QUEUE_APART);
	return id;
}

static void the_series_of_a_job_that_came_to_nothing_says_so(void **state)
{
	struct fixture *f = *state;
	int64_t one = add_series(f, "one@x", 1, "mm: one");
	int64_t two = add_series(f, "two@x", 1, "mm: two");
	int64_t done = add_series(f, "done@x", 1, "mm: three");
	int64_t job, again;

	ok(f, series_set_state(f->db, done, SERIES_DONE, NULL, &f->err));
	job = job_set_apart(f, one);
	job_set_apart(f, two);
	job_set_apart(f, done);
	ok(f, queue_fail_series(f->db, job, &f->err));
	assert_int_equal(state_of_series(f, one, "it died"), SERIES_FAILED);
	assert_int_not_equal(state_of_series(f, two, NULL), SERIES_FAILED);
	/* A later job has the second one in hand. */
	again = add_plain(f);
	ok(f, queue_set_series(f->db, again, take(f, again), two, &f->err));
	ok(f, queue_fail_series(f->db, 0, &f->err));
	assert_int_not_equal(state_of_series(f, two, NULL), SERIES_FAILED);
	assert_int_equal(state_of_series(f, done, NULL), SERIES_DONE);
}

static bool in_lines(const struct queue_line *l, size_t n, int64_t id)
{
	for (size_t i = 0; i < n; i++)
		if (l[i].id == id)
			return true;
	return false;
}

/* Only one that was never begun: what runs, or ran, may have an older head. */
static void a_head_waits_until_it_is_begun(void **state)
{
	struct fixture *f = *state;
	int64_t head, epoch;
	enum queue_state s;
	bool waits = true;

	add_plain(f);
	ok(f, queue_head_waits(f->db, "debian", &waits, &f->err));
	assert_false(waits);
	head = add(f, QUEUE_HEAD, QUEUE_BACKGROUND, "", "", 0, 10);
	ok(f, queue_head_waits(f->db, "debian", &waits, &f->err));
	assert_true(waits);
	ok(f, queue_head_waits(f->db, "other", &waits, &f->err));
	assert_false(waits);
	epoch = take(f, head);
	ok(f, queue_head_waits(f->db, "debian", &waits, &f->err));
	assert_false(waits);
	assert_int_equal(queue_put_back(f->db, head, epoch, QUEUE_INTERRUPTED, "r", 0, &s,
					&f->err),
			 1);
	ok(f, queue_head_waits(f->db, "debian", &waits, &f->err));
	assert_false(waits);
}

static void heads_are_the_first_of_each_sender(void **state)
{
	struct fixture *f = *state;
	struct queue_line *l;
	size_t n;
	int64_t v1, v2, older, b, c, other_list, head, begun, inter;
	enum queue_state s;

	ok(f, queue_heads(f->db, &l, &n, &f->err));
	assert_int_equal(n, 0);
	v1 = add(f, QUEUE_SERIES, QUEUE_BACKGROUND, "mm", "a", 1, 10);
	v2 = add(f, QUEUE_SERIES, QUEUE_BACKGROUND, "mm", "a", 2, 30);
	older = add(f, QUEUE_SERIES, QUEUE_BACKGROUND, "mm", "a", 2, 20);
	b = add(f, QUEUE_SERIES, QUEUE_BACKGROUND, "mm", "b", 1, 10);
	c = add(f, QUEUE_SERIES, QUEUE_BACKGROUND, "mm", "b", 1, 9);
	other_list = add(f, QUEUE_SERIES, QUEUE_BACKGROUND, "net", "a", 1, 10);
	head = add(f, QUEUE_HEAD, QUEUE_BACKGROUND, "", "", 0, 10);
	inter = add(f, QUEUE_SERIES, QUEUE_INTERACTIVE, "", "uid 5", 0, 10);
	begun = add(f, QUEUE_SERIES, QUEUE_BACKGROUND, "mm", "b", 1, 50);
	assert_int_equal(queue_put_back(f->db, begun, take(f, begun), QUEUE_RETRY, "r",
					77, &s, &f->err),
			 1);
	ok(f, queue_heads(f->db, &l, &n, &f->err));
	assert_int_equal(n, 6);
	assert_true(in_lines(l, n, older) && in_lines(l, n, c) &&
		    in_lines(l, n, other_list) && in_lines(l, n, head) &&
		    in_lines(l, n, inter) && in_lines(l, n, begun));
	assert_false(in_lines(l, n, v1) || in_lines(l, n, v2) || in_lines(l, n, b));
	for (size_t i = 0; i < n; i++) {
		if (l[i].id == head)
			assert_true(l[i].awaited);
		else
			assert_false(l[i].awaited);
		if (l[i].id == begun)
			assert_int_equal(l[i].not_before, 77);
		/* b had a turn. */
		assert_int_equal(l[i].served, l[i].id == begun || l[i].id == c);
	}
	queue_line_list_free(l, n);
	ok(f, queue_lines(f->db, &l, &n, &f->err));
	assert_int_equal(n, 9);
	queue_line_list_free(l, n);
}

/* Neither taken nor in the way of what the same sender has for another tree. */
static void a_series_waits_for_its_tree(void **state)
{
	struct fixture *f = *state;
	struct queue_line *l;
	size_t n;
	enum queue_state s;
	int empty = queue_waits_for_tree(f->db, &f->err);
	int64_t early =
		add_for(f, "new", QUEUE_SERIES, QUEUE_BACKGROUND, "mm", "a", 2, 1);
	int64_t other = add(f, QUEUE_SERIES, QUEUE_BACKGROUND, "mm", "a", 1, 10);
	int64_t alone =
		add_for(f, "new", QUEUE_SERIES, QUEUE_BACKGROUND, "mm", "b", 1, 1);
	int64_t range = add_for(f, "", QUEUE_SERIES, QUEUE_BACKGROUND, "", "me", 0, 1);
	int64_t begun = add_for(f, "new", QUEUE_SERIES, QUEUE_BACKGROUND, "x", "c", 1, 1);
	int64_t asked =
		add_for(f, "new", QUEUE_SERIES, QUEUE_INTERACTIVE, "", "me", 0, 1);

	assert_int_equal(empty, 0);
	queue_put_back(f->db, begun, take(f, begun), QUEUE_INTERRUPTED, "r", 0, &s,
		       &f->err);
	ok(f, queue_heads(f->db, &l, &n, &f->err));
	assert_int_equal(n, 4);
	assert_true(in_lines(l, n, other) && in_lines(l, n, range) &&
		    in_lines(l, n, begun) && in_lines(l, n, asked));
	for (size_t i = 0; i < n; i++)
		assert_false(l[i].treeless);
	queue_line_list_free(l, n);
	ok(f, queue_lines(f->db, &l, &n, &f->err));
	assert_int_equal(n, 6);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(l[i].treeless, l[i].id == early || l[i].id == alone);
	queue_line_list_free(l, n);
	assert_int_equal(queue_waits_for_tree(f->db, &f->err), 1);
	ok(f, put_tree(f->db, "new", &f->err));
	assert_int_equal(queue_waits_for_tree(f->db, &f->err), 0);
	ok(f, queue_heads(f->db, &l, &n, &f->err));
	assert_int_equal(n, 5);
	assert_true(in_lines(l, n, early) && in_lines(l, n, alone));
	queue_line_list_free(l, n);
}

static void a_twin_is_what_asks_for_the_same(void **state)
{
	struct fixture *f = *state;
	struct queue_job asked, twin;
	int64_t a = add(f, QUEUE_SERIES, QUEUE_INTERACTIVE, "", "me", 0, 0);
	enum queue_state s;

	ok(f, queue_end(f->db, a, take(f, a), 0, NULL, &f->err));
	state_of(f, a, &asked);
	/* What nobody waits for is no reason not to ask again. */
	add_plain(f);
	assert_int_equal(queue_find_twin(f->db, &asked, &twin, &f->err), 0);
	assert_int_equal(queue_count_queued(f->db, &f->err), 1);
	a = add(f, QUEUE_SERIES, QUEUE_INTERACTIVE, "", "you", 0, 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(queue_count_queued(f->db, &f->err), i == 1 ? 1 : 2);
		assert_int_equal(queue_find_twin(f->db, &asked, &twin, &f->err), 1);
		assert_int_equal(twin.id, a);
		queue_job_done(&twin);
		if (i == 0)
			take(f, a);
		else if (i == 1)
			queue_put_back(f->db, a, 1, QUEUE_INTERRUPTED, "x", 0, &s,
				       &f->err);
	}
	json_set_str(asked.request, "tree", "another");
	assert_int_equal(queue_find_twin(f->db, &asked, &twin, &f->err), 0);
	queue_job_done(&asked);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Cheap: it does not hang on how much one sender has, and little on senders. */
static void a_flood_costs_no_scan(void **state)
{
	struct fixture *f = *state;
	struct queue_line *l;
	size_t n;
	double began;

	{
		AUTO_TX struct tx tx = TX_INIT;

		ok(f, db_begin(f->db, &tx, &f->err));
		for (int i = 0; i < 20000; i++)
			add(f, QUEUE_SERIES, QUEUE_BACKGROUND, "mm", "flood", 1, i);
		for (int i = 0; i < 200; i++) {
			AUTO_FREE char *who = str_printf("s%d", i);

			add(f, QUEUE_SERIES, QUEUE_BACKGROUND, "mm", who, 1, i);
		}
		ok(f, db_commit(&tx, &f->err));
	}
	began = seconds();
	for (int i = 0; i < 10; i++) {
		ok(f, queue_heads(f->db, &l, &n, &f->err));
		assert_int_equal(n, 201);
		queue_line_list_free(l, n);
	}
	/* 0.01 s on a slow machine; a scan of the table for each sender takes more
	 * than a second each. */
	assert_true(seconds() - began < 3);
	/* All of them wait for their tree. */
	ok(f, tree_delete(f->db, "debian", &f->err));
	began = seconds();
	for (int i = 0; i < 10; i++) {
		ok(f, queue_heads(f->db, &l, &n, &f->err));
		assert_int_equal(n, 0);
		queue_line_list_free(l, n);
	}
	assert_int_equal(queue_waits_for_tree(f->db, &f->err), 1);
	print_message("10 times 20,200 that wait for their tree: %.2f s\n",
		      seconds() - began);
	assert_true(seconds() - began < 3);
}

static void jobs_that_are_over_are_listed_and_timed(void **state)
{
	struct fixture *f = *state;
	struct queue_job *list;
	size_t n;
	int64_t counts[QUEUE_APART + 1], a = add_plain(f), b = add_plain(f);
	double s = -1;

	add_plain(f);
	assert_int_equal(timing_job(f->db, NULL, &s, &f->err), 0);
	ok(f, queue_end(f->db, a, take(f, a), 0, NULL, &f->err));
	take(f, b);
	ok(f, queue_list_over(f->db, 10, &list, &n, &f->err));
	assert_int_equal(n, 1);
	assert_int_equal(list[0].id, a);
	queue_job_list_free(list, n);
	ok(f, queue_list_running(f->db, &list, &n, &f->err));
	assert_int_equal(n, 1);
	assert_int_equal(list[0].id, b);
	queue_job_list_free(list, n);
	ok(f, queue_count(f->db, counts, &f->err));
	assert_int_equal(counts[QUEUE_QUEUED], 1);
	assert_int_equal(counts[QUEUE_RUNNING], 1);
	assert_int_equal(counts[QUEUE_DONE], 1);
	assert_int_equal(counts[QUEUE_APART], 0);
	assert_int_equal(timing_job(f->db, "debian", &s, &f->err), 1);
	assert_true(s >= 0 && s < 5);
	assert_int_equal(timing_job(f->db, "other", &s, &f->err), 0);
}

static void settings_stay(void **state)
{
	struct fixture *f = *state;
	char *v = NULL;

	ok(f, setting_get(f->db, "paused", &v, &f->err));
	assert_null(v);
	ok(f, setting_put(f->db, "paused", "all", &f->err));
	ok(f, setting_put(f->db, "paused", "background", &f->err));
	ok(f, setting_get(f->db, "paused", &v, &f->err));
	assert_string_equal(v, "background");
	free(v);
	ok(f, setting_put(f->db, "paused", NULL, &f->err));
	ok(f, setting_get(f->db, "paused", &v, &f->err));
	assert_null(v);
}

/* A bisection is found beside the series, and its row is bound to its job's lease. */
static void bisections_are_in_line(void **state)
{
	struct fixture *f = *state;
	struct queue_line *l = NULL;
	struct queue_job q;
	int64_t background = add(f, QUEUE_BISECT, QUEUE_BACKGROUND, "", "sluice", 0, 5);
	int64_t epoch, interactive;
	size_t n = 0;

	assert_int_equal(queue_someone_waits(f->db, &f->err), 0);
	/* For a series it gives way, but not for one that cannot begin. */
	assert_int_equal(queue_else_waits(f->db, 100, &f->err), 0);
	ok(f,
	   db_exec(f->db,
		   "INSERT INTO job (kind, class, list, sender, subject, tree, request,"
		   " version, posted, state, epoch, crashes, interrupted, retries,"
		   " not_before, created) VALUES ('series', 'background', 'mm', 'a', 's',"
		   " 'nowhere', '{}', 1, 1, 'queued', 0, 0, 0, 0, 0, 1)",
		   &f->err));
	assert_int_equal(queue_else_waits(f->db, 100, &f->err), 0);
	ok(f, db_exec(f->db, "UPDATE job SET tree = '' WHERE tree = 'nowhere'", &f->err));
	assert_int_equal(queue_else_waits(f->db, 100, &f->err), 1);
	ok(f,
	   db_exec(f->db, "UPDATE job SET not_before = 101 WHERE sender = 'a'", &f->err));
	assert_int_equal(queue_else_waits(f->db, 100, &f->err), 0);
	ok(f, db_exec(f->db, "DELETE FROM job WHERE sender = 'a'", &f->err));
	interactive = add(f, QUEUE_BISECT, QUEUE_INTERACTIVE, "", "me", 0, 10);
	assert_int_equal(queue_someone_waits(f->db, &f->err), 1);
	assert_int_equal(queue_count_queued(f->db, &f->err), 2);
	ok(f, queue_heads(f->db, &l, &n, &f->err));
	assert_int_equal(n, 2);
	queue_line_list_free(l, n);
	epoch = take(f, interactive);
	ok(f,
	   db_exec(f->db,
		   "INSERT INTO bisection (id, tree, good, bad, config, arch, topology,"
		   " accel, test, created) VALUES (7, 't', 'g', 'b', 'c', 'a', 'n', 'tcg',"
		   " 'x/y', 1)",
		   &f->err));
	ok(f, queue_set_bisection(f->db, interactive, epoch, 7, &f->err));
	assert_int_equal(queue_set_bisection(f->db, interactive, epoch + 1, 7, &f->err),
			 -1);
	assert_int_equal(f->err.code, ERR_STALE);
	assert_int_equal(queue_find(f->db, interactive, &q, &f->err), 1);
	assert_int_equal(q.kind, QUEUE_BISECT);
	assert_int_equal(q.bisection_id, 7);
	queue_job_done(&q);
	assert_int_equal(queue_find(f->db, background, &q, &f->err), 1);
	assert_int_equal(q.bisection_id, DB_NO_INT);
	queue_job_done(&q);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(bisections_are_in_line),
		T(a_job_comes_back_as_it_was_put),
		T(only_one_takes_a_job),
		T(unusable_is_failed_with_the_reason),
		T(a_worker_writes_while_it_holds_the_lease),
		T(a_subject_that_says_more_stays),
		T(a_stale_worker_writes_nothing_at_all),
		T(three_crashes_set_a_job_apart),
		T(trouble_of_ours_is_tried_again_where_nobody_waits),
		T(a_cancelled_job_is_over_at_once),
		T(leases_of_others_and_old_ones_are_taken_back),
		T(three_reboots_set_a_job_apart),
		T(the_series_of_a_job_that_came_to_nothing_says_so),
		T(a_head_waits_until_it_is_begun),
		T(heads_are_the_first_of_each_sender),
		T(a_series_waits_for_its_tree),
		T(a_twin_is_what_asks_for_the_same),
		T(a_flood_costs_no_scan),
		T(jobs_that_are_over_are_listed_and_timed),
		T(settings_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
