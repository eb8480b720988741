/*
 * Processes that end with locked pages of each kind (kinds.h): by exit, killed, or
 * by exec. Unmapping unlocks through the batches of whichever CPU it runs on; when
 * these are drained nothing is left, and no page was freed while it was Mlocked:
 * the batch holds it until the flag is gone (mm/mlock.c, munlock_folio), so that
 * unevictable_pgs_cleared stays as it was.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/ktap.h"
#include "common/opts.h"
#include "common/turn.h"
#include "mlock-migrate/cases.h"
#include "mlock-migrate/kindcheck.h"

#define PAGES 48
#define ENDS 3
#define USAGE 2 /* what main.c returns without a case */

enum end { EXIT, KILL, EXEC };

static const char *const end_names[ENDS] = { "exit", "kill", "exec" };

struct story {
	size_t first, n; /* kinds that one process puts up */
	enum end end;
	const struct account *base;
};

/* A process of another program, which ends at once. */
static void become_another(void)
{
	char name[] = "mlock-migrate";
	char *argv[] = { name, NULL }, *envp[] = { NULL };
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	dup2(null, STDERR_FILENO);
	execve("/proc/self/exe", argv, envp);
	_exit(127);
}

static const char *check_name(const struct story *st, const char *what)
{
	static char name[64];

	snprintf(name, sizeof(name), "%s-%s-%s",
		 st->n == 1 ? kinds[st->first].name : "several", end_names[st->end],
		 what);
	return name;
}

/* Those of the story that lock the whole process, or those that do not. */
static void put_up(const struct story *st, bool whole, struct why *w)
{
	struct kind_run run;
	struct account now;
	size_t i;

	for (i = st->first; i < st->first + st->n; i++) {
		if (!(kinds[i].traits & KIND_PROCESS) == whole ||
		    (kinds[i].lacks && kinds[i].lacks()))
			continue;
		kind_put_up(&run, &kinds[i], PAGES);
		account_growth(st->base, &now, w);
		account_process(w);
		kindcheck_pages(&run, w);
	}
}

/* Two turns: put up and looked at; the end. */
static void process(void *arg)
{
	const struct story *st = arg;
	struct why w = { 0 };

	put_up(st, false, &w);
	put_up(st, true, &w);
	why_check(&w, check_name(st, "locked"));
	turn_yield();
	if (st->end == EXEC)
		become_another();
	_exit(0);
}

static void check_status(const struct story *st, int status, struct why *w)
{
	int want = st->end == EXEC ? USAGE : 0;

	if (!WIFEXITED(status) || WEXITSTATUS(status) != want)
		why_add(w, "expected the process to exit with %d, saw status %#x", want,
			(unsigned)status);
}

static void run_story(size_t first, size_t n, enum end end)
{
	struct account base, before, now;
	struct story st = { first, n, end, &base };
	struct why w = { 0 };
	struct turn turn;

	account_read(&base);
	turn_start(&turn, process, &st);
	turn_run(&turn);
	account_read(&before);
	account_data(&base, &before);
	if (end == KILL)
		turn_kill(&turn);
	else
		check_status(&st, turn_last(&turn), &w);
	account_read(&now);
	ktap_data("stranded_at_end", now.vm.stranded - before.vm.stranded);
	account_gone(&base, &now, &w);
	if (now.vm.pgs_cleared != before.vm.pgs_cleared)
		why_add(&w,
			"expected no page to be freed while it was Mlocked, saw unevictable_pgs_cleared grow by %lld",
			now.vm.pgs_cleared - before.vm.pgs_cleared);
	why_check(&w, check_name(&st, "back"));
}

static void skip_story(const struct kind *kind)
{
	int i;

	for (i = 0; i < 2; i++)
		ktap_skip(kind->name, "%s", kind->lacks());
}

static void each_kind(unsigned round)
{
	size_t k;

	for (k = 0; k < kinds_n; k++) {
		if (kinds[k].lacks && kinds[k].lacks())
			skip_story(&kinds[k]);
		else
			run_story(k, 1, (enum end)((k + round) % ENDS));
	}
}

/*
 * All kinds together end in all ways. With "each=1" each kind also ends by itself,
 * in another way in each round: that tells which kind it is.
 */
void case_exit(void)
{
	unsigned rounds = (unsigned)opts_number("rounds", 1), i;
	bool each = opts_number("each", 0) != 0;
	struct account base, now;
	struct why w = { 0 };
	size_t e;

	account_begin();
	ktap_begin(rounds * 2 * ((each ? (unsigned)kinds_n : 0) + ENDS) + 1);
	account_read(&base);
	for (i = 0; i < rounds; i++) {
		if (each)
			each_kind(i);
		for (e = 0; e < ENDS; e++)
			run_story(0, kinds_n, (enum end)e);
	}
	account_scan(&now);
	account_gone(&base, &now, &w);
	why_check(&w, "back-at-base");
}
