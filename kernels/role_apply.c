#include "kernels/role_apply.h"

#include <string.h>

#include "kernels/series_head.h"
#include "kernels/series_mail.h"
#include "kernels/series_range.h"
#include "kernels/store.h"

int role_apply(struct json_object *job, const char *jobdir, struct json_object *result,
	       struct err *err)
{
	const char *path = json_str(job, "repo", NULL);
	const char *source = json_str(job, "source", "mail");
	const char *local = json_str(json_obj(job, "range"), "repo", NULL);
	bool range = !strcmp(source, "range");
	AUTO_GIT(repo) git_repository *repo = NULL;

	if (!path || (range && !local))
		return err_set(err, ERR_INPUT, "the job names no repository");
	/* Before it is opened: libgit2 reads the alternates once. */
	if (range && store_borrow(path, local, err))
		return -1;
	if (git_open(path, &repo, err))
		return -1;
	if (!strcmp(source, "head"))
		return series_head_apply(repo, job, result, err);
	return range ? series_range_apply(repo, job, result, err) :
		       series_mail_apply(repo, job, jobdir, result, err);
}
