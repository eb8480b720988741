/*
 * A verdict in plain words, for pages and the terminal alike: "Patch 3 breaks
 * mlock-migrate/compaction on numa2, patch 5 repairs it."
 */
#ifndef SLUICE_WEB_SENTENCE_H
#define SLUICE_WEB_SENTENCE_H

#include "db/verdict.h"
#include "lib/str.h"

/*
 * Appends it, without the reason and evidence. many_configs: say which config
 * too (needless where there is only one). Text of strangers comes as it is.
 */
void verdict_sentence(const struct verdict *v, bool many_configs, struct str *out);

#endif
