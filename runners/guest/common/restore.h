/*
 * What a case changed for the whole machine is put back when its process ends,
 * however it ends but by a signal: main returning, ktap_bail, ktap_skip_all.
 * A forked child that exits puts nothing back.
 */
#ifndef SLUICE_GUEST_RESTORE_H
#define SLUICE_GUEST_RESTORE_H

/* fn(arg) at exit, last asked first done. At most 16 of them. */
void restore_call(void (*fn)(void *arg), void *arg);
/*
 * Writes text into a file whose present content is written back at exit. 0, or
 * -errno: then nothing was changed.
 */
int restore_write(const char *path, const char *text);

#endif
