/*
 * The sections [tree NAME] of config.ini: trees that sluice daemon fetches by itself.
 * Fed from a table, as config.c's.
 */
#ifndef SLUICE_DAEMON_CONFIG_TREE_H
#define SLUICE_DAEMON_CONFIG_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/conf.h"

struct tree_conf {
	char *name;
	char *url;    /* "": the source that "sluice tree add" was given */
	char *branch; /* "": all, tests start from the default one */
	uint64_t fetch_ms, timeout_ms, silence_ms;
	uint64_t max_bytes;
	char *bisect; /* yes or no */
};

/* Is a section of that name one of these ("tree", "tree mm")? */
bool config_tree_section(const char *section);
/* Adds it to the array, complaining to conf about what is wrong with it. */
void config_tree_load(struct conf *conf, const struct conf_section *s,
		      struct tree_conf **trees, size_t *n);
void config_trees_free(struct tree_conf *trees, size_t n);

void config_tree_print_keys(FILE *out);
void config_tree_print_ini(FILE *out);
void config_tree_print_mdoc(FILE *out);

/* err: why there is no such tree; ERR_MISSING, since one that is configured may come. */
int config_tree_missing(const struct tree_conf *list, size_t n, const char *name,
			struct err *err);

#endif
