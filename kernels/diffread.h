/*
 * A unified diff file by file, by the rules of git apply -p1: what each header
 * line names and says, and that the hunks have the lines they promise. It
 * judges nothing; kernels/policy.c does. Pure.
 */
#ifndef SLUICE_KERNELS_DIFFREAD_H
#define SLUICE_KERNELS_DIFFREAD_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Names have lost their first component ("a/"), but for absolute ones; NULL:
 * not said, "": /dev/null. Modes are 0 where not said.
 */
struct diff_file {
	char *old_name, *new_name; /* of the diff --git line */
	char *from, *to;           /* of rename and copy lines, where nothing is cut */
	char *minus, *plus;        /* of the --- and +++ lines */
	unsigned old_mode, new_mode;
	bool git; /* it has a diff --git line */
	bool created, deleted, renamed, copied;
	bool binary;
	size_t hunks;
};

struct diff_reader {
	const char *p, *end;
	size_t line; /* number of the line at p, from 1 */
	char why[160];
};

void diff_reader_init(struct diff_reader *r, const char *diff, size_t len);
/*
 * 1 with the next file (diff_file_done it), 0 at the end, -1 when the diff is
 * broken, with r->why ("line 7: ...").
 */
int diff_read_file(struct diff_reader *r, struct diff_file *ret_file);
void diff_file_done(struct diff_file *f);

#endif
