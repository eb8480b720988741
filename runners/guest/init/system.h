/*
 * The machine around the tests: file systems, the watchdog, marker lines in the
 * kernel log, power off.
 * Nothing here fails: what a kernel does not have is left out.
 */
#ifndef SLUICE_INIT_SYSTEM_H
#define SLUICE_INIT_SYSTEM_H

void system_mount(void);
/*
 * Before everything else that wants a CPU, but not what is forked from here: a
 * thousand busy processes do not keep us from ending them.
 */
void system_first(void);
/* An empty /tmp for the next test. */
void system_fresh_tmp(void);
/*
 * For a test's process: what it mounts goes with it, and what all tests share is
 * read-only to it. /tmp, /dev and the kernel's own file systems are not.
 */
void system_own_mounts(void);

/* Armed for 40 s times slowdown; a guest that can no longer run init is reset by it. */
void watchdog_open(void);
void watchdog_pet(void);

/* One line in the kernel log (and so on the console), "sluice " in front. */
void kmsg(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* What hangs, for the reader of the console log. */
void system_show_blocked(void);
/* Does not return; if the machine stays on, the watchdog ends it. */
void system_power_off(void) __attribute__((noreturn));

#endif
