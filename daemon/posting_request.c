#include "daemon/posting_request.h"

#include <ctype.h>
#include <string.h>

#include "daemon/config.h"
#include "lib/text.h"

#define NAMES_MAX 64
#define BASE_MAX 256

/* Who knows which names there are. */
struct names {
	posting_name_fn is_there;
	void *arg;
};

static bool is_name(const char *text)
{
	return config_valid_name(text);
}

/* A revision, for git to look up; options begin with "-". Not what searches in
 * messages or logs (":/", "^{/", "@{"): that a stranger asks us for work is enough. */
static bool is_revision(const char *text)
{
	size_t len = strlen(text);

	if (len == 0 || len > BASE_MAX || *text == '-')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("._/~^+-", text[i]))
			return false;
	return true;
}

static void tell_unheard(const char *key, const char *wish, struct str *unheard)
{
	AUTO_FREE char *clean = text_clean_line(wish, 100);

	str_addf(unheard, "%s=%s names nothing that there could be\n", key, clean);
}

static const char *wish_of(const struct posting_row *p, const char *key)
{
	return p->override ? json_str(p->override, key, NULL) : NULL;
}

static char *wished_base(const struct posting_row *p, struct str *unheard)
{
	const char *wish = wish_of(p, "base");

	if (!wish || is_revision(wish))
		return str_dup(wish);
	tell_unheard("base", wish, unheard);
	return NULL;
}

/* NULL when it is none. */
static char **split_names(const char *text)
{
	char **v = strv_split(text, ", \t");
	size_t n = strv_len(v);
	bool good = n > 0 && n <= NAMES_MAX;

	for (size_t i = 0; good && i < n; i++)
		good = is_name(v[i]);
	if (good)
		return v;
	strv_free(v);
	return NULL;
}

/* Each of them once, and all there. */
static bool are_there(char *const *v, const char *key, const struct names *n)
{
	for (size_t i = 0; v[i]; i++) {
		for (size_t k = 0; k < i; k++)
			if (strcmp(v[k], v[i]) == 0)
				return false;
		if (!n->is_there(key, v[i], n->arg))
			return false;
	}
	return true;
}

static char **names_of(const struct posting_row *p, const char *key,
		       const char *configured, const struct names *n, struct str *unheard)
{
	const char *wish = wish_of(p, key);
	char **v = wish ? split_names(wish) : NULL;

	if (v && are_there(v, key, n))
		return v;
	strv_free(v);
	if (wish)
		tell_unheard(key, wish, unheard);
	return configured ? split_names(configured) : NULL;
}

/* Where the series can be fetched from; NULL: as everything else is. */
static char *archive_of(const struct source_conf *source)
{
	if (!source)
		return NULL;
	if (*source->archive)
		return str_dup(source->archive);
	return strcmp(source->kind, "archive") == 0 ? str_dup(source->url) : NULL;
}

static bool keeps_bytes(const struct source_conf *source)
{
	return source &&
	       (!strcmp(source->kind, "epoch") || !strcmp(source->kind, "maildir"));
}

/* The tree that its author names, if there is one of that name. */
static char *wished_tree(const struct posting_row *p, const struct names *n,
			 struct str *unheard)
{
	const char *wish = wish_of(p, "tree");

	if (!wish)
		return NULL;
	if (is_name(wish) && n->is_there("tree", wish, n->arg))
		return str_dup(wish);
	tell_unheard("tree", wish, unheard);
	return NULL;
}

void posting_request(const struct posting_row *p, const struct source_conf *source,
		     posting_name_fn is_there, void *arg, struct request *ret,
		     struct str *unheard)
{
	const struct names n = { is_there, arg };
	char *tree = wished_tree(p, &n, unheard);

	*ret = (struct request){
		.source = str_dup(p->message_id),
		.version = p->version,
		.archive = archive_of(source),
		.mails = keeps_bytes(source) ? REQUEST_MAILS_FILE : REQUEST_NO_MAILS,
		/* Who names a tree means that one. */
		.trees = source && !tree ? split_names(source->trees) : NULL,
		.ladder = source ? split_names(source->base) : NULL,
		.tree = tree                    ? tree :
			source && *source->tree ? str_dup(source->tree) :
						  NULL,
		.wish = wished_base(p, unheard),
		.configs = names_of(p, "config", source ? source->config : NULL, &n,
				    unheard),
		.topologies = names_of(p, "topology", source ? source->topology : NULL,
				       &n, unheard),
		.suites =
			names_of(p, "suite", source ? source->suite : NULL, &n, unheard),
	};
}
