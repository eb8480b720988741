/* How what is put right after a test is told: a line of ours in its output. */
#ifndef SLUICE_INIT_TELL_H
#define SLUICE_INIT_TELL_H

struct teller {
	void (*say)(const char *text, void *arg);
	void *arg;
};

/* Longer lines are cut. */
void tell(const struct teller *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
