/*
 * The example series that sluice ships, as mails against whatever tree is at
 * hand. A folder of *.edit files (kernels/example_edit.h), in the order of
 * their names, the first one a cover letter, becomes an mbox as `git
 * format-patch --cover-letter --thread --base` writes it: fit for b4 and for
 * git am. The same folder and base give the same bytes, dates and ids included.
 */
#ifndef SLUICE_KERNELS_EXAMPLE_H
#define SLUICE_KERNELS_EXAMPLE_H

#include "lib/err.h"
#include "lib/str.h"

/*
 * The mbox, added to out, which holds a part of it when this fails. repo: any
 * repository that has base_commit (full hex); it is only read. Blocks for some
 * blobs and trees. ERR_INPUT names the edit file and line when the edits do not
 * fit the base.
 */
int example_text(const char *repo, const char *base_commit, const char *edits_dir,
		 struct str *out, struct err *err);
/* The same into the file out_mbox, at once by rename. */
int example_write(const char *repo, const char *base_commit, const char *edits_dir,
		  const char *out_mbox, struct err *err);

#endif
