/*
 * Part of daemon/postings.c: which postings are versions of one series. By change-id;
 * by sender and title; by sender and most of the patches' titles; and, within a
 * thread, by who answers whom (kernels/posting.h, family).
 */
#ifndef SLUICE_DAEMON_POSTING_VERSIONS_H
#define SLUICE_DAEMON_POSTING_VERSIONS_H

#include "db/posting.h"

/* Lower case, one space between words; "" for the title nobody wrote. */
char *versions_title(const char *subject);

/* Is a a newer version than b, or the same posted again? */
bool versions_newer(const struct posting_row *a, const struct posting_row *b);

/*
 * Does newer make old needless? Only its sender can say so: a change-id, a title and a
 * thread are there for anybody to use.
 */
bool versions_replace(const struct posting_row *newer, const struct posting_row *old);

/*
 * The other versions of p's series, the oldest first, without what is ignored.
 * family: ids that are versions of it by their thread, p's among them or not.
 */
int versions_list(struct db *db, const struct posting_row *p, const int64_t *family,
		  size_t family_n, struct posting_row **ret_list, size_t *ret_n,
		  struct err *err);
/* Writes p->earlier, and "earlier" of the next version in list. */
int versions_link(struct db *db, struct posting_row *p, const struct posting_row *list,
		  size_t n, struct err *err);

#endif
