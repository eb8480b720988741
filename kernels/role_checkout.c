#include "kernels/role_checkout.h"

#include "kernels/checkout.h"
#include "lib/str.h"

int role_checkout(struct json_object *job, const char *jobdir, struct json_object *result,
		  struct err *err)
{
	const char *from_hex = json_str(job, "from", NULL);
	const char *src = json_str(job, "src", NULL);
	const char *git_dir = json_str(job, "git_dir", NULL);
	AUTO_GIT(repo) git_repository *repo = NULL;
	struct checkout_count n = { 0 };
	git_oid from, to;

	(void)jobdir;
	if (!src || !git_dir)
		return err_set(err, ERR_INPUT, "the job names no src or no git_dir");
	if (git_open(git_dir, &repo, err) ||
	    git_id(json_str(job, "to", NULL), &to, err) ||
	    (from_hex && git_id(from_hex, &from, err)))
		return -1;
	if (from_hex ? checkout_step(repo, &from, &to, src, &n, err) :
		       checkout_full(repo, &to, src, &n, err))
		return -1;
	json_set_str(result, "status", "ok");
	json_set_int(result, "written", (long long)n.written);
	json_set_int(result, "deleted", (long long)n.deleted);
	return 0;
}
