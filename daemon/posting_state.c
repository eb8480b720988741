#include "daemon/posting_state.h"

#include <string.h>

/*
 * Where only some patches were posted anew, more of them may come; and where others
 * than its sender filled a series' holes, its own patches, which then go first.
 */
static bool is_whole(const struct posting *p, bool over)
{
	return p->complete && ((!p->s.refilled && !p->mixed) || over);
}

bool posting_is_open(const struct posting *p, bool over)
{
	return !over && !p->broken && !is_whole(p, over);
}

/* Never to be queued, whatever comes. */
static const char *no_use(const struct posting *p)
{
	if (p->kind == POSTING_PULL)
		return "a pull request, not a patch series";
	if (p->minor)
		return "one patch of a version posted anew by itself";
	return NULL;
}

enum posting_state posting_next_state(const struct posting_facts *f, struct str *reason)
{
	const struct posting *p = f->p;
	const char *why = no_use(p);

	/* A stray mail does not take back what was tested, or is about to be. */
	if ((f->was == POSTING_QUEUED || f->was == POSTING_DONE) &&
	    (!f->changed || !is_whole(p, f->over) || f->refused || f->newer))
		return f->was;
	if (why || f->refused) {
		str_add(reason, why ? why : f->refused);
		return POSTING_IGNORED;
	}
	if (f->newer) {
		str_add(reason, f->newer);
		return POSTING_SUPERSEDED;
	}
	if (is_whole(p, f->over))
		return POSTING_COMPLETE;
	if (posting_is_open(p, f->over))
		return POSTING_WAITING;
	str_add(reason, p->s.reason);
	return POSTING_INCOMPLETE;
}
