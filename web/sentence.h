/*
 * A verdict in plain words, for pages and the terminal alike: "Patch 3 breaks
 * mlock-migrate/compaction on numa2, patch 5 repairs it."
 */
#ifndef SLUICE_WEB_SENTENCE_H
#define SLUICE_WEB_SENTENCE_H

#include "db/verdict.h"
#include "lib/str.h"

/*
 * Appends "passes on smp4, up": where the boot or test of a charge was tried and is
 * good. Nothing for others, or where it is good nowhere.
 */
void verdict_passes_text(const struct verdict *v, const struct verdict *list, size_t n,
			 bool many_configs, struct str *out);

/*
 * Appends it, without the reason and evidence. many_configs: say which config
 * too (needless where there is only one). Text of strangers comes as it is.
 */
void verdict_sentence(const struct verdict *v, bool many_configs, struct str *out);

/*
 * What a verdict's probability rests on, for the line below its sentence: "0 of 6 runs
 * before failed, 5 of 6 with it, P 0.998"; of one that is not sure what is likeliest.
 * Nothing where chance has no part in it.
 */
void verdict_odds_text(const struct verdict *v, struct str *out);

#endif
