#include <linux/toy.h>

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

void *memset(void *p, int c, size_t n)
{
	char *s = p;

	while (n--)
		*s++ = (char)c;
	return p;
}
