/*
 * The result document of the role "fetch". All text of strangers in it is
 * cleaned: valid UTF-8, no control characters, bounded.
 */
#ifndef SLUICE_KERNELS_FETCH_RESULT_H
#define SLUICE_KERNELS_FETCH_RESULT_H

#include <json-c/json.h>

#include "kernels/patch.h"
#include "kernels/thread.h"

void fetch_result_ok(struct json_object *result, const struct thread *t,
		     const struct mail_series *s);
/* Drops patches that were already written down. */
void fetch_result_unusable(struct json_object *result, const struct mail_series *s,
			   const char *reason);
/* Says that b4 failed and sluice took the mails as they are; drops its patches. */
void fetch_result_assembled(struct json_object *result, const char *why,
			    const char *complaint);
/* What b4 printed about signatures, line by line. */
void fetch_result_attestation(struct json_object *result, const char *log);
/* Patch k: m as it was posted, p as it will be applied. */
void fetch_result_patch(struct json_object *result, int k, const struct mail *m,
			const struct patch *p, const char *file);

#endif
