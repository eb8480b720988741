#include "lib/str.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *mem_check(void *p)
{
	if (!p) {
		fputs("sluice: out of memory\n", stderr);
		abort();
	}
	return p;
}

void *mem_alloc0(size_t size)
{
	return mem_check(calloc(1, size ? size : 1));
}

void *mem_realloc(void *p, size_t nmemb, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(nmemb, size, &bytes))
		return mem_check(NULL);
	return mem_check(realloc(p, bytes ? bytes : 1));
}

void str_init(struct str *s)
{
	*s = (struct str)STR_INIT;
}

void str_done(struct str *s)
{
	free(s->data);
	str_init(s);
}

void str_clear(struct str *s)
{
	s->len = 0;
	s->truncated = false;
	if (s->data)
		s->data[0] = '\0';
}

static void str_reserve(struct str *s, size_t more)
{
	size_t need = s->len + more + 1;
	size_t cap = s->cap ? s->cap : 64;

	if (need <= s->cap)
		return;
	while (cap < need)
		cap *= 2;
	s->data = mem_realloc(s->data, cap, 1);
	s->cap = cap;
}

void str_addn(struct str *s, const void *data, size_t len)
{
	if (s->limit && s->len + len > s->limit) {
		len = s->limit - s->len;
		s->truncated = true;
	}
	str_reserve(s, len);
	if (len)
		memcpy(s->data + s->len, data, len);
	s->len += len;
	s->data[s->len] = '\0';
}

void str_add(struct str *s, const char *text)
{
	str_addn(s, text, strlen(text));
}

void str_addc(struct str *s, char c)
{
	str_addn(s, &c, 1);
}

void str_addf(struct str *s, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	mem_check(n < 0 ? NULL : text);
	str_addn(s, text, (size_t)n);
	free(text);
}

const char *str_get(const struct str *s)
{
	return s->data ? s->data : "";
}

char *str_take(struct str *s)
{
	char *text;

	str_reserve(s, 0);
	s->data[s->len] = '\0';
	text = s->data;
	str_init(s);
	return text;
}

char *str_printf(const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	return mem_check(n < 0 ? NULL : text);
}

char *str_dup(const char *s)
{
	return s ? mem_check(strdup(s)) : NULL;
}

char *str_ndup(const char *s, size_t n)
{
	return s ? mem_check(strndup(s, n)) : NULL;
}

bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && strcmp(s + n - m, suffix) == 0;
}

bool str_to_ll(const char *s, long long min, long long max, long long *ret)
{
	char *end;
	long long v;

	if (!s || !*s || isspace((unsigned char)*s))
		return false;
	errno = 0;
	v = strtoll(s, &end, 10);
	if (errno || *end || v < min || v > max)
		return false;
	*ret = v;
	return true;
}

char *str_trim(char *s)
{
	char *end;

	while (isspace((unsigned char)*s))
		s++;
	end = s + strlen(s);
	while (end > s && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	return s;
}

char **strv_split(const char *s, const char *seps)
{
	char *copy = str_dup(s ? s : ""), *save = NULL, *part;
	char **v = mem_alloc0(sizeof(*v));
	size_t n = 0;

	for (part = strtok_r(copy, seps, &save); part;
	     part = strtok_r(NULL, seps, &save)) {
		part = str_trim(part);
		if (!*part)
			continue;
		v = mem_realloc(v, n + 2, sizeof(*v));
		v[n++] = str_dup(part);
		v[n] = NULL;
	}
	free(copy);
	return v;
}

void strv_free(char **v)
{
	if (!v)
		return;
	for (size_t i = 0; v[i]; i++)
		free(v[i]);
	free(v);
}

size_t strv_len(char *const *v)
{
	size_t n = 0;

	while (v && v[n])
		n++;
	return n;
}
