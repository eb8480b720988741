#include "daemon/request.h"

#include <limits.h>
#include <string.h>

#include "daemon/config.h"
#include "lib/str.h"

#define NAMES_MAX 64
#define REVISION_MAX 256
#define VERSION_MAX 1000000

static const char *const mails_words[] = {
	[REQUEST_MAILS_FILE] = "file",
	[REQUEST_MAILS_FOLDER] = "folder",
};

void request_done(struct request *r)
{
	free(r->source);
	free(r->input);
	free(r->repo);
	free(r->tree);
	free(r->base);
	free(r->archive);
	free(r->wish);
	free(r->test);
	free(r->good);
	free(r->bad);
	strv_free(r->trees);
	strv_free(r->ladder);
	strv_free(r->configs);
	strv_free(r->topologies);
	strv_free(r->suites);
	*r = (struct request){ .source = NULL };
}

/* *ret NULL when it is not there. Control characters are in no name of ours. */
static int take_text(struct json_object *o, const char *key, size_t max, char **ret,
		     struct err *err)
{
	const char *text = json_str(o, key, NULL);

	if (!text || !*text)
		return 0;
	if (strlen(text) > max)
		return err_set(err, ERR_INPUT, "\"%s\" is longer than %zu bytes", key,
			       max);
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 127)
			return err_set(err, ERR_INPUT,
				       "\"%s\" has control characters in it", key);
	*ret = str_dup(text);
	return 0;
}

static int take_names(struct json_object *o, const char *key, char ***ret,
		      struct err *err)
{
	struct json_object *a = json_arr(o, key);
	size_t n = json_len(a);
	char **v;

	if (n == 0)
		return 0;
	if (n > NAMES_MAX)
		return err_set(err, ERR_INPUT, "\"%s\" has more than %d names", key,
			       NAMES_MAX);
	v = mem_alloc0((n + 1) * sizeof(*v));
	for (size_t i = 0; i < n; i++) {
		struct json_object *name = json_object_array_get_idx(a, i);
		const char *text = json_object_is_type(name, json_type_string) ?
					   json_object_get_string(name) :
					   "";

		if (!config_valid_name(text)) {
			strv_free(v);
			return err_set(err, ERR_INPUT, "\"%s\" holds what is no name",
				       key);
		}
		v[i] = str_dup(text);
	}
	*ret = v;
	return 0;
}

bool request_is_rung(const char *word)
{
	static const char *const rungs[] = { "base-commit", "blobs", "good", "head" };

	for (size_t i = 0; i < ARRAY_SIZE(rungs); i++)
		if (strcmp(word, rungs[i]) == 0)
			return true;
	return false;
}

static int check_ladder(char *const *ladder, struct err *err)
{
	for (; ladder && *ladder; ladder++)
		if (!request_is_rung(*ladder))
			return err_set(err, ERR_INPUT,
				       "\"ladder\" has a rung that there is not");
	return 0;
}

static int take_mails(struct json_object *o, enum request_mails *ret, struct err *err)
{
	const char *word = json_str(o, "mails", NULL);

	if (!word)
		return 0;
	for (size_t i = REQUEST_MAILS_FILE; i < ARRAY_SIZE(mails_words); i++)
		if (strcmp(word, mails_words[i]) == 0) {
			*ret = (enum request_mails)i;
			return 0;
		}
	return err_set(err, ERR_INPUT, "\"mails\" is neither file nor folder");
}

static bool is_commit(const char *text)
{
	return text && strlen(text) == 40 && strspn(text, "0123456789abcdef") == 40;
}

static int check_bisection(const struct request *r, struct err *err)
{
	if (!r->test && !r->good && !r->bad)
		return 0;
	if (!r->test || !is_commit(r->good) || !is_commit(r->bad))
		return err_set(err, ERR_INPUT,
			       "\"test\", \"good\" and \"bad\" go together, the latter "
			       "two commits in full");
	if (!r->tree || strv_len(r->configs) != 1 || strv_len(r->topologies) != 1)
		return err_set(err, ERR_INPUT,
			       "a bisection is of one \"tree\", of \"configs\" and "
			       "\"topologies\" one each");
	if (r->input || r->base || r->mails || r->repo || r->suites)
		return err_set(err, ERR_INPUT,
			       "\"test\" goes with nothing that a series has");
	return 0;
}

static int check(const struct request *r, struct err *err)
{
	if (!r->source)
		return err_set(err, ERR_INPUT, "there is no \"source\"");
	if (check_bisection(r, err) < 0)
		return -1;
	if (r->tree && !config_valid_name(r->tree))
		return err_set(err, ERR_INPUT, "\"tree\" is no name");
	if (r->version < 0 || r->version > VERSION_MAX)
		return err_set(err, ERR_INPUT, "\"version\" is none");
	if (r->repo && r->repo[0] != '/')
		return err_set(err, ERR_INPUT, "\"repo\" is no absolute path");
	if (r->input && (r->mails || !r->repo || strlen(r->input) != 82 ||
			 strspn(r->input, "0123456789abcdef") != 40 ||
			 strncmp(r->input + 40, "..", 2) != 0 ||
			 strspn(r->input + 42, "0123456789abcdef") != 40))
		return err_set(err, ERR_INPUT,
			       "\"input\" is no range of commits of a \"repo\"");
	return 0;
}

int request_from_json(struct json_object *o, struct request *ret, struct err *err)
{
	struct request r = { .version = json_int(o, "version", 0) };

	if (take_text(o, "source", PATH_MAX, &r.source, err) < 0 ||
	    take_text(o, "input", PATH_MAX, &r.input, err) < 0 ||
	    take_text(o, "repo", PATH_MAX, &r.repo, err) < 0 ||
	    take_text(o, "tree", NAME_MAX, &r.tree, err) < 0 ||
	    take_text(o, "base", REVISION_MAX, &r.base, err) < 0 ||
	    take_text(o, "archive", PATH_MAX, &r.archive, err) < 0 ||
	    take_text(o, "wish", REVISION_MAX, &r.wish, err) < 0 ||
	    take_text(o, "test", NAME_MAX, &r.test, err) < 0 ||
	    take_text(o, "good", REVISION_MAX, &r.good, err) < 0 ||
	    take_text(o, "bad", REVISION_MAX, &r.bad, err) < 0 ||
	    take_names(o, "trees", &r.trees, err) < 0 ||
	    take_names(o, "ladder", &r.ladder, err) < 0 ||
	    check_ladder(r.ladder, err) < 0 ||
	    take_names(o, "configs", &r.configs, err) < 0 ||
	    take_names(o, "topologies", &r.topologies, err) < 0 ||
	    take_names(o, "suites", &r.suites, err) < 0 ||
	    take_mails(o, &r.mails, err) < 0 || check(&r, err) < 0) {
		request_done(&r);
		return -1;
	}
	*ret = r;
	return 0;
}

static void put_text(struct json_object *o, const char *key, const char *text)
{
	if (text)
		json_set_str(o, key, text);
}

static void put_names(struct json_object *o, const char *key, char *const *v)
{
	struct json_object *a;

	if (!v)
		return;
	a = json_object_new_array();
	for (; *v; v++)
		json_add_str(a, *v);
	json_set(o, key, a);
}

struct json_object *request_to_json(const struct request *r)
{
	struct json_object *o = json_object_new_object();

	put_text(o, "source", r->source);
	put_text(o, "input", r->input);
	put_text(o, "repo", r->repo);
	put_text(o, "tree", r->tree);
	put_text(o, "base", r->base);
	put_names(o, "configs", r->configs);
	put_names(o, "topologies", r->topologies);
	put_names(o, "suites", r->suites);
	put_text(o, "mails", mails_words[r->mails]);
	put_text(o, "archive", r->archive);
	put_names(o, "trees", r->trees);
	put_names(o, "ladder", r->ladder);
	put_text(o, "wish", r->wish);
	put_text(o, "test", r->test);
	put_text(o, "good", r->good);
	put_text(o, "bad", r->bad);
	if (r->version)
		json_set_int(o, "version", r->version);
	return o;
}
