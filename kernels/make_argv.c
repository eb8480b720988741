#include "kernels/make_argv.h"

#include <stdlib.h>
#include <string.h>

#include "kernels/kconfig.h"
#include "lib/str.h"

/* Owned texts, NULL-terminated. */
struct list {
	char **v;
	size_t n;
};

static void list_add(struct list *l, char *s)
{
	l->v = mem_realloc(l->v, l->n + 2, sizeof(*l->v));
	l->v[l->n++] = s;
	l->v[l->n] = NULL;
}

static void list_add_vars(struct list *l, const char *arch)
{
	list_add(l, str_printf("ARCH=%s", arch));
	/* Empty but set: or a git work tree adds a "+" to the version. */
	list_add(l, str_dup("LOCALVERSION="));
	list_add(l, str_dup("KBUILD_BUILD_TIMESTAMP=2020-01-01 00:00:00 UTC"));
	list_add(l, str_dup("KBUILD_BUILD_USER=sluice"));
	list_add(l, str_dup("KBUILD_BUILD_HOST=sluice"));
	list_add(l, str_dup("KBUILD_BUILD_VERSION=1"));
}

char **make_vars(const char *arch)
{
	struct list l = { 0 };

	list_add_vars(&l, arch);
	return l.v;
}

char **make_argv(const struct make_opts *o, const char *goal)
{
	struct list l = { 0 };

	list_add(&l, str_dup(o->make ? o->make : "make"));
	list_add(&l, str_printf("-j%d", o->jobs < 1 ? 1 : o->jobs));
	list_add(&l, str_dup("-Otarget"));
	list_add(&l, str_dup("--no-print-directory"));
	list_add(&l, str_dup("-C"));
	list_add(&l, str_dup(o->src));
	list_add(&l, str_printf("O=%s", o->out));
	list_add_vars(&l, o->arch);
	if (o->ccache)
		list_add(&l, str_dup("CC=ccache gcc"));
	list_add(&l, str_dup(goal));
	return l.v;
}

static char *env_or(const char *name, const char *fallback)
{
	const char *v = getenv(name);

	return str_printf("%s=%s", name, v && *v ? v : fallback);
}

char *make_image(const char *arch, const char *goal)
{
	if (strcmp(goal, "vmlinux") == 0)
		return str_dup("vmlinux");
	return str_printf("arch/%s/boot/%s", kconfig_srcarch(arch), goal);
}

char **make_env(const char *ccache_dir, bool ccache_write)
{
	const char *tmp = getenv("TMPDIR");
	struct list l = { 0 };

	list_add(&l, env_or("PATH", "/usr/local/bin:/usr/bin:/bin"));
	list_add(&l, env_or("TMPDIR", "/tmp"));
	list_add(&l, str_printf("HOME=%s", tmp && *tmp ? tmp : "/tmp"));
	list_add(&l, str_dup("LC_ALL=C"));
	list_add(&l, str_dup("GCC_COLORS="));
	if (ccache_dir) {
		list_add(&l, str_printf("CCACHE_DIR=%s", ccache_dir));
		list_add(&l, str_dup(ccache_write ? "CCACHE_NOSTATS=1" :
						    "CCACHE_READONLY=1"));
		/* Else below the cache, which may be read-only. */
		list_add(&l, str_printf("CCACHE_TEMPDIR=%s", tmp && *tmp ? tmp : "/tmp"));
	}
	return l.v;
}
