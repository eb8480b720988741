/*
 * What a boot takes along: the tests that there are programs for, and the initramfs
 * that holds them. Programs of the guest folder are the same for all boots of a
 * tier; selftests are those of the step's tree, and where a boot runs some, its
 * initramfs is the step's own. Blocks on files.
 */
#ifndef SLUICE_DAEMON_BOOT_FILES_H
#define SLUICE_DAEMON_BOOT_FILES_H

#include "daemon/series_run.h"

/* The two without selftests. */
int boot_files_init(struct series_run *r, struct err *err);
void boot_files_done(struct series_run *r);
/*
 * Fills plan, unmade (either may be NULL; new references) and initramfs of a boot of
 * which step and cell are given. The selftests that it needs are decided.
 */
int boot_files_fit(struct series_run *r, const struct plan_cell *cell,
		   struct run_boot *boot, struct err *err);

#endif
