/*
 * Guest programs that misbehave, each in one way, and "good", which sees to it
 * that nothing of the test before is left. For tests of sluice alone.
 */
#ifndef SLUICE_TESTS_GUEST_CASES_H
#define SLUICE_TESTS_GUEST_CASES_H

/* Each returns an exit status, if at all. */
int case_good(void);

/* procs.c */
int case_signal(void);
int case_hang(void);
int case_fork_bomb(void);
int case_crowd(void);
int case_kill_all(void);
int case_closed_stdout(void);
int case_orphans(void);

/* memory.c */
int case_fill_memory(void);
int case_fill_locked(void);
int case_fill_shm(void);
int case_fill_tmp(void);

/* output.c */
int case_garbage(void);
int case_fake_port(void);
int case_fake_kmsg(void);
int case_console(void);
int case_wrong_plan(void);
int case_endless(void);
int case_flood_port(void);
int case_flood_kmsg(void);
int case_hang_up(void);

/* leave.c */
int case_devices(void);
int case_disks(void);
int case_huge_pages(void);
int case_merged(void);
int case_hierarchy(void);

/* machine.c */
int case_settings(void);
int case_offline_cpus(void);
int case_read_only(void);
int case_limits(void);
int case_reboot(void);
int case_power_off(void);
int case_crash(void);

#endif
