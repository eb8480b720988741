#include "daemon/head_request.h"

#include <string.h>

#include "daemon/config_source.h"
#include "lib/str.h"

static bool has(char *const *v, const char *name)
{
	for (; v && *v; v++)
		if (strcmp(*v, name) == 0)
			return true;
	return false;
}

/* The names of a list that are not in *v yet. */
static void add_names(char ***v, const char *list)
{
	char **names = strv_split(list, ", \t");

	for (char **name = names; *name; name++) {
		size_t n = strv_len(*v);

		if (has(*v, *name))
			continue;
		*v = mem_realloc(*v, n + 2, sizeof(**v));
		(*v)[n] = str_dup(*name);
		(*v)[n + 1] = NULL;
	}
	strv_free(names);
}

static bool is_based_on(const struct source_conf *s, const struct config *c,
			const char *tree)
{
	char **others = strv_split(s->trees, ", \t");
	bool is = strcmp(*s->tree ? s->tree : c->tree, tree) == 0 || has(others, tree);

	strv_free(others);
	return is;
}

static void add_wants(const char *configs, const char *topologies, const char *suites,
		      struct request *ret)
{
	add_names(&ret->configs, configs);
	add_names(&ret->topologies, topologies);
	add_names(&ret->suites, suites);
}

void head_request(const struct config *c, const char *tree, struct request *ret)
{
	*ret = (struct request){ .source = str_printf("head of %s", tree),
				 .tree = str_dup(tree) };
	for (size_t i = 0; i < c->nsources; i++) {
		const struct source_conf *s = &c->sources[i];

		if (is_based_on(s, c, tree))
			add_wants(*s->config ? s->config : c->config,
				  *s->topology ? s->topology : c->topology,
				  *s->suite ? s->suite : c->suite, ret);
	}
	if (!ret->configs)
		add_wants(c->config, c->topology, c->suite, ret);
}
