#ifndef _LINUX_TOY_H
#define _LINUX_TOY_H

/*
 * What the image says about itself to those who only pretend to boot it: the
 * text stands in vmlinux as "toy:" and ends with a newline.
 */
#define TOY_SAYS(name, text) \
	const char toy_says_##name[] __attribute__((used)) = "toy:" text "\n"

typedef unsigned long size_t;

void panic(const char *why);
size_t strlen(const char *s);
void *memset(void *p, int c, size_t n);

#endif
