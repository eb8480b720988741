/*
 * The role "poll": asks one source of mails what is new since the last time, and
 * leaves what it found in its job folder. Needs the network for two of the kinds,
 * reads files for the others; starts nothing. Blocks, within its limits.
 *
 * job: {"kind":"archive|epoch|patchwork|maildir", "url" or "path", "project",
 *   "cursor": what the last poll's result said, or null, "since": seconds since
 *   1970 that a first poll goes back to (0: to the beginning), "token_file",
 *   "limits":{"mail_bytes","mails","bytes","ms","connect_ms","request_ms",
 *   "stall_bytes","stall_s"}}
 * result: {"status":"ok", "error": null or why it ended early, "cursor", "more",
 *   "mails", "skipped", "notes":[], "retry_after": s, "again": s,
 *   "file":"mails.jsonl", "raw":"mails.raw"}
 *
 * With "error" the mails that were found before it and their cursor are good all
 * the same: nothing is fetched twice because the other end failed in the middle.
 * "more": a limit was reached, ask again at once. "retry_after": the other end
 * asked not to be asked before (0: it did not). "again": something is too young
 * to be taken now, and will be then. A cursor means something to its kind alone.
 *
 * A line of mails.jsonl: {"message_id","parent","references":[],"subject","from",
 *   "sender","date","lists":[list-ids],"has_diff","paths":[at most 500],
 *   "change_id","base_commit","override":{},"archive_url","raw":[offset, length]}.
 * "raw" is given by the kinds epoch and maildir: the mail's bytes in mails.raw;
 * "archive_url" by Patchwork, where the project has one: the mail in its archive.
 * What is not known is null.
 */
#ifndef SLUICE_KERNELS_ROLE_POLL_H
#define SLUICE_KERNELS_ROLE_POLL_H

#include "lib/err.h"
#include "lib/json.h"

#define POLL_LINES "mails.jsonl"
#define POLL_RAW "mails.raw"
/* No line is longer. */
#define POLL_LINE_MAX (8UL << 20)
/* Nor has one more values. */
#define POLL_LINE_VALUES 10000

int role_poll(struct json_object *job, const char *jobdir, struct json_object *result,
	      struct err *err);

#endif
