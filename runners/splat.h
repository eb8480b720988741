/*
 * Knows the kernel's ways of complaining: which log line begins a splat, which
 * ends one, and a key for it that stays the same from boot to boot. Pure
 * functions over single lines without their time stamp.
 */
#ifndef SLUICE_RUNNERS_SPLAT_H
#define SLUICE_RUNNERS_SPLAT_H

#include <stdbool.h>

enum splat_kind {
	SPLAT_NONE,
	SPLAT_WARNING,
	SPLAT_BUG,   /* "BUG: ...", "kernel BUG at ..." */
	SPLAT_OOPS,  /* the processor's complaint; often follows SPLAT_BUG */
	SPLAT_KASAN, /* KASAN, KFENCE, KMSAN, KCSAN */
	SPLAT_UBSAN,
	SPLAT_LOCKDEP,
	SPLAT_RCU,    /* stall */
	SPLAT_HUNG,   /* hung task */
	SPLAT_LOCKUP, /* soft or hard */
	SPLAT_PANIC,
};

const char *splat_kind_str(enum splat_kind k);

/* The kind of splat of which this line is the title, or SPLAT_NONE. */
enum splat_kind splat_title(const char *line);
/* "------------[ cut here ]------------" */
bool splat_cut_here(const char *line);
/* "---[ end trace 0000000000000000 ]---" and the like */
bool splat_end(const char *line);

/*
 * title without addresses, numbers, CPUs, PIDs, line numbers, and compilers'
 * suffixes; rip is the text behind "RIP: 0010:" or NULL, and is added where
 * the title names no function. The caller frees.
 */
char *splat_key(enum splat_kind kind, const char *title, const char *rip);

#endif
