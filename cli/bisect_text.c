#include "cli/bisect_text.h"

#include <string.h>

/* P that a commit is bad, or good, to be so in the log for git. */
#define SURE 0.99

/* ---- the list ---- */

/* Indented, line by line. */
static void print_text(FILE *out, const char *text)
{
	while (*text) {
		int n = (int)strcspn(text, "\n");

		fprintf(out, "      %.*s\n", n, text);
		text += n + (text[n] != '\0');
	}
}

void bisect_text_list(FILE *out, const struct bisection *list, size_t n)
{
	if (n == 0)
		fputs("Nothing was bisected yet.\n", out);
	for (size_t i = 0; i < n; i++) {
		const struct bisection *b = &list[i];

		fprintf(out, "%4lld  %-12s %s on %s (%s, config %s) of %s, %.12s..%.12s",
			(long long)b->id, bisection_state(b), b->test, b->topology,
			b->accel, b->config, b->tree, b->good, b->bad);
		if (b->job >= 0)
			fprintf(out, ", job %lld", (long long)b->job);
		fputc('\n', out);
		print_text(out, json_str(b->outcome, "text", ""));
	}
}

/* ---- the log ---- */

static void print_replay(FILE *out, const struct bisect_case *c, const struct bisect *b)
{
	int last = (int)c->range.n - 1;

	fprintf(out, "git bisect start '%s' '%s'\n", c->range.v[last].id,
		c->range.v[0].id);
	for (int i = 1; i < last; i++) {
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
