#include <string.h>

#include "cli/matrix.h"
#include "cli/verdict_text.h"
#include "db/state_lock.h"
#include "lib/text.h"
#include "web/base_words.h"
#include "web/outcome.h"

static void print_field(const struct term *t, const char *name, const char *value)
{
	AUTO_FREE char *clean = text_clean_line(value, 0);

	fputs("  ", t->out);
	term_put(t, TERM_DIM, name, 10);
	term_wrap(t, TERM_PLAIN, clean, 12);
}

/* Patches that needed more than an exact match, by how. */
static void print_applied(const struct report *r, const struct term *t,
			  enum step_apply how, const char *text)
{
	AUTO(str_done) struct str line = STR_INIT;
	size_t n = 0;

	for (size_t i = 0; i < r->v.nsteps; i++)
		if (r->v.steps[i].apply == how)
			str_addf(&line, "%s%lld", n++ ? ", " : "",
				 (long long)r->v.steps[i].step);
	if (!n)
		return;
	str_addf(&line, " %s", text);
	print_field(t, n == 1 ? "patch" : "patches", str_get(&line));
}

/* Without a base what was tried is all there is to tell. */
static void print_tries(const struct report *r, const struct term *t)
{
	const struct series *s = &r->v.series;
	size_t n = r->tries || !s->base_commit ? json_len(s->base_tried) : 0;

	for (size_t i = 0; i < n; i++) {
		AUTO_FREE char *words =
			base_try_words(json_object_array_get_idx(s->base_tried, i));

		print_field(t, "tried", words);
	}
}

/* Beside whoever is at work here without a daemon nobody else can go on with it. */
static void print_unfinished(const struct report *r, const struct term *t)
{
	AUTO_FREE char *text = NULL;

	if (r->job)
		text = str_printf("is being tested, as job %lld", (long long)r->job);
	else if (r->at_work && !str_starts(r->at_work, DAEMON_COMMAND))
		text = str_printf("not finished; %s is at work here, and when that has "
				  "ended, the same \"sluice test\" goes on with it",
				  r->at_work);
	else
		text = str_dup("not finished; the same \"sluice test\" goes on with it");
	print_field(t, "state", text);
}

static void print_head(const struct report *r, const struct term *t)
{
	const struct series *s = &r->v.series;
	AUTO_FREE char *ended = outcome_ended(s);
	AUTO_FREE char *subject = text_clean_line(s->subject, 0);
	AUTO_FREE char *who = s->patches == 0 ? str_dup(s->author) :
						str_printf("%s, %lld patch%s", s->author,
							   (long long)s->patches,
							   s->patches == 1 ? "" : "es");
	AUTO_FREE char *id = s->version > 1 ?
				     str_printf("%s, version %lld", s->message_id,
						(long long)s->version) :
				     str_dup(s->message_id);
	AUTO_FREE char *base = NULL;

	fputs("  ", t->out);
	term_wrap(t, TERM_BOLD, subject, 2);
	print_field(t, "from", who);
	print_field(t, "id", id);
	if (s->base_commit) {
		base = str_printf("%s at %.12s (%s)", s->tree, s->base_commit,
				  report_how_text(s->base_how));
		print_field(t, "base", base);
	}
	print_tries(r, t);
	print_applied(r, t, APPLY_THREE_WAY, "applied by a three-way merge");
	print_applied(r, t, APPLY_GIT_AM, "applied by git am -3");
	print_applied(r, t, APPLY_ALREADY, "in the base already");
	if (ended)
		print_field(t, "state", ended);
	if (s->state == SERIES_RUNNING || s->state == SERIES_NEW)
		print_unfinished(r, t);
}

void series_text_print(const struct report *r, const struct term *t)
{
	fputc('\n', t->out);
	print_head(r, t);
	fputc('\n', t->out);
	if (r->ncolumns) {
		matrix_print(r, t);
		fputc('\n', t->out);
	}
	verdict_text_print(r, t);
}
