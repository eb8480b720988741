#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/judge.h"
#include "lib/cleanup.h"

/*
 * One letter a step: P pass, F fail (repeated), f flaky, o once, S skip,
 * I infra, . not looked at.
 */
static struct judgement judge(const char *steps)
{
	struct cell cells[32] = { 0 };
	int n = (int)strlen(steps);

	for (int k = 0; k < n; k++) {
		switch (steps[k]) {
		case 'P':
			cells[k] = (struct cell){ CELL_PASS, 1, 0 };
			break;
		case 'F':
			cells[k] = (struct cell){ CELL_FAIL, 2, 2 };
			break;
		case 'f':
			cells[k] = (struct cell){ CELL_FLAKY, 2, 1 };
			break;
		case 'o':
			cells[k] = (struct cell){ CELL_ONCE, 1, 1 };
			break;
		case 'S':
			cells[k].state = CELL_SKIP;
			break;
		case 'I':
			cells[k].state = CELL_INFRA;
			break;
		default:
			cells[k].state = CELL_NONE;
			break;
		}
	}
	return judge_cells(cells, n);
}

struct expected {
	const char *steps;
	enum verdict_word word;
	int from, until, cand_first, cand_last;
};

static const struct expected table[] = {
	{ "PPPPPP", VERDICT_PASS, -1, -1, -1, -1 },
	{ "P", VERDICT_PASS, -1, -1, -1, -1 },
	{ "PPPFFF", VERDICT_INTRODUCED, 3, -1, 3, 3 },
	{ "PPPPPF", VERDICT_INTRODUCED, 5, -1, 5, 5 },
	{ "PPPFFP", VERDICT_TRANSIENT, 3, 5, 3, 3 },
	{ "P..F.P", VERDICT_TRANSIENT, 3, 5, 1, 3 },
	{ "PP.F..", VERDICT_INTRODUCED, 3, -1, 2, 3 },
	{ "PFPPF", VERDICT_INTRODUCED, 1, 2, 1, 1 },
	{ "FFFF", VERDICT_PRE_EXISTING, 0, -1, -1, -1 },
	{ "FFPP", VERDICT_PRE_EXISTING, 0, 2, -1, -1 },
	{ "FFPF", VERDICT_INTRODUCED, 3, -1, 3, 3 },
	{ "FPFP", VERDICT_TRANSIENT, 2, 3, 2, 2 },
	{ "oPPP", VERDICT_PRE_EXISTING, 0, 1, -1, -1 },
	{ ".FFF", VERDICT_INCONCLUSIVE, 1, -1, -1, -1 },
	{ "IPFF", VERDICT_INTRODUCED, 2, -1, 2, 2 },
	{ "IFFF", VERDICT_INCONCLUSIVE, 1, -1, -1, -1 },
	{ "PPfPP", VERDICT_FLAKY, 2, 3, 2, 2 },
	/* The flake of patch 2 does not take the blame for patch 4. */
	{ "PPfPF", VERDICT_INTRODUCED, 4, -1, 4, 4 },
	{ "PoPFFP", VERDICT_TRANSIENT, 3, 5, 3, 3 },
	{ "PoP.fP", VERDICT_FLAKY, 4, 5, 3, 4 },
	/* What comes and goes at the base as well is no patch's doing. */
	{ "oPfP", VERDICT_PRE_EXISTING, 0, 1, -1, -1 },
	{ "fPfP", VERDICT_FLAKY, 0, 1, -1, -1 },
	{ "oPFF", VERDICT_INTRODUCED, 2, -1, 2, 2 },
	{ "fPPP", VERDICT_FLAKY, 0, 1, -1, -1 },
	{ "PPoPP", VERDICT_INCONCLUSIVE, 2, 3, 2, 2 },
	{ "PPofP", VERDICT_FLAKY, 2, 4, 2, 2 },
	{ "SSSS", VERDICT_NOT_TESTED, -1, -1, -1, -1 },
	{ "....", VERDICT_NOT_TESTED, -1, -1, -1, -1 },
	{ "PPIP", VERDICT_INFRA, -1, -1, -1, -1 },
	{ "IIII", VERDICT_INFRA, -1, -1, -1, -1 },
	{ "PIFF", VERDICT_INTRODUCED, 2, -1, 1, 2 },
	{ "PPS", VERDICT_INCONCLUSIVE, -1, -1, -1, -1 },
	{ "PSP", VERDICT_PASS, -1, -1, -1, -1 },
	/* A skip is evidence of nothing: neither good before nor good after. */
	{ "SF", VERDICT_INCONCLUSIVE, 1, -1, -1, -1 },
	{ "SSFF", VERDICT_INCONCLUSIVE, 2, -1, -1, -1 },
	{ "SFP", VERDICT_INCONCLUSIVE, 1, 2, -1, -1 },
	{ "PSF", VERDICT_INTRODUCED, 2, -1, 1, 2 },
	{ "PFS", VERDICT_INTRODUCED, 1, -1, 1, 1 },
	{ "PFSP", VERDICT_TRANSIENT, 1, 3, 1, 1 },
	{ "FSS", VERDICT_PRE_EXISTING, 0, -1, -1, -1 },
	{ "FSF", VERDICT_PRE_EXISTING, 0, -1, -1, -1 },
	{ "PP..", VERDICT_INCONCLUSIVE, -1, -1, -1, -1 },
};

static void the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct expected *e = &table[i];
		struct judgement j = judge(e->steps);

		if (j.word != e->word || j.from != e->from || j.until != e->until ||
		    j.candidate_first != e->cand_first ||
		    j.candidate_last != e->cand_last)
			fail_msg("%s: %s from %d until %d candidates %d..%d", e->steps,
				 verdict_word_str(j.word), j.from, j.until,
				 j.candidate_first, j.candidate_last);
	}
}

/* What ended it is known only where the step before is: no skip, no loss, no gap. */
static void what_repaired_it_may_be_several(void **state)
{
	static const struct {
		const char *steps;
		int until, until_first;
	} cases[] = {
		{ "PFP", 2, 2 },   { "PFSP", 3, 2 },   { "PF.SP", 4, 2 },
		{ "PFIP", 3, 2 },  { "PFSFSP", 5, 4 }, { "PFS", -1, -1 },
		{ "FSP", 2, 1 },   { "SFSP", 3, 2 },   { "PFSPPF", 3, 2 },
		{ "PPP", -1, -1 }, { "PfSP", 3, 2 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct judgement j = judge(cases[i].steps);

		if (j.until != cases[i].until || j.until_first != cases[i].until_first)
			fail_msg("%s: until %d, first %d", cases[i].steps, j.until,
				 j.until_first);
	}
}

static void runs_and_failures_add_up(void **state)
{
	struct judgement j = judge("PPPFFP");

	(void)state;
	assert_int_equal(j.runs, 8);
	assert_int_equal(j.failures, 4);
}

static void names_are_the_words_users_see(void **state)
{
	(void)state;
	assert_string_equal(verdict_word_str(VERDICT_PRE_EXISTING), "pre-existing");
	assert_string_equal(verdict_word_str(VERDICT_NOT_TESTED), "not-tested");
	assert_string_equal(verdict_word_str(VERDICT_TRANSIENT), "transient");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table),
		cmocka_unit_test(what_repaired_it_may_be_several),
		cmocka_unit_test(runs_and_failures_add_up),
		cmocka_unit_test(names_are_the_words_users_see),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
