#include "daemon/config_source.h"

#include <string.h>

#include "daemon/config_key.h"
#include "daemon/request.h"
#include "lib/cleanup.h"
#include "lib/http.h"

#define PREFIX "source "
#define AT(field) offsetof(struct source_conf, field)

static const char section_help[] =
	"A source of series, under a name of your choice, for sluice daemon.";

static const struct key keys[] = {
	{ "source", "kind", KEY_CHOICE, AT(kind), "archive",
	  "archive epoch patchwork maildir", 0, 0,
	  "a public-inbox over HTTP, the epochs of one on this machine, a Patchwork, or "
	  "a maildir" },
	{ "source", "url", KEY_TEXT, AT(url), "", NULL, 0, 0,
	  "of the list's archive or of the Patchwork" },
	{ "source", "path", KEY_PATH, AT(path), "", NULL, 0, 0,
	  "of the maildir, of the folder of the epochs (0.git, 1.git ..., also those to "
	  "come), or of one of them alone; the build user must be able to read it" },
	{ "source", "project", KEY_TEXT, AT(project), "", NULL, 0, 0,
	  "of the Patchwork; empty: all of them" },
	{ "source", "token_file", KEY_PATH, AT(token_file), "", NULL, 0, 0,
	  "file with a token for the Patchwork, readable by the build user; not for a url "
	  "of http, except on this machine" },
	{ "source", "interval", KEY_DURATION, AT(interval_ms), "5m", NULL, 1000, 0,
	  "between two polls; doubled up to 1h while they fail" },
	{ "source", "since", KEY_DURATION, AT(since_ms), "7d", NULL, 0, 0,
	  "how far the first poll goes back; 0: to the beginning; later ones go on from "
	  "there, and a change of it does nothing" },
	{ "source", "lists", KEY_TEXT, AT(lists), "", NULL, 0, 0,
	  "List-Ids that count, as globs like linux-mm.*, with ! those that do not; "
	  "empty: all" },
	{ "source", "subject", KEY_TEXT, AT(subject), "", NULL, 0, 0,
	  "subjects that count, behind the [PATCH ...], as globs like mm:* mm/*; "
	  "empty: all" },
	{ "source", "paths", KEY_TEXT, AT(paths), "", NULL, 0, 0,
	  "files one of which a series must touch, as globs like mm/*; empty: any" },
	{ "source", "complete_after", KEY_DURATION, AT(complete_after_ms), "1h", NULL, 0,
	  0, "when a series that lacks parts is listed as incomplete" },
	{ "source", "archive", KEY_TEXT, AT(archive), "", NULL, 0, 0,
	  "public-inbox that series are fetched from; empty: url for an archive, else "
	  "fetch.archive" },
	{ "source", "tree", KEY_NAME, AT(tree), "", NULL, 0, 0,
	  "base tree; empty: sluice.tree" },
	{ "source", "trees", KEY_NAMES, AT(trees), "", NULL, 0, 0,
	  "further trees that the base may be in: base-commit and blobs look there, "
	  "too" },
	{ "source", "base", KEY_NAMES, AT(base), "base-commit,blobs,good,head", NULL, 0,
	  0,
	  "how the base is found, in this order: base-commit, blobs, good (the newest "
	  "commit of the tree that passed all tests), head" },
	{ "source", "config", KEY_NAMES, AT(config), "", NULL, 0, 0,
	  "kernel configs; empty: sluice.config" },
	{ "source", "topology", KEY_NAMES, AT(topology), "", NULL, 0, 0,
	  "guest machines; empty: sluice.topology" },
	{ "source", "suite", KEY_NAMES, AT(suite), "", NULL, 0, 0,
	  "test suites; empty: sluice.suite" },
};

bool config_source_section(const char *section)
{
	return !strcmp(section, "source") || str_starts(section, PREFIX);
}

const char *source_conf_where(const struct source_conf *s)
{
	return *s->url ? s->url : s->path;
}

static bool by_url(const struct source_conf *s)
{
	return !strcmp(s->kind, "archive") || !strcmp(s->kind, "patchwork");
}

static bool is_http(const char *url)
{
	return str_starts(url, "http://") || str_starts(url, "https://");
}

static void check_base(const struct source_conf *c, struct conf *conf, int line)
{
	char **v = strv_split(c->base, ", \t");

	for (size_t i = 0; v[i]; i++)
		if (!request_is_rung(v[i]))
			conf_complain(conf, line,
				      "base: \"%s\" is not one of base-commit blobs good "
				      "head",
				      v[i]);
	strv_free(v);
}

/* Where a source of its kind is. */
static void check_place(const struct source_conf *c, struct conf *conf,
			const struct conf_section *s)
{
	int line = conf_section_line(s), at = line;
	const char *kind = conf_get(s, "kind", NULL);
	const char *where = by_url(c) ? "url" : "path";
	const char *other = by_url(c) ? "path" : "url";
	const char *place = conf_get(s, where, NULL);

	/* What a kind that is none would need, nobody knows. */
	if (kind && strcmp(kind, c->kind) != 0)
		return;
	if (!place || !*place)
		conf_complain(conf, line, "%s: a source of kind %s needs %s", c->name,
			      c->kind, where);
	if (conf_get(s, other, &at))
		conf_complain(conf, at, "%s: a source of kind %s has no %s", c->name,
			      c->kind, other);
}

/* What goes with what. */
static void check(const struct source_conf *c, struct conf *conf,
		  const struct conf_section *s)
{
	int at = conf_section_line(s);

	check_place(c, conf, s);
	if (conf_get(s, "url", &at) && *c->url && !is_http(c->url))
		conf_complain(conf, at, "url: \"%s\" is not a URL of http or https",
			      c->url);
	if (conf_get(s, "archive", &at) && *c->archive && !is_http(c->archive))
		conf_complain(conf, at, "archive: \"%s\" is not a URL of http or https",
			      c->archive);
	if (conf_get(s, "token_file", &at) && *c->token_file && *c->url &&
	    !http_is_private(c->url))
		conf_complain(conf, at,
			      "token_file: a token goes over https only, not to \"%s\"",
			      c->url);
	conf_get(s, "base", &at);
	check_base(c, conf, at);
}

void config_source_load(struct conf *conf, const struct conf_section *s,
			struct source_conf **sources, size_t *n)
{
	const char *name = keys_section_name(s, "source");
	struct source_conf *c;

	if (!key_valid_name(name, strlen(name)))
		conf_complain(conf, conf_section_line(s),
			      "[%s]: a source needs a name (letters, digits, . _ -), "
			      "like [source mm]",
			      conf_section_name(s));
	*sources = mem_realloc(*sources, *n + 1, sizeof(**sources));
	c = &(*sources)[(*n)++];
	memset(c, 0, sizeof(*c));
	c->name = str_dup(name);
	keys_load(c, keys, ARRAY_SIZE(keys), conf, s);
	check(c, conf, s);
}

void config_sources_free(struct source_conf *sources, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(keys); k++)
			key_done(&sources[i], &keys[k]);
		free(sources[i].name);
	}
	free(sources);
}

void config_source_print_keys(FILE *out)
{
	fprintf(out, "\n[source NAME] %s\n", section_help);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		key_print(out, &keys[i]);
}

void config_source_print_ini(FILE *out)
{
	fprintf(out, "\n; %s\n;[source NAME]\n", section_help);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		key_print_ini(out, &keys[i], ";");
}

void config_source_print_mdoc(FILE *out)
{
	fprintf(out, ".Ss [source NAME]\n%s\n.Bl -tag -width Ds\n", section_help);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		key_print_mdoc(out, &keys[i]);
	fputs(".El\n", out);
}
