/*
 * The sections [source NAME] of config.ini: where new series come from, which of
 * them are tested, and how. Fed from a table, as config.c's.
 */
#ifndef SLUICE_DAEMON_CONFIG_SOURCE_H
#define SLUICE_DAEMON_CONFIG_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/conf.h"

struct source_conf {
	char *name;
	char *kind; /* archive, epoch, patchwork, maildir */
	char *url, *path, *project, *token_file;
	uint64_t interval_ms, since_ms;
	/* Filters: lists of globs, "" for all. */
	char *lists, *subject, *paths;
	uint64_t complete_after_ms;
	/* What is tested where; "": as in [sluice] and [fetch]. */
	char *archive, *tree, *config, *topology, *suite;
	char *trees; /* list */
	char *base;  /* words of the base ladder, in order */
};

/* Is a section of that name one of these ("source", "source mm")? */
bool config_source_section(const char *section);
/* Adds it to the array, complaining to conf about what is wrong with it. */
void config_source_load(struct conf *conf, const struct conf_section *s,
			struct source_conf **sources, size_t *n);
void config_sources_free(struct source_conf *sources, size_t n);
/* Where it is, for people: its URL or path. */
const char *source_conf_where(const struct source_conf *s);

void config_source_print_keys(FILE *out);
void config_source_print_ini(FILE *out);
void config_source_print_mdoc(FILE *out);

#endif
