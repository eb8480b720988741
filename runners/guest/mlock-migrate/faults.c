#include "mlock-migrate/faults.h"

#include <stddef.h>
#include <sys/resource.h>

static long faults_so_far(void)
{
	struct rusage u;

	getrusage(RUSAGE_THREAD, &u);
	return u.ru_minflt + u.ru_majflt;
}

static void use(char *const *addr, size_t n, struct faults *ret)
{
	long begin = faults_so_far(), middle;
	volatile char *page;
	size_t i;
	char c;

	for (i = 0; i < n; i++)
		(void)*(volatile char *)addr[i];
	middle = faults_so_far();
	for (i = 0; i < n; i++) {
		page = addr[i];
		c = *page;
		*page = c;
	}
	ret->writes = faults_so_far() - middle;
	ret->reads = middle - begin;
}

/* At first on our own stack: code, stack and *ret may take faults, too. */
void faults_of_use(const struct pageset *set, struct faults *ret)
{
	char byte = 0, *own = &byte;
	size_t i;

	use(&own, 1, ret);
	for (i = 0; i < set->n; i++)
		(void)*(char *volatile *)&set->addr[i];
	use(set->addr, set->n, ret);
}

bool faults_any(const struct faults *f)
{
	return f->reads || f->writes;
}

void faults_complain(const struct faults *f, const struct pageset *set, struct why *w)
{
	if (faults_any(f))
		why_add(w,
			"expected %zu locked pages that were moved to be used without a fault, saw %ld to read and %ld to write them, %d times",
			set->n, f->reads, f->writes, FAULTS_TRIES);
}
