#include "kernels/example.h"

#include <git2/sys/mempack.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernels/example_load.h"
#include "kernels/git.h"
#include "lib/file.h"
#include "lib/str.h"

#define NAME "sluice example"
#define EMAIL "example@localhost"
#define AUTHOR NAME " <" EMAIL ">"
/* Monday, 5 January 2026, 10:00 UTC; each patch is a minute later. */
#define FIRST_DATE 1767607200
#define STAT_WIDTH 72

GIT_CLEANUP(git_diff, git_diff, git_diff_free)
GIT_CLEANUP(git_stats, git_diff_stats, git_diff_stats_free)
GIT_CLEANUP(git_blob, git_blob, git_blob_free)

/* One commit of the series; number 0 is the base. */
struct step {
	git_oid commit, tree;
};

struct series {
	git_repository *repo;
	const struct example_edits *edits;
	char base[GIT_HEX];
	struct step *steps; /* edits->n + 1 */
};

/*
 * New objects go to memory and vanish with the repository handle: all that
 * remains is the mbox.
 */
static int write_to_memory(git_repository *repo, struct err *err)
{
	AUTO_GIT(odb) git_odb *odb = NULL;
	git_odb_backend *memory;

	if (git_mempack_new(&memory) || git_repository_odb(&odb, repo) ||
	    git_odb_add_backend(odb, memory, 999))
		return err_git(err, "objects in memory");
	return 0;
}

/* The tree with one hunk applied to one of its files. */
static int apply_hunk(git_repository *repo, const struct example_edit *e, size_t i,
		      git_oid *tree_id, struct err *err)
{
	const char *path = e->hunks[i].path;
	AUTO_GIT(tree) git_tree *tree = NULL;
	AUTO_GIT(tree_entry) git_tree_entry *entry = NULL;
	AUTO_GIT(blob) git_blob *blob = NULL;
	AUTO_FREE char *text = NULL, *changed = NULL;
	git_tree_update update = { .action = GIT_TREE_UPDATE_UPSERT, .path = path };

	if (git_tree_lookup(&tree, repo, tree_id))
		return err_git(err, "a tree of the example");
	if (git_tree_entry_bypath(&entry, tree, path) ||
	    git_blob_lookup(&blob, repo, git_tree_entry_id(entry)))
		return err_set(err, ERR_INPUT, "%s:%d: the tree has no file %s", e->name,
			       e->hunks[i].line, path);
	text = str_ndup(git_blob_rawcontent(blob), git_blob_rawsize(blob));
	if (example_edit_apply(e, i, text, &changed, err) < 0)
		return -1;
	update.filemode = git_tree_entry_filemode(entry);
	if (git_blob_create_from_buffer(&update.id, repo, changed, strlen(changed)) ||
	    git_tree_create_updated(tree_id, repo, tree, 1, &update))
		return err_git(err, "%s: %s", e->name, path);
	return 0;
}

static char *commit_message(const struct example_edit *e)
{
	return str_printf("%s\n\n%s%sSigned-off-by: " AUTHOR "\n", e->subject, e->body,
			  *e->body ? "\n" : "");
}

static int commit_step(const struct series *s, size_t k, struct err *err)
{
	const struct example_edit *e = s->edits->v[k - 1];
	AUTO_FREE char *message = commit_message(e);
	AUTO_GIT(tree) git_tree *tree = NULL;
	AUTO_GIT(commit) git_commit *parent = NULL;
	AUTO_GIT(sig) git_signature *who = NULL;
	struct step *step = &s->steps[k];

	step->tree = s->steps[k - 1].tree;
	for (size_t i = 0; i < e->nhunks; i++)
		if (apply_hunk(s->repo, e, i, &step->tree, err) < 0)
			return -1;
	if (git_tree_lookup(&tree, s->repo, &step->tree) ||
	    git_commit_lookup(&parent, s->repo, &s->steps[k - 1].commit) ||
	    git_signature_new(&who, NAME, EMAIL, FIRST_DATE + (git_time_t)k * 60, 0) ||
	    git_commit_create(&step->commit, s->repo, NULL, who, who, NULL, message, tree,
			      1, (const git_commit *[]){ parent }))
		return err_git(err, "%s", e->name);
	return 0;
}

static int commit_all(struct series *s, const char *base_commit, struct err *err)
{
	AUTO_GIT(tree) git_tree *tree = NULL;

	if (git_id(base_commit, &s->steps[0].commit, err) < 0 ||
	    git_commit_tree_of(s->repo, &s->steps[0].commit, &tree, err) < 0)
		return -1;
	git_hex(&s->steps[0].commit, s->base);
	s->steps[0].tree = *git_tree_id(tree);
	for (size_t k = 1; k <= s->edits->n; k++)
		if (commit_step(s, k, err) < 0)
			return -1;
	return 0;
}

static int diff_steps(const struct series *s, size_t from, size_t to, git_diff **ret_diff,
		      struct err *err)
{
	AUTO_GIT(tree) git_tree *a = NULL, *b = NULL;
	git_diff_options opts;

	git_diff_options_init(&opts, GIT_DIFF_OPTIONS_VERSION);
	opts.id_abbrev = GIT_HEX - 1;
	if (git_tree_lookup(&a, s->repo, &s->steps[from].tree) ||
	    git_tree_lookup(&b, s->repo, &s->steps[to].tree) ||
	    git_diff_tree_to_tree(ret_diff, s->repo, a, b, &opts))
		return err_git(err, "the diff of the example");
	return 0;
}

static int add_stats(git_diff *diff, struct str *out, struct err *err)
{
	AUTO_GIT(stats) git_diff_stats *stats = NULL;
	git_buf buf = GIT_BUF_INIT;

	if (git_diff_get_stats(&stats, diff) ||
	    git_diff_stats_to_buf(&buf, stats,
				  GIT_DIFF_STATS_FULL | GIT_DIFF_STATS_INCLUDE_SUMMARY,
				  STAT_WIDTH))
		return err_git(err, "the diffstat of the example");
	str_addn(out, buf.ptr, buf.size);
	git_buf_dispose(&buf);
	return 0;
}

static int add_text(git_diff *diff, struct str *out, struct err *err)
{
	git_buf buf = GIT_BUF_INIT;

	if (git_diff_to_buf(&buf, diff, GIT_DIFF_FORMAT_PATCH))
		return err_git(err, "the diff of the example");
	str_addn(out, buf.ptr, buf.size);
	git_buf_dispose(&buf);
	return 0;
}

/* The tip's id says everything about the series: base, texts and trees. */
static char *message_id(const struct series *s, size_t k)
{
	char tip[GIT_HEX];

	git_hex(&s->steps[s->edits->n].commit, tip);
	return str_printf("sluice-example-%zu-%.12s@localhost", k, tip);
}

static void add_head(const struct series *s, size_t k, const char *subject,
		     struct str *out)
{
	AUTO_FREE char *id = message_id(s, k);
	AUTO_FREE char *cover = message_id(s, 0);
	time_t when = FIRST_DATE + (time_t)k * 60;
	struct tm tm;
	char hex[GIT_HEX], date[64];

	git_hex(&s->steps[k ? k : s->edits->n].commit, hex);
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S +0000", gmtime_r(&when, &tm));
	str_addf(out, "From %s Mon Sep 17 00:00:00 2001\n", hex);
	str_addf(out, "Message-ID: <%s>\n", id);
	if (k)
		str_addf(out, "In-Reply-To: <%s>\nReferences: <%s>\n", cover, cover);
	str_addf(out, "From: " AUTHOR "\nDate: %s\n", date);
	str_addf(out, "Subject: [PATCH %zu/%zu] %s\n\n", k, s->edits->n, subject);
}

static int add_cover(const struct series *s, struct str *out, struct err *err)
{
	const struct example_edits *e = s->edits;
	AUTO_GIT(diff) git_diff *diff = NULL;

	add_head(s, 0, e->cover->subject, out);
	str_addf(out, "%s%s" NAME " (%zu):\n", e->cover->body,
		 *e->cover->body ? "\n" : "", e->n);
	for (size_t i = 0; i < e->n; i++)
		str_addf(out, "  %s\n", e->v[i]->subject);
	str_add(out, "\n");
	if (diff_steps(s, 0, e->n, &diff, err) < 0 || add_stats(diff, out, err) < 0)
		return -1;
	str_addf(out, "\nbase-commit: %s\n-- \nsluice\n\n", s->base);
	return 0;
}

static int add_patch(const struct series *s, size_t k, struct str *out, struct err *err)
{
	const struct example_edit *e = s->edits->v[k - 1];
	AUTO_FREE char *message = commit_message(e);
	AUTO_GIT(diff) git_diff *diff = NULL;

	add_head(s, k, e->subject, out);
	str_addf(out, "%s---\n", message + strlen(e->subject) + 2);
	if (diff_steps(s, k - 1, k, &diff, err) < 0 || add_stats(diff, out, err) < 0)
		return -1;
	str_add(out, "\n");
	if (add_text(diff, out, err) < 0)
		return -1;
	str_add(out, "-- \nsluice\n\n");
	return 0;
}

static int series_text(struct series *s, const char *base_commit, struct str *out,
		       struct err *err)
{
	if (write_to_memory(s->repo, err) < 0 || commit_all(s, base_commit, err) < 0 ||
	    add_cover(s, out, err) < 0)
		return -1;
	for (size_t k = 1; k <= s->edits->n; k++)
		if (add_patch(s, k, out, err) < 0)
			return -1;
	return 0;
}

int example_text(const char *repo, const char *base_commit, const char *edits_dir,
		 struct str *out, struct err *err)
{
	AUTO(example_edits_done) struct example_edits edits = { .n = 0 };
	AUTO_GIT(repo) git_repository *r = NULL;
	AUTO_FREE struct step *steps = NULL;
	struct series s = { .edits = &edits };

	if (example_edits_load(edits_dir, &edits, err) < 0 || git_open(repo, &r, err) < 0)
		return -1;
	steps = mem_alloc0((edits.n + 1) * sizeof(*steps));
	s.repo = r;
	s.steps = steps;
	return series_text(&s, base_commit, out, err);
}

int example_write(const char *repo, const char *base_commit, const char *edits_dir,
		  const char *out_mbox, struct err *err)
{
	AUTO(str_done) struct str out = STR_INIT;

	if (example_text(repo, base_commit, edits_dir, &out, err) < 0)
		return -1;
	return file_write_atomic(out_mbox, str_get(&out), out.len, 0644, err);
}
