/*
 * What one line of the output of the kernel's make says. Pure: nothing is
 * kept and nothing copied; what is returned points into the line. buildlog puts
 * the lines together.
 */
#ifndef SLUICE_KERNELS_LOGLINE_H
#define SLUICE_KERNELS_LOGLINE_H

#include <stdbool.h>
#include <stddef.h>

#include "kernels/buildlog.h"

enum log_severity { LOG_NONE, LOG_NOTE, LOG_WARNING, LOG_ERROR };

/* How well an error explains a failure; lower is better. */
enum log_tier {
	LOG_REAL,   /* compiler, linker, Kconfig */
	LOG_TOOL,   /* some program, or make about a rule */
	LOG_RECIPE, /* only that a recipe failed */
	LOG_NO_TIER,
};

struct log_diag {
	enum log_severity severity;
	enum buildlog_kind kind;
	enum log_tier tier;
	const char *file; /* NULL: none named */
	size_t file_len;
	int line;
	const char *text;
	const char *flag; /* a fixed one ("objtool"); NULL: as in the text */
};

/* "  CC [M]  mm/a.o": verb "CC", target "mm/a.o"; both end at their length. */
bool logline_announce(const char *line, size_t *ret_verb_len, const char **ret_target,
		      size_t *ret_target_len);
/* Whether the verb of length n compiles a source: CC, AS, HOSTCC … */
bool logline_verb_compiles(const char *verb, size_t n);
/* "path:12:" or "path:12:3:"; *ret_rest is what follows. */
bool logline_place(const char *line, size_t *ret_path_len, int *ret_number,
		   const char **ret_rest);
/* The word at p ("warning:"), and the text behind it; LOG_NONE leaves the text at p. */
enum log_severity logline_severity(const char *p, const char **ret_text);
/* "In file included from path:1," or, with more, its "from path:2:". */
bool logline_include(const char *line, bool more, const char **ret_path, size_t *ret_len);
/* "mm/a.c: In function 'f':" and its like: what was open ends here. */
bool logline_preamble(const char *line);
/* A diagnostic with a place: compiler, assembler, Kconfig, make in a Makefile. */
bool logline_diag(const char *line, struct log_diag *ret);
/* A line of make about itself; ret->severity is LOG_NONE if it is no error. */
bool logline_make(const char *line, struct log_diag *ret);
/* The target in "[scripts/Makefile.build:229: mm/a.o] Error 1". */
bool logline_failed_target(const char *text, const char **ret_target, size_t *ret_len);

#endif
