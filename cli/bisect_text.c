#include "cli/bisect_text.h"

#include "cli/cmd.h"

#define LIKELY_MAX 5      /* commits that are named when it ends without a call */
#define CANDIDATES_MAX 20 /* and of those that cannot be told apart */
/* P that a commit is bad, or good, to be so in the log for git. */
#define SURE 0.99

static void print_commit(FILE *out, const struct bisect_case *c, int commit)
{
	const struct range_commit *v = &c->range.v[commit];

	fprintf(out, "%.12s \"%s\"", v->id, v->subject);
}

static int last_of(const struct bisect_case *c)
{
	return (int)c->range.n - 1;
}

void bisect_text_begin(FILE *out, const struct bisect_case *c)
{
	const struct bisection *w = &c->what;

	fprintf(out, "%s on %s (%s, config %s): %zu commits of %s\n  good ", w->test,
		w->topology, w->accel, w->config, c->range.n - 1, w->tree);
	print_commit(out, c, 0);
	fputs("\n  bad  ", out);
	print_commit(out, c, last_of(c));
	fputc('\n', out);
}

void bisect_text_step(FILE *out, const struct bisect_case *c, const struct bisect *b,
		      const struct bisect_step *s)
{
	struct bisect_call call = bisect_call(b, 2);

	fputs("next ", out);
	print_commit(out, c, s->commit);
	fprintf(out, ", %d/%d so far: %s", bisect_failures(b, s->commit),
		bisect_runs(b, s->commit), bisect_why_str(s->why));
	if (s->why == BISECT_TELLS)
		fprintf(out, " (%.2f nats, %.0f s)", s->gain, s->cost);
	if (call.commit >= 0)
		fprintf(out, "; likeliest %.12s, P %.3f", c->range.v[call.commit].id,
			call.p);
	fputc('\n', out);
	fflush(out);
}

/* Runs and failures of what descends from a commit, itself among it, or of the rest. */
static void count(const struct bisect_case *c, const struct bisect *b, int commit,
		  bool after, int *ret_runs, int *ret_failures)
{
	*ret_runs = *ret_failures = 0;
	for (int i = 0; i <= last_of(c); i++)
		if (bisect_first(b, i) == i &&
		    bisect_graph_leads(c->graph, commit, i) == after) {
			*ret_runs += bisect_runs(b, i);
			*ret_failures += bisect_failures(b, i);
		}
}

static int print_culprit(FILE *out, const struct bisect_case *c, const struct bisect *b,
			 const struct bisect_call *call)
{
	int list[CANDIDATES_MAX], runs, failures;
	int n = bisect_candidates(b, call->commit, list, CANDIDATES_MAX);

	if (n == last_of(c) && n > 1) {
		fprintf(out,
			"none of the commits between can be run: each of the %d may have "
			"broken it\n",
			n);
		return EXIT_USAGE;
	}
	fputs(n > 1 ? "one of these broke it, no run can tell which:\n" :
		      "the first bad commit is\n",
	      out);
	for (int i = 0; i < n && i < CANDIDATES_MAX; i++) {
		fputs("  ", out);
		print_commit(out, c, list[i]);
		fputc('\n', out);
	}
	if (n > CANDIDATES_MAX)
		fprintf(out, "  and %d more\n", n - CANDIDATES_MAX);
	count(c, b, call->commit, false, &runs, &failures);
	fprintf(out, "%s on %s: %d/%d before, ", c->what.test, c->what.topology, failures,
		runs);
	count(c, b, call->commit, true, &runs, &failures);
	fprintf(out, "%d/%d after, P %.3f\n", failures, runs, call->p);
	return EXIT_OK;
}

static int print_ends(FILE *out, const struct bisect_case *c, const struct bisect *b,
		      const char *what)
{
	int bad = last_of(c);

	fprintf(out, "%s: good end %d/%d, bad end %d/%d failed\n", what,
		bisect_failures(b, 0), bisect_runs(b, 0), bisect_failures(b, bad),
		bisect_runs(b, bad));
	return EXIT_USAGE;
}

static int print_called(FILE *out, const struct bisect_case *c, const struct bisect *b,
			const struct bisect_call *call)
{
	switch (call->word) {
	case BISECT_CULPRIT:
		return print_culprit(out, c, b, call);
	case BISECT_GOOD_IS_BAD:
		return print_ends(out, c, b, "the test fails at the good end as well");
	case BISECT_REVERSED:
		return print_ends(out, c, b, "good and bad are the wrong way round");
	case BISECT_CONTRADICTION:
		fputs("marks contradict each other: no commit can be what broke it\n",
		      out);
		return EXIT_USAGE;
	default:
		print_ends(out, c, b, "failures are chance, no commit is bad");
		return EXIT_FAILED;
	}
}

static int print_unsure(FILE *out, const struct bisect_case *c, const struct bisect *b,
			enum bisect_why why)
{
	double below = 2;

	fprintf(out, "inconclusive: %s\n", bisect_why_str(why));
	for (int k = 0; k < LIKELY_MAX; k++) {
		int best = -1;

		/* Of those that are equally likely the first is shown. */
		for (int i = 1; i <= last_of(c); i++)
			if (bisect_culprit(b, i) < below &&
			    (best < 0 || bisect_culprit(b, i) > bisect_culprit(b, best)))
				best = i;
		if (best < 0 || bisect_culprit(b, best) <= 0)
			break;
		below = bisect_culprit(b, best);
		fprintf(out, "  P %.3f ", below);
		print_commit(out, c, best);
		fputc('\n', out);
	}
	fprintf(out, "  P %.3f it was bad before; P %.3f nothing is bad\n",
		bisect_culprit(b, 0), bisect_never_bad(b));
	return EXIT_FAILED;
}

int bisect_text_end(FILE *out, const struct bisect_case *c, const struct bisect *b,
		    const struct bisect_step *s, const struct bisect_call *call)
{
	switch (s->why) {
	case BISECT_CALLED:
		return print_called(out, c, b, call);
	case BISECT_NOT_SEEN:
		return print_ends(out, c, b, "the bad end was not seen to fail");
	case BISECT_NO_END:
		return print_ends(out, c, b,
				  "an end does not build or boot; name another, or say "
				  "what it is with --mark");
	default:
		return print_unsure(out, c, b, s->why);
	}
}

/* ---- the log ---- */

static void print_replay(FILE *out, const struct bisect_case *c, const struct bisect *b)
{
	fprintf(out, "git bisect start '%s' '%s'\n", c->range.v[last_of(c)].id,
		c->range.v[0].id);
	for (int i = 1; i < last_of(c); i++) {
		double p = bisect_bad(b, i);
		bool told = bisect_marked(b, i) || bisect_runs(b, i) > 0;
		const char *word = NULL;

		if (bisect_first(b, i) < 0 && !bisect_marked(b, i))
			word = "skip";
		else if (told && p >= SURE)
			word = "bad";
		else if (told && p <= 1 - SURE)
			word = "good";
		if (word)
			fprintf(out,
				"# %s: %s, %d/%d failed, P(bad) %.3f\ngit bisect %s %s\n",
				word, c->range.v[i].subject, bisect_failures(b, i),
				bisect_runs(b, i), p, word, c->range.v[i].id);
	}
}

int bisect_text_log(FILE *out, const struct bisect_case *c, const struct bisect *b,
		    struct db *db, struct err *err)
{
	struct bisection_step *steps = NULL;
	size_t n = 0;

	if (bisection_steps(db, c->what.id, &steps, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const struct bisection_step *s = &steps[i];
		int at = commit_range_find(&c->range, s->commit_id);

		fprintf(out, "# %lld. %.12s %s: %s, %lld/%lld before it", (long long)s->n,
			s->commit_id, at >= 0 ? c->range.v[at].subject : "", s->why,
			(long long)s->failures, (long long)s->runs);
		if (s->gain > 0)
			fprintf(out, ", %.2f nats", s->gain);
		if (s->likeliest)
			fprintf(out, "; likeliest %.12s, P %.3f", s->likeliest,
				s->likeliest_p);
		fputc('\n', out);
	}
	bisection_steps_free(steps, n);
	print_replay(out, c, b);
	return 0;
}
