#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/tiers.h"
#include "lib/cleanup.h"

#define STEPS_MAX 101
#define SUBJECTS 2

/* A column whose truth is known: what is asked for is answered at once. */
struct world {
	struct tiers_view v;
	enum tier_ground ground[STEPS_MAX];
	enum cell_state truth[SUBJECTS][STEPS_MAX]; /* CELL_NONE: no kernel is built */
	bool asked[STEPS_MAX], want[STEPS_MAX];
	struct cell cells[SUBJECTS * STEPS_MAX];
	int looks; /* steps asked for so far */
};

static void world_init(struct world *w, int nsteps)
{
	*w = (struct world){ .looks = 0 };
	for (int k = 0; k < nsteps; k++) {
		w->ground[k] = GROUND_READY;
		w->truth[0][k] = w->truth[1][k] = CELL_PASS;
	}
	w->v = (struct tiers_view){ .nsteps = nsteps,
				    .ground = w->ground,
				    .settled = true,
				    .asked = w->asked,
				    .cells = w->cells,
				    .nsubjects = 1 };
}

/* From, and until just before until, the subject is bad. */
static void bad(struct world *w, int subject, int from, int until)
{
	for (int k = from; k < until; k++)
		w->truth[subject][k] = CELL_FAIL;
}

static int ask(struct world *w)
{
	return tiers_want(&w->v, w->want);
}

/* Everything that is wanted gets its answer; how many that were. */
static int answer(struct world *w)
{
	int n = ask(w), nsteps = w->v.nsteps;

	for (int k = 0; k < nsteps; k++) {
		if (!w->want[k])
			continue;
		assert_false(w->asked[k]);
		assert_int_not_equal(w->ground[k], GROUND_NONE);
		w->asked[k] = true;
		if (w->truth[0][k] == CELL_NONE)
			w->ground[k] = GROUND_NONE;
		for (int s = 0; s < SUBJECTS; s++)
			w->cells[s * nsteps + k].state = w->truth[s][k];
	}
	w->looks += n;
	return n;
}

static struct judgement judged(struct world *w, int subject)
{
	return judge_cells(&w->cells[subject * w->v.nsteps], w->v.nsteps);
}

static void until_nothing_is_wanted(struct world *w)
{
	while (answer(w) > 0)
		assert_true(w->looks <= w->v.nsteps);
}

static int halvings(int n)
{
	int r = 0;

	for (; (1 << r) < n; r++)
		;
	return r;
}

static void base_and_tip_and_no_more_when_all_passes(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 7);
	assert_int_equal(answer(&w), 2);
	assert_true(w.want[0] && w.want[6]);
	assert_int_equal(ask(&w), 0);
	assert_int_equal(judged(&w, 0).word, VERDICT_PASS);
	/* A base alone is its own tip. */
	world_init(&w, 1);
	assert_int_equal(answer(&w), 1);
	assert_int_equal(ask(&w), 0);
}

static void asked_for_before_it_is_known(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 7);
	for (int k = 0; k < 7; k++)
		w.ground[k] = GROUND_UNKNOWN;
	w.v.settled = false;
	assert_int_equal(ask(&w), 2);
	assert_true(w.want[0] && w.want[6]);
}

static void the_last_kernel_stands_for_the_tip(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 7);
	w.ground[6] = GROUND_NONE;
	w.ground[4] = GROUND_UNKNOWN;
	/* Step 5 may not be the last that turns up as long as it is open. */
	w.v.settled = false;
	assert_int_equal(answer(&w), 1);
	assert_true(w.want[0]);
	assert_int_equal(ask(&w), 0);
	w.ground[5] = GROUND_NONE;
	w.v.settled = true;
	assert_int_equal(answer(&w), 1);
	assert_true(w.want[3]);
	assert_int_equal(ask(&w), 0);
	/* No kernel at all. */
	world_init(&w, 3);
	w.ground[0] = w.ground[1] = w.ground[2] = GROUND_NONE;
	assert_int_equal(ask(&w), 0);
}

static void a_named_patch_is_looked_at_with_its_parent(void **state)
{
	const struct judgement quick[] = {
		{ .word = VERDICT_PASS, .from = -1, .candidate_first = -1 },
		{ .word = VERDICT_FLAKY, .from = 2, .candidate_first = 2 },
		{ .word = VERDICT_PRE_EXISTING, .from = 0, .candidate_first = -1 },
		{ .word = VERDICT_INCONCLUSIVE, .from = 5, .candidate_first = 5 },
		{ .word = VERDICT_TRANSIENT, .from = 4, .candidate_first = 4, .until = 5 },
	};
	struct world w;

	(void)state;
	world_init(&w, 10);
	w.v.quick = quick;
	w.v.nquick = ARRAY_SIZE(quick);
	assert_int_equal(ask(&w), 4);
	assert_true(w.want[0] && w.want[3] && w.want[4] && w.want[9]);
	/* The last good one, where those between were not to be had. */
	world_init(&w, 10);
	w.v.quick = &(struct judgement){ .word = VERDICT_INTRODUCED,
					 .from = 7,
					 .candidate_first = 6 };
	w.v.nquick = 1;
	w.ground[6] = GROUND_NONE;
	assert_int_equal(ask(&w), 4);
	assert_true(w.want[5] && w.want[7]);
	/* A patch whose kernel does not come up can only be looked at before it. */
	w.ground[7] = GROUND_NONE;
	assert_int_equal(ask(&w), 3);
	assert_true(w.want[5] && !w.want[7]);
}

static void one_patch_is_found_by_halves(void **state)
{
	static const int sizes[] = { 2, 3, 7, 21, 101 };
	struct world w;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		for (int k = 1; k < sizes[i]; k++) {
			struct judgement j;

			world_init(&w, sizes[i]);
			bad(&w, 0, k, sizes[i]);
			until_nothing_is_wanted(&w);
			j = judged(&w, 0);
			assert_int_equal(j.word, VERDICT_INTRODUCED);
			assert_int_equal(j.from, k);
			assert_int_equal(j.candidate_first, k);
			assert_true(w.looks <= 2 + halvings(sizes[i] - 1));
		}
}

static void two_subjects_are_narrowed_together(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 17);
	w.v.nsubjects = 2;
	bad(&w, 0, 3, 17);
	bad(&w, 1, 14, 17);
	until_nothing_is_wanted(&w);
	assert_int_equal(judged(&w, 0).candidate_first, 3);
	assert_int_equal(judged(&w, 0).from, 3);
	assert_int_equal(judged(&w, 1).candidate_first, 14);
	assert_int_equal(judged(&w, 1).from, 14);
	/* Base, tip, the middle for both, three more for each. */
	assert_true(w.looks <= 9);
}

static void what_goes_away_again_is_found_at_both_ends(void **state)
{
	struct judgement j, quick = { .word = VERDICT_TRANSIENT,
				      .from = 5,
				      .candidate_first = 5,
				      .until = 6 };
	struct world w;

	(void)state;
	/* Base and tip do not tell. */
	world_init(&w, 21);
	bad(&w, 0, 3, 11);
	until_nothing_is_wanted(&w);
	assert_int_equal(w.looks, 2);
	assert_int_equal(judged(&w, 0).word, VERDICT_PASS);
	/* Seen where a quick test named a patch: begin and end are looked for. */
	world_init(&w, 21);
	bad(&w, 0, 3, 11);
	w.v.quick = &quick;
	w.v.nquick = 1;
	until_nothing_is_wanted(&w);
	j = judged(&w, 0);
	assert_int_equal(j.word, VERDICT_TRANSIENT);
	assert_int_equal(j.candidate_first, 3);
	assert_int_equal(j.from, 3);
	assert_int_equal(j.until, 11);
	assert_int_equal(w.cells[10].state, CELL_FAIL);
	assert_true(w.looks <= 4 + halvings(4) + halvings(15));
}

static void only_what_failed_twice_is_worth_it(void **state)
{
	static const enum cell_state tips[] = { CELL_FLAKY, CELL_ONCE, CELL_SKIP,
						CELL_INFRA };
	struct world w;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(tips); i++) {
		world_init(&w, 9);
		w.truth[0][8] = tips[i];
		until_nothing_is_wanted(&w);
		assert_int_equal(w.looks, 2);
	}
	/* Nor is what the base has. */
	world_init(&w, 9);
	bad(&w, 0, 0, 9);
	until_nothing_is_wanted(&w);
	assert_int_equal(w.looks, 2);
}

static void what_gives_no_answer_is_gone_around(void **state)
{
	struct judgement j;
	struct world w;

	(void)state;
	/* Lost, skipped, and not built, all around the middle. */
	world_init(&w, 9);
	bad(&w, 0, 6, 9);
	w.truth[0][4] = CELL_INFRA;
	w.truth[0][3] = CELL_SKIP;
	w.truth[0][5] = CELL_NONE;
	until_nothing_is_wanted(&w);
	j = judged(&w, 0);
	assert_int_equal(j.word, VERDICT_INTRODUCED);
	assert_int_equal(j.from, 6);
	/* Everything was asked that could narrow it, and nothing else. */
	assert_int_equal(j.candidate_first, 3);
	assert_int_equal(w.cells[2].state, CELL_PASS);
	assert_false(w.asked[7]);
	/* Known to have no kernel: never asked. */
	world_init(&w, 9);
	bad(&w, 0, 5, 9);
	w.ground[4] = GROUND_NONE;
	until_nothing_is_wanted(&w);
	assert_false(w.asked[4]);
	assert_int_equal(judged(&w, 0).candidate_first, 4);
	assert_int_equal(judged(&w, 0).from, 5);
}

static void a_flake_on_the_way_counts_as_bad(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 9);
	bad(&w, 0, 6, 9);
	w.truth[0][4] = CELL_FLAKY;
	until_nothing_is_wanted(&w);
	/* As the judge has it: it cannot be told apart from the failure. */
	assert_int_equal(judged(&w, 0).from, 4);
	assert_int_equal(judged(&w, 0).candidate_first, 4);
}

static void halving_waits_for_what_is_under_way(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 9);
	bad(&w, 0, 3, 9);
	answer(&w);
	w.v.busy = true;
	assert_int_equal(ask(&w), 0);
	w.v.busy = false;
	assert_int_equal(ask(&w), 1);
	assert_true(w.want[4]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base_and_tip_and_no_more_when_all_passes),
		cmocka_unit_test(asked_for_before_it_is_known),
		cmocka_unit_test(the_last_kernel_stands_for_the_tip),
		cmocka_unit_test(a_named_patch_is_looked_at_with_its_parent),
		cmocka_unit_test(one_patch_is_found_by_halves),
		cmocka_unit_test(two_subjects_are_narrowed_together),
		cmocka_unit_test(what_goes_away_again_is_found_at_both_ends),
		cmocka_unit_test(only_what_failed_twice_is_worth_it),
		cmocka_unit_test(what_gives_no_answer_is_gone_around),
		cmocka_unit_test(a_flake_on_the_way_counts_as_bad),
		cmocka_unit_test(halving_waits_for_what_is_under_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
