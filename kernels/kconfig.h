/*
 * Kernel configurations by name: kernels/configs/NAME.config is a fragment that
 * goes on top of tinyconfig. Comment lines steer sluice:
 *
 *   # sluice: arch=x86_64        default x86_64
 *   # sluice: target=vmlinux     default vmlinux
 *   # sluice: include=x.config   a fragment of the same folder, put before this
 *   # sluice: optional=CONFIG_X  missed only where the tree defines it
 *   # sluice: cmdline=WORDS      for the kernel command line, in order of include
 *   # sluice: slowdown=6         deadlines are that many times as long, 1 to 100
 *   # sluice: tier=deep          default quick; daemon/tiers.h says what that does
 *
 * An included fragment gives all of these but tier, which is the named config's
 * own. An include stands for the lines of its file; of two that set the same the
 * later holds.
 *
 * Also the pure text work on .config files. Loading reads files; the rest does
 * no I/O but kconfig_tree_defines, which reads a kernel tree's Kconfig files.
 */
#ifndef SLUICE_KERNELS_KCONFIG_H
#define SLUICE_KERNELS_KCONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/err.h"
#include "lib/sha256.h"

struct kconfig_fragment {
	char *name; /* "mlock.config" */
	char *text;
};

struct kconfig {
	char *name; /* "mlock" */
	char *arch; /* make's ARCH= */
	char *target;
	char *cmdline;                      /* words with blanks between, or "" */
	unsigned slowdown;                  /* at least 1 */
	bool deep;                          /* tier=deep */
	struct kconfig_fragment *fragments; /* in the order to be applied */
	size_t nfragments;
};

/* Names of the .config files in dir, sorted; strv_free. */
int kconfig_list(const char *dir, char ***ret_names, struct err *err);
/* ERR_MISSING names what there is. k is filled on success only. */
int kconfig_load(const char *dir, const char *name, struct kconfig *k, struct err *err);
void kconfig_done(struct kconfig *k);
/* Of arch, target and all fragments; the name is no part of it. */
void kconfig_hash(const struct kconfig *k, char ret_hex[SHA256_HEX]);

/* The value a .config gives to symbol ("CONFIG_X"): "y", "64", "n"; the caller frees. */
char *kconfig_value(const char *dotconfig, const char *symbol);
/* dotconfig without the symbols that text sets, followed by text; the caller frees. */
char *kconfig_apply(const char *dotconfig, const char *text);
/*
 * Compares what the fragments want with what a .config has: "CONFIG_X: wanted
 * y, got n". The last fragment that names a symbol wins. defines tells whether
 * the tree has an optional symbol at all (NULL: it has). strv_free.
 */
typedef bool (*kconfig_defines_fn)(const char *symbol, void *arg);
char **kconfig_check(const struct kconfig_fragment *fragments, size_t n,
		     const char *dotconfig, kconfig_defines_fn defines, void *arg);
/*
 * Whether a Kconfig file of the kernel tree src that is reached from src/Kconfig
 * defines symbol. srcarch: "x86". Bounded in files and bytes.
 */
bool kconfig_tree_defines(const char *src, const char *srcarch, const char *symbol);
/* "x86" for "x86_64", as the kernel's Makefile maps it; static or arch itself. */
const char *kconfig_srcarch(const char *arch);

#endif
