/*
 * A key of a configuration file: its type, default and limits, and how a text is
 * put into the struct field that it stands for. config.c and config_source.c have
 * the tables.
 */
#ifndef SLUICE_DAEMON_CONFIG_KEY_H
#define SLUICE_DAEMON_CONFIG_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "lib/conf.h"
#include "lib/str.h"

enum key_type {
	KEY_TEXT,
	KEY_NAME,    /* of something we ship or made: [A-Za-z0-9._-] */
	KEY_NAMES,   /* a list of them */
	KEY_PATH,    /* empty or absolute */
	KEY_PROGRAM, /* a name for $PATH, or absolute */
	KEY_CHOICE,
	KEY_COUNT,    /* long long */
	KEY_PERCENT,  /* uint64_t */
	KEY_SIZE,     /* uint64_t, bytes */
	KEY_DURATION, /* uint64_t, milliseconds */
	KEY_LISTEN,   /* address:port */
};

struct key {
	const char *section, *name;
	enum key_type type;
	size_t at;           /* of the field in the struct */
	const char *def;     /* "": may be left empty, whatever the type is */
	const char *choices; /* KEY_CHOICE, with spaces between */
	long long min, max;  /* KEY_COUNT, KEY_PERCENT; max 0: none. Bytes, ms: min */
	const char *help;
};

/*
 * Puts text into the field of k in the struct at base; false (and nothing is
 * changed) when it is no such value.
 */
bool key_set(void *base, const struct key *k, const char *text);
/* Frees what the field of k holds. */
void key_done(void *base, const struct key *k);
bool key_valid_name(const char *s, size_t len);
void key_complain(struct conf *conf, int line, const struct key *k, const char *text);

/* The name in "[kind name]"; "": it has none. Points into the section's. */
const char *keys_section_name(const struct conf_section *s, const char *kind);
/* Puts defaults, then what the section says, into the struct at base, and complains of
 * what is wrong or unknown. */
void keys_load(void *base, const struct key *keys, size_t n, struct conf *conf,
	       const struct conf_section *s);

/* The key in the help, in a configuration file (prefix before each line), in mdoc. */
void key_print(FILE *out, const struct key *k);
void key_print_ini(FILE *out, const struct key *k, const char *prefix);
void key_print_mdoc(FILE *out, const struct key *k);

#endif
