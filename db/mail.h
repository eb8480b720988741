/*
 * The index of mails: each that was seen once, by its message-id, the thread that
 * it is in, and what it was recognised as. A thread is named by the id of one of
 * its mails; mail_link knows it for message-ids that are only referred to, so that
 * a mail which comes late finds those that answer it.
 */
#ifndef SLUICE_DB_MAIL_H
#define SLUICE_DB_MAIL_H

#include "db/db.h"
#include "lib/json.h"

struct mail_row {
	int64_t id;
	char *message_id;
	int64_t thread;
	char *parent; /* or NULL */
	char *subject, *author, *sender;
	int64_t date, seen;
	bool has_diff;
	struct json_object *paths;           /* or NULL */
	struct json_object *lists, *sources; /* arrays */
	char *change_id, *base_commit;       /* or NULL */
	struct json_object *override;        /* or NULL */
	char *archive_url;                   /* or NULL */
	char *loose;                         /* or NULL */
	char *what;                          /* mail_what_str() */
	int64_t posting;                     /* DB_NO_INT: none */
	int64_t number;
};

/* What recognising a thread needs of each mail. */
struct mail_line {
	int64_t id;
	char *message_id, *parent, *subject, *sender;
	int64_t date;
	bool has_diff;
	char *what;
	int64_t posting; /* DB_NO_INT: none */
	int64_t number;
};

void mail_row_done(struct mail_row *m);
void mail_row_list_free(struct mail_row *list, size_t n);
void mail_line_list_free(struct mail_line *list, size_t n);

/* Its id is set; thread 0 makes a thread of its own. ERR_INTERNAL when it is there. */
int mail_put(struct db *db, struct mail_row *m, struct err *err);
/* 1 found, 0 not, -1. */
int mail_find(struct db *db, const char *message_id, struct mail_row *ret,
	      struct err *err);
int mail_set_place(struct db *db, int64_t id, const char *what, int64_t posting,
		   int64_t number, struct err *err);
int mail_set_sources(struct db *db, const struct mail_row *m, struct err *err);
/* In the order of coming, at most max. */
int mail_list_thread(struct db *db, int64_t thread, int64_t max,
		     struct mail_line **ret_list, size_t *ret_n, struct err *err);
/* By number, the cover letter first. paths: with their files, which can be many. */
int mail_list_posting(struct db *db, int64_t posting, bool paths,
		      struct mail_row **ret_list, size_t *ret_n, struct err *err);
/* Subjects of a posting's patches by number, at most max; strv_free() them. */
int mail_list_subjects(struct db *db, int64_t posting, int64_t max, char ***ret_list,
		       size_t *ret_n, struct err *err);

/* The thread of a message-id: 1, or 0 when it is not known. */
int mail_link_find(struct db *db, const char *message_id, int64_t *ret_thread,
		   struct err *err);
/* Keeps the one that is there. */
int mail_link_put(struct db *db, const char *message_id, int64_t thread, struct err *err);
/* A thread of mails with that loose text, dated from..to, but not of thread
 * except: 1, or 0 when there is none (left). */
int mail_find_loose(struct db *db, const char *loose, int64_t from, int64_t to,
		    int64_t except, int64_t *ret_thread, struct err *err);
int mail_count_thread(struct db *db, int64_t thread, int64_t *ret_n, struct err *err);
/* Makes thread a part of into: mails, links, postings. */
int mail_join(struct db *db, int64_t into, int64_t thread, struct err *err);

/* The bytes of a mail, kept until they are dropped. */
int mail_raw_put(struct db *db, int64_t mail, const void *data, size_t len,
		 struct err *err);
/* 1 with data (the caller frees), 0 without, -1. */
int mail_raw_get(struct db *db, int64_t mail, char **ret_data, size_t *ret_len,
		 struct err *err);
/* Those of a posting's mails. */
int mail_raw_drop(struct db *db, int64_t posting, struct err *err);

#endif
