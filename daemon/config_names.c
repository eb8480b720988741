#include "daemon/config_names.h"

#include "daemon/config_source.h"
#include "daemon/plan.h"

/* Each list by itself, so that all that is wrong is told. An empty one is as [sluice] has
 * it, where that is not the one that is looked at. */
static int check_lists(const struct config *c, const char *where, const char *config,
		       const char *topology, const char *suite, struct str *complaints)
{
	const char *lists[] = { config, topology, suite };
	int n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		char **v = strv_split(lists[i], ", \t");
		struct err err = { 0 };

		if (*v && plan_check(c, i == 0 ? v : NULL, i == 1 ? v : NULL,
				     i == 2 ? v : NULL, &err) < 0) {
			str_addf(complaints, "%s: [%s]: %s\n", c->source, where, err.msg);
			n++;
		}
		strv_free(v);
	}
	return n;
}

int config_check_names(const struct config *c, struct str *complaints, struct err *err)
{
	int n = check_lists(c, "sluice", c->config, c->topology, c->suite, complaints);

	for (size_t i = 0; i < c->nsources; i++) {
		const struct source_conf *s = &c->sources[i];
		AUTO_FREE char *where = str_printf("source %s", s->name);

		n += check_lists(c, where, s->config, s->topology, s->suite, complaints);
	}
	if (n == 0)
		return 0;
	return err_set(err, ERR_INPUT, "%s: %d %s what is not there", c->source, n,
		       n == 1 ? "key names" : "keys name");
}
