#include "kernels/series_mail.h"

#include <stdio.h>
#include <string.h>

#include "kernels/apply.h"
#include "kernels/base_job.h"
#include "kernels/git_am.h"
#include "kernels/patch.h"
#include "kernels/policy.h"
#include "kernels/posted.h"
#include "kernels/steps.h"
#include "lib/file.h"
#include "lib/str.h"
#include "lib/text.h"

#define MAIL_BYTES_DEFAULT (16 << 20)

struct mail {
	const char *message_id; /* of the job, or the mail's own */
	struct patch *patch;    /* NULL when it is none */
	char *author;
	struct filepatches files;
	struct refusal refusal; /* reason "": fine */
};

struct series {
	git_repository *repo;
	struct json_object *job;
	const char *jobdir;
	struct mail *mails;
	size_t n;
	size_t usable; /* mails before the first refused one */
	struct steps steps;
	size_t applied; /* of them, on the base that is tried */
	/* The tree that the series was made on, with patches 1..origin_at; when known. */
	git_oid origin;
	size_t origin_at;
	bool has_origin;
	struct err *err;
};

static void mail_series_done(struct series *s)
{
	for (size_t i = 0; i < s->n; i++) {
		patch_free(s->mails[i].patch);
		filepatches_done(&s->mails[i].files);
		free(s->mails[i].author);
	}
	free(s->mails);
	json_object_put(s->steps.out);
}

/* ---- reading ---- */

static void judge(struct mail *m, const struct policy_limits *limits)
{
	char why[160];

	if (!m->patch->diff_len) {
		snprintf(m->refusal.reason, sizeof(m->refusal.reason),
			 "the mail has no diff");
		return;
	}
	if (!policy_check_diff(m->patch->diff, m->patch->diff_len, limits, &m->refusal))
		return;
	m->refusal.reason[0] = '\0';
	if (!filepatches_read(m->patch->diff, m->patch->diff_len, &m->files, why))
		snprintf(m->refusal.reason, sizeof(m->refusal.reason),
			 "corrupt patch: %s", why);
}

static int read_mail(struct series *s, struct mail *m, struct json_object *o,
		     const struct policy_limits *limits)
{
	struct json_object *l = json_obj(s->job, "limits");
	long long max = json_int(l, "mail_bytes", MAIL_BYTES_DEFAULT);
	const char *path = json_str(o, "file", NULL);
	AUTO_FREE char *text = NULL;
	struct err err = { 0 };
	size_t len;

	m->message_id = json_str(o, "message_id", NULL);
	if (!path)
		return err_set(s->err, ERR_INPUT, "a patch of the job names no file");
	if (file_read(path, (size_t)max, &text, &len, &err)) {
		if (err.code != ERR_LIMIT)
			return err_set(s->err, err.code, "%s", err.msg);
		snprintf(m->refusal.reason, sizeof(m->refusal.reason),
			 "the mail has over %lld bytes", max);
		return 0;
	}
	if (patch_parse(text, len, &m->patch, &err)) {
		m->patch = NULL;
		snprintf(m->refusal.reason, sizeof(m->refusal.reason), "%.250s", err.msg);
		return 0;
	}
	m->author = str_printf("%s <%s>", m->patch->author_name, m->patch->author_email);
	if (!m->message_id)
		m->message_id = m->patch->message_id;
	judge(m, limits);
	return 0;
}

static int read_mails(struct series *s)
{
	struct json_object *list = json_arr(s->job, "patches");
	struct json_object *l = json_obj(s->job, "limits");
	struct policy_limits limits = {
		.patch_bytes = (size_t)json_int(l, "patch_bytes", 0),
		.patch_files = (size_t)json_int(l, "patch_files", 0),
	};

	s->n = json_len(list);
	if (!s->n)
		return err_set(s->err, ERR_INPUT, "the job has no patches");
	s->mails = mem_alloc0(s->n * sizeof(*s->mails));
	for (size_t i = 0; i < s->n; i++)
		if (read_mail(s, &s->mails[i], json_object_array_get_idx(list, i),
			      &limits))
			return -1;
	while (s->usable < s->n && !s->mails[s->usable].refusal.reason[0])
		s->usable++;
	return 0;
}

static int write_posted(const struct series *s)
{
	AUTO_FREE char *path = path_join(s->jobdir, "posted.json", NULL);
	AUTO(posted_done) struct posted posted;

	posted_init(&posted);
	for (size_t i = 0; i < s->n; i++)
		posted_add(&posted, s->mails[i].patch);
	return posted_write(&posted, path, s->err);
}

/* ---- the base ---- */

static int tell_base(struct series *s, const struct base_try *t, struct json_object *o)
{
	AUTO_GIT(tree) git_tree *tree = NULL;
	char hex[GIT_HEX];

	if (git_commit_tree_of(s->repo, &t->commit, &tree, s->err))
		return -1;
	git_hex(&t->commit, hex);
	json_set_str(o, "commit", hex);
	git_hex(git_tree_id(tree), hex);
	json_set_str(o, "tree", hex);
	json_set_str(o, "how", base_how_str(t->how));
	json_set_str(o, "tree_name", t->tree ? t->tree->name : NULL);
	return 0;
}

/* The origin only matters where it is not the base itself. */
static void find_origin(struct series *s, const git_oid *base)
{
	AUTO_GIT(tree) git_tree *t = NULL;
	git_oid commit;

	s->has_origin = false;
	s->origin_at = 0;
	if (git_id(json_str(s->job, "base_commit", NULL), &commit, NULL) ||
	    git_oid_equal(&commit, base) ||
	    git_commit_tree_of(s->repo, &commit, &t, NULL))
		return;
	s->origin = *git_tree_id(t);
	s->has_origin = true;
}

/* ---- applying ---- */

/* The origin with the patches before number k, or NULL. */
static const git_oid *origin_before(struct series *s, size_t k)
{
	for (; s->has_origin && s->origin_at < k; s->origin_at++) {
		struct apply_failure ignored;
		git_oid next;

		if (apply_exact(s->repo, &s->origin, &s->mails[s->origin_at].files, &next,
				&ignored, NULL) != 1)
			s->has_origin = false;
		else
			s->origin = next;
	}
	return s->has_origin ? &s->origin : NULL;
}

static int try_three_way(struct series *s, size_t k, git_oid *ret_tree)
{
	const git_oid *origin = origin_before(s, k);
	struct apply_failure ignored;

	for (size_t i = 0; i <= k; i++)
		apply_grow_blobs(s->repo, &s->mails[i].files);
	return apply_three_way(s->repo, &s->steps.tree, origin, &s->mails[k].files,
			       ret_tree, &ignored, s->err);
}

static int try_git_am(struct series *s, size_t k, git_oid *ret_tree, char reason[256])
{
	AUTO_FREE char *work = path_join(s->jobdir, "am", NULL);
	char head[GIT_HEX], tree[GIT_HEX];
	const struct git_am_opts opts = {
		.git = json_str(s->job, "git", "git"),
		.repo = json_str(s->job, "repo", NULL),
		.work = work,
		.head = head,
		.diff = s->mails[k].patch->diff,
		.diff_len = s->mails[k].patch->diff_len,
	};
	int rc;

	git_hex(&s->steps.commit, head);
	rc = git_am(&opts, tree, reason, s->err);
	return rc == 1 ? git_id(tree, ret_tree, s->err) ? -1 : 1 : rc;
}

/* 1 with the way and the tree; 0 when no way leads there. */
static int find_way(struct series *s, size_t k, const char **ret_way, git_oid *ret_tree,
		    struct apply_failure *failure)
{
	const git_oid *now = &s->steps.tree;
	const struct filepatches *files = &s->mails[k].files;
	char word[256] = "";
	int rc;

	*ret_way = "exact";
	rc = apply_exact(s->repo, now, files, ret_tree, failure, s->err);
	if (rc)
		return rc;
	*ret_way = "already-applied";
	*ret_tree = *now;
	rc = apply_is_there(s->repo, now, files, s->err);
	if (rc)
		return rc;
	*ret_way = "three-way";
	rc = try_three_way(s, k, ret_tree);
	/* Without the blobs git am has nothing to merge from, and says only that. */
	if (rc == 0 && apply_knows_blobs(s->repo, files)) {
		*ret_way = "git-am";
		rc = try_git_am(s, k, ret_tree, word);
	}
	if (rc == 1 && git_oid_equal(ret_tree, now))
		*ret_way = "already-applied";
	if (rc == 0 && !failure->reason[0])
		snprintf(failure->reason, sizeof(failure->reason), "%s", word);
	return rc;
}

static int read_committer(struct series *s, const git_signature *author,
			  git_signature **ret)
{
	const char *who = json_str(s->job, "committer", "sluice <sluice@localhost>");
	const char *lt = strchr(who, '<');
	AUTO_FREE char *name = str_ndup(who, lt ? (size_t)(lt - who) : strlen(who));
	AUTO_FREE char *mail = lt ? str_ndup(lt + 1, strcspn(lt + 1, ">")) :
				    str_dup("sluice");

	if (git_signature_new(ret, str_trim(name), mail, author->when.time,
			      author->when.offset))
		return err_git(s->err, "the committer \"%s\"", who);
	return 0;
}

/* A name that git takes; the mail's own is a stranger's. */
static int read_author(struct series *s, const struct patch *p, git_signature **ret)
{
	long long when = p->author_time > 0 ? p->author_time : 0;

	if (!git_signature_new(ret, p->author_name, p->author_email, when, p->author_tz))
		return 0;
	if (!git_signature_new(ret, "unknown", "unknown@invalid", when, 0))
		return 0;
	return err_git(s->err, "the author of a patch");
}

static int commit_step(struct series *s, const struct patch *p, const git_oid *tree,
		       git_oid *ret)
{
	AUTO_GIT(sig) git_signature *author = NULL;
	AUTO_GIT(sig) git_signature *committer = NULL;
	AUTO_GIT(tree) git_tree *t = NULL;
	AUTO_GIT(commit) git_commit *parent = NULL;

	if (read_author(s, p, &author) || read_committer(s, author, &committer))
		return -1;
	if (git_tree_lookup(&t, s->repo, tree) ||
	    git_commit_lookup(&parent, s->repo, &s->steps.commit) ||
	    git_commit_create_v(ret, s->repo, NULL, author, committer, NULL, p->message,
				t, 1, parent))
		return err_git(s->err, "commit a step");
	return 0;
}

static struct step_text text_of(const struct mail *m)
{
	return (struct step_text){
		.subject = m->patch ? m->patch->subject : NULL,
		.author = m->author,
		.message_id = m->message_id,
	};
}

/* 1: go on; 0: the step is missing, and so are those after it. */
static int add_refused(struct series *s, const struct mail *m, const struct refusal *r)
{
	struct step_text text = text_of(m);

	text.reason = r->reason;
	text.file = r->file;
	steps_add_missing(&s->steps, "refused", &text);
	return 0;
}

static int add_step(struct series *s, size_t k)
{
	const struct mail *m = &s->mails[k];
	struct apply_failure failure = { 0 };
	struct step_text text = text_of(m);
	struct refusal refusal = { 0 };
	const char *way;
	git_oid tree, commit = s->steps.commit;
	int rc;

	if (m->refusal.reason[0])
		return add_refused(s, m, &m->refusal);
	rc = find_way(s, k, &way, &tree, &failure);
	if (rc < 0)
		return -1;
	if (rc == 0) {
		text.reason = failure.reason;
		text.file = failure.file;
		text.hunk = failure.hunk;
		steps_add_missing(&s->steps, "conflict", &text);
		return 0;
	}
	rc = steps_allow(s->repo, &s->steps.tree, &tree, &refusal, s->err);
	if (rc == 0)
		return add_refused(s, m, &refusal);
	if (rc < 0 ||
	    (strcmp(way, "already-applied") && commit_step(s, m->patch, &tree, &commit)))
		return -1;
	return steps_add(&s->steps, way, &commit, &text, s->err) ? -1 : 1;
}

/* The steps on that base; s->applied says how far it goes. */
static int add_steps(struct series *s, const git_oid *base)
{
	size_t k = 0;
	int rc = 1;

	json_object_put(s->steps.out);
	s->steps.out = json_object_new_array();
	s->steps.next = 0;
	s->applied = 0;
	find_origin(s, base);
	if (steps_begin(&s->steps, base, s->err))
		return -1;
	while (rc == 1 && k < s->n) {
		rc = add_step(s, k++);
		s->applied += rc == 1;
	}
	for (; rc == 0 && k < s->n; k++) {
		struct step_text text = text_of(&s->mails[k]);

		steps_add_missing(&s->steps, "not-reached", &text);
	}
	return rc < 0 ? -1 : steps_end(&s->steps, s->err);
}

/* What stands in the way of the first patch that does not go in; the caller frees. */
static char *first_trouble(const struct series *s)
{
	struct json_object *o = json_object_array_get_idx(s->steps.out, s->applied + 1);
	const char *file = json_str(o, "file", NULL);

	return str_printf("patch %zu does not apply%s%s: %s", s->applied + 1,
			  file ? " at " : "", file ? file : "",
			  json_str(o, "reason", "?"));
}

/* Who asked for a base is told how the series does on it, and on no other. */
static bool is_final(const struct series *s, const struct base_try *t)
{
	return s->applied >= s->usable || t->how == BASE_OPTION || t->how == BASE_WISH;
}

/*
 * Up the ladder until the patches go in as a whole. Where they never do, the base that
 * takes most of them says best what is wrong, of several the first. 1, 0 for no base
 * at all, or -1.
 */
static int climb(struct series *s, struct base_ladder *l, struct base_try *ret)
{
	struct base_try t, last = { .tree = NULL };
	size_t most = 0;
	bool any = false;
	int rc;

	while ((rc = base_ladder_next(l, &t, s->err)) == 1) {
		AUTO_FREE char *why = NULL;

		if (add_steps(s, &t.commit))
			return -1;
		if (is_final(s, &t)) {
			*ret = t;
			return 1;
		}
		why = first_trouble(s);
		base_ladder_refuse(l, &t, why);
		if (!any || s->applied > most) {
			*ret = t;
			most = s->applied;
		}
		any = true;
		last = t;
	}
	if (rc < 0 || !any)
		return rc;
	return git_oid_equal(&last.commit, &ret->commit) || !add_steps(s, &ret->commit) ?
		       1 :
		       -1;
}

static void tell_no_base(struct series *s, struct json_object *result)
{
	json_set_str(result, "status", "unusable");
	json_set_str(result, "reason",
		     json_len(json_arr(s->job, "trees")) ?
			     "the source's policy finds no base for it" :
			     "there is no tree that it could be tested on");
}

static int place(struct series *s, const struct base_question *q,
		 struct json_object *result)
{
	struct json_object *o = json_object_new_object();
	struct json_object *tried = json_object_new_array();
	struct base_ladder *l;
	struct base_try t;
	int rc;

	json_set(result, "base", o);
	json_set(o, "tried", tried);
	l = base_ladder_new(q, tried);
	rc = climb(s, l, &t);
	base_ladder_free(l);
	if (rc < 0)
		return -1;
	if (rc == 0) {
		tell_no_base(s, result);
		return 0;
	}
	json_set(result, "steps", json_object_get(s->steps.out));
	json_set_str(result, "posted", "posted.json");
	json_set_str(result, "status", "ok");
	return tell_base(s, &t, o);
}

int series_mail_apply(git_repository *repo, struct json_object *job, const char *jobdir,
		      struct json_object *result, struct err *err)
{
	AUTO(mail_series_done)
	struct series s = { .repo = repo, .job = job, .jobdir = jobdir, .err = err };
	AUTO(base_job_done) struct base_job b = { .q = { .repo = repo } };
	AUTO_FREE struct filepatches *files = NULL;
	const char *prefix = json_str(job, "ref_prefix", NULL);

	if (!prefix)
		return err_set(err, ERR_INPUT, "the job has no ref_prefix");
	s.steps = (struct steps){ .repo = repo, .ref_prefix = prefix };
	if (read_mails(&s) || write_posted(&s) || base_job_read(&b, job, err))
		return -1;
	files = mem_alloc0((s.n + 1) * sizeof(*files));
	for (size_t i = 0; i < s.usable; i++)
		files[i] = s.mails[i].files;
	b.q.patches = files;
	b.q.npatches = s.usable;
	return place(&s, &b.q, result);
}
