/*
 * What the files of the boots share; for everybody else series_run.h has their
 * functions. A boot belongs to its run.
 */
#ifndef SLUICE_DAEMON_BOOTS_H
#define SLUICE_DAEMON_BOOTS_H

#include "daemon/series_run.h"

/* boots_known.c */
const struct kconfig *boots_config(const struct run_boot *b);
const struct topology *boots_topology(const struct run_boot *b);
/* Of the kernel. */
const char *boots_cmdline(const struct run_boot *b);
/* Of the same step, config and topology, in whatever tier. */
bool boots_same_cell(const struct run_boot *a, const struct run_boot *b);
/* Everything a boot's outcome hangs on but its deadlines. */
void boots_key(const struct run_boot *b, char ret[SHA256_HEX]);
/* Takes over the oldest boot with the key that this cell does not have yet. */
int boots_take_known(struct run_boot *b, bool *ret_taken, struct err *err);
/* The row of the cell that the boot is for; step_boot_done. */
void boots_fill_step(const struct run_boot *b, struct step_boot *sb);
/* Tells the observer of one that is done or lost. */
void boots_emit_end(const struct run_boot *b);
/* Of the first word of init. */
uint64_t boots_timeout_ms(const struct run_boot *b);

/*
 * boots.c. Another boot, taken over where it is known. want: step, config, topology,
 * tier, role, plan, unmade, initramfs, alone.
 */
int boots_want(struct series_run *r, const struct run_boot *want, struct err *err);
/* Takes over as further runs of its cell what is known of the first one's key, at most
 * max boots. */
int boots_recall(struct series_run *r, const struct run_boot *first, size_t max,
		 struct err *err);

#endif
