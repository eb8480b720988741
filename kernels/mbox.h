/*
 * Mailboxes as bytes: a file of mails in any of the mbox dialects, or a folder
 * of mails. mboxrd quotes "From " and ">From " in bodies with one more ">",
 * mboxo only "From ", and much software quotes nothing; which it was is guessed
 * from the separators and the bodies.
 */
#ifndef SLUICE_KERNELS_MBOX_H
#define SLUICE_KERNELS_MBOX_H

#include <stddef.h>

#include "lib/err.h"
#include "lib/str.h"

/* One mail, unquoted, without its "From " line. Not 0 ends the walk with that. */
typedef int (*mbox_mail_fn)(const char *mail, size_t len, void *arg, struct err *err);

/* A file that begins with no separator is taken as a single mail. */
int mbox_each(const char *data, size_t len, mbox_mail_fn fn, void *arg, struct err *err);
/*
 * The mails of a maildir (cur/ and new/), or of a plain folder of mail files
 * as git format-patch makes one, by file name. Together at most max bytes.
 */
int maildir_each(const char *path, size_t max, mbox_mail_fn fn, void *arg,
		 struct err *err);
/* Appends a mail in mboxrd form, separator included. */
void mbox_add(struct str *out, const char *mail, size_t len);

#endif
