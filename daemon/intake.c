/*
 * From what the user typed to steps: fetch (b4) or a range, the row of the
 * series, applying. Each is a role; this file prepares its job folder and
 * stores what comes back.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/gitbinds.h"
#include "daemon/series_run.h"
#include "daemon/source.h"
#include "kernels/refname.h"
#include "lib/file.h"
#include "lib/sha256.h"
#include "lib/text.h"

#define MAIL_MAX (64UL << 20)
/* Code points of a subject or name that are kept; the mail has the rest. */
#define LINE_MAX_SHOWN 300

static void intake_apply(struct series_run *r, char *dir);

/* ---- the series' row and its object folder ---- */

static struct json_object *names_of(char *const *v)
{
	struct json_object *a = json_object_new_array();

	for (size_t i = 0; v && v[i]; i++)
		json_add_str(a, v[i]);
	return a;
}

static struct json_object *wanted_of(const struct series_run *r)
{
	struct json_object *o = json_object_new_object();

	json_set(o, "configs", names_of(r->opts->configs));
	json_set(o, "topologies", names_of(r->opts->topologies));
	json_set(o, "suites", names_of(r->opts->suites));
	return o;
}

static int intake_store(struct series_run *r, const char *content, const char *base_text,
			struct err *err)
{
	struct series *s = &r->series;
	char key[SHA256_HEX];

	series_key(s->message_id, s->version, content, s->tree, base_text, key);
	s->key = str_dup(key);
	s->source = str_dup(r->opts->source);
	s->state = SERIES_RUNNING;
	s->wanted = wanted_of(r);
	if (series_put(r->db, s, err) < 0)
		return -1;
	r->repo = str_printf("%s/%lld.git", r->state->series, (long long)s->id);
	/* Begun anew: an earlier run's belongs to the build user, and applying may
	 * have left a symlink in it that we would write through as root. */
	if (series_repo_drop(r->repo, err) < 0 ||
	    series_repo_create(r->repo, r->state->git, r->range_repo, err) < 0)
		return -1;
	return tree_chown(r->repo, r->state->uid, r->state->gid, err);
}

static void intake_tell_series(struct series_run *r)
{
	struct run_event ev = { .kind = RUN_SERIES,
				.step = -1,
				.text = r->series.subject,
				.subject = r->series.author,
				.nsteps = (int)r->series.patches,
				.total = (int)r->series.patches,
				.id = r->series.id };

	run_emit(r, &ev);
}

/* ---- fetch ---- */

static void intake_take_series(struct series_run *r, struct json_object *doc)
{
	struct series *s = &r->series;

	s->message_id = str_dup(json_str(doc, "message_id", ""));
	s->version = json_int(doc, "version", 1);
	s->subject = text_clean_line(json_str(doc, "subject", ""), LINE_MAX_SHOWN);
	s->author = text_clean_line(json_str(doc, "author", ""), LINE_MAX_SHOWN);
	s->date = json_int(doc, "date", 0);
	s->patches = json_int(doc, "patches", 0);
	s->cover = str_dup(json_str(doc, "cover", NULL));
	s->trailers = json_object_get(json_arr(doc, "trailers"));
}

/* Copies the patches into the job folder of apply; the mails make the content. */
static int intake_take_mails(struct series_run *r, const struct role_end *end,
			     const char *dir, char ret_content[SHA256_HEX],
			     struct err *err)
{
	AUTO_FREE char *folder = path_join(dir, "job", "patches", NULL);
	struct str mbox = STR_INIT;
	char sha[SHA256_HEX];
	int rc = state_make_owned(r->state, folder, err);

	for (size_t i = 0; rc == 0 && i < json_len(r->mails); i++) {
		struct json_object *p = json_object_array_get_idx(r->mails, i);
		AUTO_FREE char *src = role_file(end, json_str(p, "file", ""));
		AUTO_FREE char *dst = str_printf("%s/%04zu.eml", folder, i + 1);
		AUTO_FREE char *inside = str_printf("/job/patches/%04zu.eml", i + 1);
		AUTO_FREE char *mail = NULL;
		size_t len;

		if (!src) {
			rc = err_set(err, ERR_SYS, "fetch left no file for patch %zu",
				     i + 1);
			break;
		}
		rc = file_read(src, MAIL_MAX, &mail, &len, err);
		if (rc == 0)
			rc = state_give_file(r->state, src, dst, err);
		if (rc < 0)
			break;
		str_add(&mbox, "From mboxrd@z Thu Jan  1 00:00:00 1970\n");
		str_addn(&mbox, mail, len);
		str_add(&mbox, "\n");
		json_set_str(p, "file", inside);
	}
	if (rc == 0)
		rc = artifact_put_bytes(r->artifacts, str_get(&mbox), mbox.len,
					ARTIFACT_ZSTD, sha, err);
	if (rc == 0) {
		r->series.mbox = str_dup(sha);
		memcpy(ret_content, sha, SHA256_HEX);
	}
	str_done(&mbox);
	return rc;
}

static int intake_fetched_ok(struct series_run *r, const struct role_end *end,
			     char **ret_dir, struct err *err)
{
	AUTO_FREE char *base_text = NULL, *dir = NULL;
	char content[SHA256_HEX];

	intake_take_series(r, json_obj(end->result, "series"));
	r->mails = json_object_get(json_arr(end->result, "patches"));
	dir = state_job_dir(r->state, "apply", err);
	if (!dir || intake_take_mails(r, end, dir, content, err) < 0)
		return -1;
	if (intake_base_text(r, &base_text, err) < 0 ||
	    intake_store(r, content, base_text, err) < 0)
		return -1;
	*ret_dir = TAKE_PTR(dir);
	return 0;
}

/* An archive shows what came to its lists before it finds it by its thread. */
static bool intake_lags(const struct series_run *r, struct json_object *result)
{
	return r->opts->posted && !r->opts->input &&
	       (json_len(json_arr(result, "missing")) || !json_obj(result, "series"));
}

static void intake_fetched(const struct role_end *end, void *arg)
{
	struct series_run *r = arg;
	char *dir = NULL;

	r->role = NULL;
	if (end->cancelled)
		return run_fail(r, RUN_INFRA);
	if (!end->result) {
		err_set(&r->err, ERR_SYS, "%s", end->infra);
		return run_fail(r, RUN_INFRA);
	}
	if (strcmp(json_str(end->result, "status", ""), "ok") != 0) {
		err_set(&r->err, intake_lags(r, end->result) ? ERR_MISSING : ERR_INPUT,
			"%s: %s", r->opts->source,
			json_str(end->result, "reason", "cannot be used"));
		return run_fail(r, RUN_UNUSABLE);
	}
	r->base_commit =
		str_dup(json_str(json_obj(end->result, "series"), "base_commit", NULL));
	if (intake_fetched_ok(r, end, &dir, &r->err) < 0)
		return run_fail(r, r->err.code == ERR_INPUT ? RUN_UNUSABLE : RUN_INFRA);
	intake_tell_series(r);
	intake_apply(r, dir);
}

static void intake_fetch(struct series_run *r, const struct source *src)
{
	const struct config *c = r->opts->config;
	struct json_object *job = json_object_new_object(), *o = json_object_new_object();
	struct json_object *limits = json_object_new_object();
	struct role_opts opts = { .name = "fetch",
				  .job = job,
				  .done = intake_fetched,
				  .arg = r,
				  .deadline_ms = c->fetch_timeout_ms * 2 + 10000 };
	AUTO_FREE char *input = NULL;

	json_set_str(o, "kind", source_kind_str(src->kind));
	json_set(job, "source", o);
	json_set_int(job, "version", r->opts->version ? r->opts->version : src->version);
	json_set_str(job, "archive", r->opts->archive ? r->opts->archive : c->archive);
	json_set_str(job, "attestation", c->attestation);
	json_set_str(job, "b4", c->b4);
	json_set_int(job, "timeout_ms", (long long)c->fetch_timeout_ms);
	json_set_int(limits, "patches", c->series_patches);
	json_set_int(limits, "mail_bytes", (long long)c->mail_bytes);
	json_set_int(limits, "mbox_bytes", (long long)c->mbox_bytes);
	json_set(job, "limits", limits);
	opts.dir = state_job_dir(r->state, "fetch", &r->err);
	if (!opts.dir) {
		json_object_put(job);
		return run_fail(r, RUN_INFRA);
	}
	if (src->kind == SOURCE_MSGID) {
		json_set_str(o, "msgid", src->text);
	} else {
		input = path_join(opts.dir, "job", "input", NULL);
		if (source_copy(src, r->state, c->mbox_bytes, input, &r->err) < 0) {
			tree_remove(opts.dir, NULL);
			free(opts.dir);
			json_object_put(job);
			return run_fail(r, RUN_UNUSABLE);
		}
		json_set_str(o, "path", input);
	}
	run_phase(r, src->kind == SOURCE_MSGID ? "fetching %s" : "reading %s",
		  src->kind == SOURCE_MSGID ? src->text : r->opts->source);
	if (role_start(&r->host, &opts, &r->role, &r->err) < 0)
		run_fail(r, RUN_INFRA);
}

/* ---- apply ---- */

static void step_from_json(struct step *s, struct json_object *o)
{
	s->step = json_int(o, "step", 0);
	s->subject = text_clean_line(json_str(o, "subject", ""), LINE_MAX_SHOWN);
	s->author = text_clean_line(json_str(o, "author", ""), LINE_MAX_SHOWN);
	s->message_id = str_dup(json_str(o, "message_id", NULL));
	if (!step_apply_parse(json_str(o, "apply", ""), &s->apply))
		s->apply = APPLY_NOT_REACHED;
	s->reason = text_clean_line(json_str(o, "reason", ""), LINE_MAX_SHOWN);
	if (!*s->reason) {
		free(s->reason);
		s->reason = NULL;
	}
	s->file = str_dup(json_str(o, "file", NULL));
	s->hunk = str_dup(json_str(o, "hunk", NULL));
	s->commit_id = str_dup(json_str(o, "commit", NULL));
	s->tree = str_dup(json_str(o, "tree", NULL));
	s->files = json_object_get(json_arr(o, "files"));
}

static int intake_take_steps(struct series_run *r, struct json_object *doc,
			     struct err *err)
{
	struct json_object *steps = json_arr(doc, "steps");
	struct series *s = &r->series;

	r->nsteps = json_len(steps);
	if (r->nsteps == 0)
		return err_set(err, ERR_SYS, "apply gave no steps");
	r->steps = mem_alloc0(r->nsteps * sizeof(*r->steps));
	for (size_t i = 0; i < r->nsteps; i++) {
		step_from_json(&r->steps[i], json_object_array_get_idx(steps, i));
		r->steps[i].series_id = s->id;
		r->steps[i].step = (int64_t)i;
		if (r->steps[i].tree && r->ntested == (int)i)
			r->ntested++;
	}
	intake_take_base(r, json_obj(doc, "base"));
	if (r->ntested == 0)
		return err_set(err, ERR_SYS, "apply gave no base");
	return series_set_steps(r->db, s, r->steps, r->nsteps, err);
}

static void intake_tell_steps(struct series_run *r)
{
	struct run_event base = { .kind = RUN_BASE,
				  .step = 0,
				  .nsteps = (int)r->nsteps,
				  .text = r->series.base_commit,
				  .status = r->series.base_how,
				  .subject = r->series.tree };

	run_emit(r, &base);
	for (size_t i = 1; i < r->nsteps; i++) {
		struct run_event ev = { .kind = RUN_STEP,
					.step = (int)i,
					.nsteps = (int)r->nsteps,
					.subject = r->steps[i].subject,
					.status = step_apply_str(r->steps[i].apply),
					.text = r->steps[i].reason };

		run_emit(r, &ev);
	}
}

/* What a range, or a head, is called only its commits say. */
static int intake_take_commits(struct series_run *r, struct json_object *result,
			       struct err *err)
{
	struct json_object *doc = json_obj(result, "series");
	struct series *s = &r->series;

	if (!doc)
		return 0;
	free(s->subject);
	free(s->author);
	s->subject = text_clean_line(json_str(doc, "subject", ""), LINE_MAX_SHOWN);
	s->author = text_clean_line(json_str(doc, "author", ""), LINE_MAX_SHOWN);
	s->date = json_int(doc, "date", 0);
	s->patches = (int64_t)json_len(json_arr(result, "steps")) - 1;
	if (series_put(r->db, s, err) < 0)
		return -1;
	intake_tell_series(r);
	return 0;
}

static void intake_applied(const struct role_end *end, void *arg)
{
	struct series_run *r = arg;

	r->role = NULL;
	if (end->cancelled)
		return run_fail(r, RUN_INFRA);
	if (!end->result) {
		err_set(&r->err, ERR_SYS, "%s", end->infra);
		return run_fail(r, RUN_INFRA);
	}
	if (strcmp(json_str(end->result, "status", ""), "ok") != 0) {
		/* What was tried says why there is no base. */
		intake_take_base(r, json_obj(end->result, "base"));
		if (series_set_base(r->db, &r->series, &r->err) < 0)
			return run_fail(r, RUN_INFRA);
		err_set(&r->err, ERR_INPUT, "%s: %s", r->opts->source,
			json_str(end->result, "reason", "cannot be applied"));
		return run_fail(r, RUN_UNUSABLE);
	}
	if (intake_take_commits(r, end->result, &r->err) < 0 ||
	    intake_take_steps(r, end->result, &r->err) < 0 ||
	    intake_keep_patches(r, end, &r->err) < 0)
		return run_fail(r, RUN_INFRA);
	intake_tell_steps(r);
	r->flow->applied(r);
}

static int apply_job(struct series_run *r, struct json_object *job, struct err *err)
{
	const struct config *c = r->opts->config;
	struct json_object *limits = json_object_new_object();
	AUTO_FREE char *name = refname_encode(r->series.message_id);
	AUTO_FREE char *prefix =
		str_printf("refs/sluice/%s/%lld", name, (long long)r->series.version);

	json_set_str(job, "store", r->state->git);
	json_set_str(job, "repo", r->repo);
	json_set_str(job, "source",
		     r->range_repo ? "range" :
		     r->opts->head ? "head" :
				     "mail");
	json_set_str(job, "ref_prefix", prefix);
	if (r->opts->revert)
		json_set_str(job, "revert", r->opts->revert);
	json_set_str(job, "git", c->git);
	json_set_str(job, "committer", "sluice <sluice@localhost>");
	json_set_int(limits, "patch_bytes", (long long)c->patch_bytes);
	json_set_int(limits, "patch_files", c->patch_files);
	json_set_int(limits, "base_candidates", c->base_candidates);
	json_set(job, "limits", limits);
	json_set_str(job, "tree", r->series.tree);
	if (r->range_repo) {
		struct json_object *range = json_object_new_object();

		json_set_str(range, "repo", r->range_repo);
		json_set_str(range, "from", r->range_from);
		json_set_str(range, "to", r->range_to);
		json_set(job, "range", range);
		return 0;
	}
	json_set(job, "patches", json_object_get(r->mails));
	return intake_base_job(r, job, err);
}

/* dir is handed over. */
static void intake_apply(struct series_run *r, char *dir)
{
	struct json_object *job = json_object_new_object();
	struct gitbinds binds = { 0 };
	struct role_opts opts = { .name = "apply",
				  .job = job,
				  .dir = dir,
				  .sandbox = true,
				  .deadline_ms = 600000,
				  .done = intake_applied,
				  .arg = r };
	int rc = apply_job(r, job, &r->err);

	if (rc == 0)
		rc = gitbinds_add(&binds, r->state, r->state->git, false, &r->err);
	if (rc == 0)
		rc = gitbinds_add(&binds, r->state, r->repo, true, &r->err);
	if (rc == 0 && r->range_repo)
		rc = gitbinds_add(&binds, r->state, r->range_repo, false, &r->err);
	if (rc < 0) {
		json_object_put(job);
		tree_remove(dir, NULL);
		free(dir);
	} else {
		if (r->range_repo || r->opts->head)
			run_phase(r, "looking at the commits");
		else
			run_phase(r, "applying %lld patches",
				  (long long)r->series.patches);
		opts.binds = binds.v;
		opts.nbinds = binds.n;
		rc = role_start(&r->host, &opts, &r->role, &r->err);
	}
	gitbinds_done(&binds);
	if (rc < 0)
		run_fail(r, RUN_INFRA);
}

/* ---- a range of a local repository ---- */

static void intake_range(struct series_run *r, const struct source *src)
{
	char *dir;

	r->range_repo = str_dup(src->repo);
	memcpy(r->range_from, src->from, sizeof(r->range_from));
	memcpy(r->range_to, src->to, sizeof(r->range_to));
	r->series.message_id = str_printf("git-%s", src->to);
	r->series.version = 1;
	r->series.subject = str_dup(r->opts->source);
	r->series.author = str_dup("");
	if (intake_store(r, src->to, src->from, &r->err) < 0)
		return run_fail(r, RUN_INFRA);
	dir = state_job_dir(r->state, "apply", &r->err);
	if (!dir)
		return run_fail(r, RUN_INFRA);
	intake_apply(r, dir);
}

/* ---- the head of a tree ---- */

static void intake_head(struct series_run *r)
{
	AUTO(heads_done) struct heads heads = { 0 };
	const char *head;
	char *dir;

	if (store_heads(r->state->git, r->series.tree, &heads, &r->err) < 0)
		return run_fail(r, RUN_INFRA);
	if (!r->base_option)
		r->base_option = str_dup(heads.v[0].commit);
	head = r->opts->commit ? r->opts->commit : r->base_option;
	/* What a bisection looks at is no part of a test's history (db/history.c). */
	r->series.message_id = str_printf("%s-%s",
					  r->opts->revert ? "bisect-revert" :
					  r->opts->base   ? "bisect" :
							    "head",
					  r->opts->revert ? r->opts->revert : head);
	r->series.version = 1;
	r->series.subject = str_dup(r->opts->source);
	r->series.author = str_dup("");
	if (intake_store(r, head, r->base_option, &r->err) < 0)
		return run_fail(r, RUN_INFRA);
	dir = state_job_dir(r->state, "apply", &r->err);
	if (!dir)
		return run_fail(r, RUN_INFRA);
	intake_apply(r, dir);
}

/* Mails, or (src NULL) the head of the tree. */
static void intake_from(struct series_run *r, const struct source *src)
{
	AUTO_JSON struct json_object *wanted = wanted_of(r);

	if (intake_trees(r, wanted, &r->err) < 0)
		run_fail(r, r->err.code == ERR_INPUT || r->err.code == ERR_MISSING ?
				    RUN_UNUSABLE :
				    RUN_INFRA);
	else if (src)
		intake_fetch(r, src);
	else
		intake_head(r);
}

void intake_start(struct series_run *r)
{
	struct source src = { 0 };
	const char *input = r->opts->input ? r->opts->input : r->opts->source;

	r->series.tree = str_dup(r->opts->tree ? r->opts->tree : r->opts->config->tree);
	if (r->opts->head) {
		intake_from(r, NULL);
	} else if (r->opts->no_files && !r->opts->input && path_exists(input)) {
		err_set(&r->err, ERR_INPUT, "%s: is a file, and came without its mails",
			input);
		run_fail(r, RUN_UNUSABLE);
	} else if (source_find(input, r->opts->repo, r->db,
			       r->opts->config->series_patches, &src, &r->err) < 0) {
		run_fail(r, RUN_UNUSABLE);
	} else if (source_check_base(&src, r->opts->tree, r->opts->base, &r->err) < 0) {
		run_fail(r, RUN_UNUSABLE);
	} else if (src.kind == SOURCE_RANGE) {
		/* The base is the repository's own: no tree is asked for. */
		free(r->series.tree);
		r->series.tree = str_dup(src.tree ? src.tree : src.repo);
		intake_range(r, &src);
	} else {
		intake_from(r, &src);
	}
	source_done(&src);
}
