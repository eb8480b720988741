/*
 * A growing byte string, always NUL-terminated (it may hold NULs of its own).
 * Embedded: str_init or "= STR_INIT", str_done. With a limit set, what goes
 * beyond it is dropped and "truncated" says so; running out of memory aborts,
 * as everywhere in sluice (a limit keeps strangers from getting there).
 */
#ifndef SLUICE_LIB_STR_H
#define SLUICE_LIB_STR_H

#include <stdbool.h>
#include <stddef.h>

struct str {
	char *data; /* NULL until the first byte; use str_get */
	size_t len;
	size_t cap;
	size_t limit; /* 0: none */
	bool truncated;
};

#define STR_INIT             \
	{                    \
		.data = NULL \
	}

void str_init(struct str *s);
void str_done(struct str *s);
void str_clear(struct str *s);
void str_add(struct str *s, const char *text);
void str_addn(struct str *s, const void *data, size_t len);
void str_addc(struct str *s, char c);
void str_addf(struct str *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The text, "" when empty; valid until the next change. */
const char *str_get(const struct str *s);
/* Hands the text over (never NULL, free it); s is empty afterwards. */
char *str_take(struct str *s);

/* asprintf that cannot fail; the caller frees. */
char *str_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* strdup that cannot fail; NULL gives NULL. */
char *str_dup(const char *s);
char *str_ndup(const char *s, size_t n);
/* malloc/calloc/realloc that cannot fail. */
void *mem_alloc0(size_t size);
void *mem_realloc(void *p, size_t nmemb, size_t size);

bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
/* Whole string to a number in [min, max]; false and *ret untouched if not. */
bool str_to_ll(const char *s, long long min, long long max, long long *ret);
/* Cuts leading and trailing white space in place, returns the start. */
char *str_trim(char *s);
/*
 * Splits at any of the characters in seps, trims, drops empty parts. Returns a
 * NULL-terminated vector, freed with strv_free.
 */
char **strv_split(const char *s, const char *seps);
void strv_free(char **v);
size_t strv_len(char *const *v);

#endif
