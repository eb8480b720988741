/*
 * .ini files, read strictly over inih: line numbers, no silent cut of long
 * lines, all complaints and not only the first. Used for config.ini,
 * topologies and suites alike. A conf is sections in file order, each with its
 * keys in file order; whoever asks marks a key as used, and conf_check_unused
 * turns the rest into complaints with a suggestion.
 *
 * The language: "[section]", "key = value", one a line of at most 4096 bytes of
 * UTF-8; spaces around each are cut. A comment is a line that begins with # or
 * ;, or the rest of one from a # or ; with a space before it. Keys before the
 * first section are in a section named "". A section or a key again in its
 * section is a complaint, and the first one counts.
 */
#ifndef SLUICE_LIB_CONF_H
#define SLUICE_LIB_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/err.h"

struct conf;
struct conf_section;

/* Text from memory; name is what complaints call it. Always gives a conf. */
struct conf *conf_parse(const char *name, const char *text, size_t len);
/* Reads at most 1 MiB. -1 with err only when the file cannot be read. */
int conf_load(const char *path, struct conf **ret_conf, struct err *err);
void conf_free(struct conf *c);

/* "file:12: text" (line 0: "file: text"), in line order; how many, and each. */
size_t conf_complaints(const struct conf *c);
const char *conf_complaint(const struct conf *c, size_t i);
/* Adds one of our own about a line (0: about the file). */
void conf_complain(struct conf *c, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

size_t conf_sections(const struct conf *c);
const struct conf_section *conf_section_at(const struct conf *c, size_t i);
const struct conf_section *conf_section_find(const struct conf *c, const char *name);
const char *conf_section_name(const struct conf_section *s);
int conf_section_line(const struct conf_section *s);
size_t conf_keys(const struct conf_section *s);
/* Does not mark it as used. ret_value and ret_line may be NULL. */
const char *conf_key_at(const struct conf_section *s, size_t i, const char **ret_value,
			int *ret_line);
/* The value, or NULL; marks the key as used. ret_line may be NULL. */
const char *conf_get(const struct conf_section *s, const char *key, int *ret_line);
/*
 * Complains about keys that nobody asked for and that are not in known (NULL-
 * terminated): unknown key "topologie", did you mean "topology"?
 */
void conf_check_unused(struct conf *c, const struct conf_section *s,
		       const char *const *known);

/* "512M", "4G", "100k" (1024 each), "7" to bytes; false if it is none, or too big. */
bool conf_parse_size(const char *s, unsigned long long *ret);
/* "90s", "10m", "2h", "3d", "250ms", "7" (seconds) to ms. */
bool conf_parse_duration(const char *s, unsigned long long *ret_ms);
/* yes, no, true, false, on, off, 1, 0; capitals or not. */
bool conf_parse_bool(const char *s, bool *ret);

#endif
