/* What versions of a series are compared by; see db/series_patches.h. */
#include "db/series_patches.h"
#include "daemon/role.h"
#include "daemon/series_run.h"
#include "lib/cleanup.h"

int intake_keep_patches(struct series_run *r, const struct role_end *end, struct err *err)
{
	const char *name = json_str(end->result, "posted", NULL);
	AUTO_FREE char *path = name ? role_file(end, name) : NULL;
	char sha[SHA256_HEX];

	if (!name)
		return 0;
	if (!path)
		return err_set(err, ERR_SYS, "apply left no texts of the patches");
	if (artifact_put_file(r->artifacts, path, ARTIFACT_ZSTD, sha, err) < 0)
		return -1;
	return series_patches_put(r->db, r->series.id, sha, err);
}
