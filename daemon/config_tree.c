#include "daemon/config_tree.h"

#include <ctype.h>
#include <string.h>

#include "daemon/config_key.h"
#include "lib/cleanup.h"

#define PREFIX "tree "
#define AT(field) offsetof(struct tree_conf, field)
#define MIB (1024LL * 1024)

static const char section_help[] =
	"A base tree, by its name, that sluice daemon fetches by itself, and whose head "
	"it tests.";

static const struct key keys[] = {
	{ "tree", "url", KEY_TEXT, AT(url), "", NULL, 0, 0,
	  "git repository to fetch from; empty: as given to sluice tree add (a local "
	  "repository is looked at, not fetched)" },
	{ "tree", "branch", KEY_TEXT, AT(branch), "", NULL, 0, 0,
	  "the one to fetch and to test on; empty: all of them, and the default one; not "
	  "for a local repository" },
	{ "tree", "fetch", KEY_DURATION, AT(fetch_ms), "6h", NULL, 1000, 0,
	  "between two fetches; from 5m up to this, doubled, while they fail" },
	{ "tree", "timeout", KEY_DURATION, AT(timeout_ms), "1h", NULL, 1000, 0,
	  "for one fetch" },
	{ "tree", "silence", KEY_DURATION, AT(silence_ms), "5m", NULL, 1000, 0,
	  "after which a fetch that brings nothing is given up" },
	{ "tree", "max_size", KEY_SIZE, AT(max_bytes), "8G", NULL, MIB, 0,
	  "of what one fetch brings" },
	{ "tree", "bisect", KEY_CHOICE, AT(bisect), "yes", "yes no", 0, 0,
	  "search for the commit that broke it when a test fails that an earlier base "
	  "of the tree passed (as does a tree without a section)" },
};

bool config_tree_section(const char *section)
{
	return !strcmp(section, "tree") || str_starts(section, PREFIX);
}

static bool is_url(const char *url)
{
	size_t n = strcspn(url, ":/");

	return *url != '-' && (strstr(url, "://") || (n && url[n] == ':'));
}

static bool is_branch(const char *text)
{
	for (const char *p = text; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("._/+@-", *p))
			return false;
	return *text != '-' && *text != '/' && !strstr(text, "..") &&
	       !strstr(text, "//") && strcmp(text, "HEAD") != 0;
}

static void check(const struct tree_conf *c, struct conf *conf,
		  const struct conf_section *s)
{
	int at = 0;

	if (conf_get(s, "url", &at) && *c->url && !is_url(c->url))
		conf_complain(
			conf, at,
			"url: \"%s\" is no URL; for a local repository leave it out "
			"and say sluice tree add %s PATH",
			c->url, c->name);
	if (conf_get(s, "branch", &at) && !is_branch(c->branch))
		conf_complain(conf, at, "branch: \"%s\" is no name of a branch",
			      c->branch);
}

void config_tree_load(struct conf *conf, const struct conf_section *s,
		      struct tree_conf **trees, size_t *n)
{
	const char *name = keys_section_name(s, "tree");
	struct tree_conf *c;

	if (!key_valid_name(name, strlen(name)))
		conf_complain(conf, conf_section_line(s),
			      "[%s]: a tree needs a name (letters, digits, . _ -), like "
			      "[tree mm]",
			      conf_section_name(s));
	*trees = mem_realloc(*trees, *n + 1, sizeof(**trees));
	c = &(*trees)[(*n)++];
	memset(c, 0, sizeof(*c));
	c->name = str_dup(name);
	keys_load(c, keys, ARRAY_SIZE(keys), conf, s);
	check(c, conf, s);
}

void config_trees_free(struct tree_conf *trees, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(keys); k++)
			key_done(&trees[i], &keys[k]);
		free(trees[i].name);
	}
	free(trees);
}

int config_tree_missing(const struct tree_conf *list, size_t n, const char *name,
			struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].name, name) == 0)
			return err_set(err, ERR_MISSING,
				       "the tree \"%s\" has not been fetched yet; "
				       "\"sluice status\" shows how that goes",
				       name);
	return err_set(
		err, ERR_MISSING,
		"there is no tree \"%s\"; \"sluice tree list\" shows those there are, "
		"\"sluice tree add NAME SOURCE\" makes one",
		name);
}

void config_tree_print_keys(FILE *out)
{
	fprintf(out, "\n[tree NAME] %s\n", section_help);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		key_print(out, &keys[i]);
}

void config_tree_print_ini(FILE *out)
{
	fprintf(out, "\n; %s\n;[tree NAME]\n", section_help);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		key_print_ini(out, &keys[i], ";");
}

void config_tree_print_mdoc(FILE *out)
{
	fprintf(out, ".Ss [tree NAME]\n%s\n.Bl -tag -width Ds\n", section_help);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		key_print_mdoc(out, &keys[i]);
	fputs(".El\n", out);
}
