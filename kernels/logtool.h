/*
 * What the programs of a kernel build other than the compiler say in one line:
 * linker, objtool, modpost, and any program that calls something an error; and
 * signs that memory or disk ran out. Pure, as logline.
 */
#ifndef SLUICE_KERNELS_LOGTOOL_H
#define SLUICE_KERNELS_LOGTOOL_H

#include <stdbool.h>

#include "kernels/logline.h"

/*
 * A line of the linker. severity LOG_NONE: "ld: mm/a.o: in function `f':", which
 * only names the object (file) that the next lines are about.
 */
bool logtool_linker(const char *line, struct log_diag *ret);
/* "mm/a.o: warning: objtool: f+0x1: unreachable instruction" */
bool logtool_objtool(const char *line, struct log_diag *ret);
/* "WARNING: modpost: …", "ERROR: modpost: …" */
bool logtool_modpost(const char *line, struct log_diag *ret);
/* "cc1: error: …", "/bin/sh: 1: bc: not found", "Failed to generate BTF" */
bool logtool_other(const char *line, struct log_diag *ret);

/*
 * Bits of enum buildlog_evidence. Only what a tool says of itself counts: quoted
 * source, #error and other messages that the source chose must not pass as
 * evidence about our machine.
 */
unsigned logtool_evidence(const char *line);

#endif
