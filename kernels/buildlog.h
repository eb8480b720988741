/*
 * Reads the output of the kernel's make, line by line, and keeps what a person
 * would look for: which target a warning belongs to, the first error, signs
 * that memory or disk ran out. Bytes in, facts out; no I/O; everything it
 * keeps is bounded, the text is a stranger's.
 *
 * A diagnostic belongs to the target announced last ("  CC      mm/mlock.o"),
 * which is right with make -Otarget; without it the file at the root of the
 * include stack decides where its own object was announced. Paths are
 * normalised: relative to the source folder, or to the output folder.
 */
#ifndef SLUICE_KERNELS_BUILDLOG_H
#define SLUICE_KERNELS_BUILDLOG_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

struct buildlog;

/* Signs found in lines that a tool wrote, never in quoted source. */
enum buildlog_evidence {
	BUILDLOG_NOMEM = 1 << 0,  /* an allocation was refused */
	BUILDLOG_KILLED = 1 << 1, /* SIGKILL from outside hit a tool */
	BUILDLOG_NOSPC = 1 << 2,  /* ENOSPC, EDQUOT */
	BUILDLOG_FBIG = 1 << 3,   /* over the file size limit */
	BUILDLOG_NOPROC = 1 << 4, /* fork refused */
	BUILDLOG_IO = 1 << 5,     /* EIO, EROFS, ESTALE */
};

enum buildlog_kind {
	BUILDLOG_COMPILE, /* compiler, assembler */
	BUILDLOG_LINK,    /* ld, modpost, objtool as error */
	BUILDLOG_KCONFIG,
	BUILDLOG_TOOL, /* another program said "error" */
	BUILDLOG_MAKE, /* only make's own *** */
};

struct buildlog_error {
	enum buildlog_kind kind;
	char *file; /* NULL where none was named */
	int line;   /* 0: none */
	char *text;
	char *context; /* the lines that followed, at most 1 KiB; "" */
	char *target;  /* as announced; NULL */
};

/* src, out: the folders make was given, absolute. */
struct buildlog *buildlog_new(const char *src, const char *out);
void buildlog_free(struct buildlog *b);
/* One line without its newline; may hold anything. */
void buildlog_line(struct buildlog *b, const char *line, size_t len);
/* What is said before the first announced target goes to this one ("make"). */
void buildlog_target(struct buildlog *b, const char *target);
/* No more lines: what was still collected is taken in. */
void buildlog_end(struct buildlog *b);

/* {"mm/mlock.o":[{"file","line","flag","text","context"}], …}, each announced target; borrowed. */
struct json_object *buildlog_targets(struct buildlog *b);
/* {"mm/mlock.o":true}: targets that make says failed; borrowed. */
struct json_object *buildlog_failed(struct buildlog *b);
/* The first error of the best kind seen, or NULL. */
const struct buildlog_error *buildlog_error(const struct buildlog *b);
/* Bits of enum buildlog_evidence, and the line that showed bit (or ""). */
unsigned buildlog_evidence(const struct buildlog *b);
const char *buildlog_evidence_line(const struct buildlog *b, unsigned bit);
/* True for an object that a compiler or assembler made ("CC", "AS", "CC [M]"). */
bool buildlog_is_compiled(struct buildlog *b, const char *target);

#endif
