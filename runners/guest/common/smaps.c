#include "common/smaps.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/ktap.h"
#include "common/sysfile.h"

static const struct {
	const char *name;
	size_t field;
} fields[] = {
	{ "Rss:", offsetof(struct smaps_vma, rss) },
	{ "Pss:", offsetof(struct smaps_vma, pss) },
	{ "Swap:", offsetof(struct smaps_vma, swap) },
	{ "Locked:", offsetof(struct smaps_vma, locked) },
	{ "AnonHugePages:", offsetof(struct smaps_vma, pmd_mapped) },
	{ "ShmemPmdMapped:", offsetof(struct smaps_vma, pmd_mapped) },
	{ "FilePmdMapped:", offsetof(struct smaps_vma, pmd_mapped) },
};

static void vma_add(struct smaps *s, uintptr_t start, uintptr_t end)
{
	struct smaps_vma *grown;

	if (s->n % 64 == 0) {
		grown = realloc(s->vma, (s->n + 64) * sizeof(*s->vma));
		if (!grown)
			ktap_bail("out of memory for %zu mappings", s->n);
		s->vma = grown;
	}
	s->vma[s->n++] = (struct smaps_vma){ .start = start, .end = end };
}

static void vma_field(struct smaps_vma *v, const char *line)
{
	size_t i, len;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		len = strlen(fields[i].name);
		if (strncmp(line, fields[i].name, len) == 0)
			*(long long *)((char *)v + fields[i].field) +=
				strtoll(line + len, NULL, 10);
	}
	if (strncmp(line, "VmFlags:", 8) == 0)
		v->vm_locked = strstr(line, " lo") != NULL;
}

/* "7f00000-7f01000 rw-p …" begins a mapping, "Rss:   4 kB" and such are its fields. */
static bool vma_begins(const char *line, uintptr_t *start, uintptr_t *end)
{
	char *at;

	if (line[0] >= 'A' && line[0] <= 'Z')
		return false;
	*start = strtoull(line, &at, 16);
	if (*at != '-')
		return false;
	*end = strtoull(at + 1, &at, 16);
	return *at == ' ';
}

void smaps_read(struct smaps *ret)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	uintptr_t start, end;
	char line[512];

	memset(ret, 0, sizeof(*ret));
	if (!f)
		ktap_bail("/proc/self/smaps: %s", strerror(errno));
	while (fgets(line, sizeof(line), f)) {
		if (vma_begins(line, &start, &end))
			vma_add(ret, start, end);
		else if (ret->n)
			vma_field(&ret->vma[ret->n - 1], line);
	}
	fclose(f);
}

void smaps_done(struct smaps *s)
{
	free(s->vma);
	memset(s, 0, sizeof(*s));
}

long long smaps_locked_kib(const struct smaps *s)
{
	long long kib = 0;
	size_t i;

	for (i = 0; i < s->n; i++) {
		if (s->vma[i].vm_locked)
			kib += (long long)(s->vma[i].end - s->vma[i].start) / 1024;
	}
	return kib;
}

long long smaps_sum(const struct smaps *s, const void *from, const void *to, size_t field)
{
	long long sum = 0;
	size_t i;

	for (i = 0; i < s->n; i++) {
		if (s->vma[i].start < (uintptr_t)to && s->vma[i].end > (uintptr_t)from)
			sum += *(const long long *)((const char *)&s->vma[i] + field);
	}
	return sum;
}

long long smaps_vmlck_kib(void)
{
	char text[4096];
	const char *p;

	if (sysfile_read("/proc/self/status", text, sizeof(text)) <= 0)
		return -1;
	p = strstr(text, "\nVmLck:");
	return p ? strtoll(p + strlen("\nVmLck:"), NULL, 10) : -1;
}
