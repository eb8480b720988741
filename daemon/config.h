/*
 * config.ini as a struct. One table in config.c names every key with its
 * section, type, default, limits and one line of help; the parser, the shipped
 * config.ini's check, `sluice help config` and the man page are fed from it.
 * Loading collects all complaints; nothing starts while there is one.
 */
#ifndef SLUICE_DAEMON_CONFIG_H
#define SLUICE_DAEMON_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/err.h"
#include "lib/str.h"

#define CONFIG_SYSTEM_DIR "/etc/sluice"

struct config {
	/* [sluice] what is tested where, when the command line does not say */
	char *tree;
	char *config;     /* list */
	char *topology;   /* list */
	char *suite;      /* list */
	char *suites_dir; /* "": the user's and the system's, see suites.h */
	char *state_dir;  /* "" : /var/lib/sluice for root, else XDG */
	/* [fetch] */
	char *archive;
	char *attestation;
	uint64_t fetch_timeout_ms;
	/* [limits] of what strangers send */
	long long series_patches;
	uint64_t mail_bytes, mbox_bytes, patch_bytes;
	long long patch_files;
	long long base_candidates;
	uint64_t console_bytes, log_bytes;
	long long qmp_events;
	/* [sandbox] */
	char *build_user; /* who builds and boots when sluice runs as root */
	uint64_t process_memory_bytes, tmp_bytes, output_bytes;
	uint64_t build_memory_bytes; /* 0: three quarters of resources.memory */
	/* [build] */
	long long build_jobs; /* 0: cpus */
	uint64_t build_timeout_ms;
	char *ccache_dir; /* "": none */
	/* [resources] 0: the machine's */
	long long cpus;
	uint64_t memory_bytes;
	/* [boot] */
	char *accel;              /* auto, kvm, tcg */
	long long boot_parallel;  /* guests at once; 0: from the number of CPUs */
	uint64_t boot_timeout_ms; /* to the first word of the guest's init */
	uint64_t deadline_scale;  /* percent of the base's measured time */
	char *cmdline_extra;
	/* [verdict] */
	char *verdict_repeats;      /* once, sure */
	uint64_t verdict_sure;      /* percent */
	long long verdict_runs;     /* repeats of a column, over all steps */
	uint64_t verdict_budget_ms; /* for repeated boots of a series */
	/* [web] */
	char *listen; /* address:port; port 0 picks one */
	/* [daemon] */
	char *web_rerun;          /* yes, no */
	char *daemon_web;         /* yes, no */
	char *daemon_group;       /* "": none */
	long long daemon_polls;   /* at once */
	uint64_t daemon_retry_ms; /* before a job is tried again */
	uint64_t daemon_min_free; /* percent of the disk */
	/* [keep] times and sizes of what retention leaves; 0: any */
	uint64_t keep_folders_ms, keep_folders_bytes;
	uint64_t keep_images_ms, keep_images_bytes;
	uint64_t keep_logs_ms, keep_logs_bytes;
	uint64_t keep_mails_ms, keep_series_ms, keep_quiet_ms;
	uint64_t keep_newest_ms;   /* what is younger always stays */
	uint64_t keep_interval_ms; /* of the daemon's looks */
	/* [programs] names by $PATH, or absolute paths */
	char *b4, *git, *make, *qemu, *bwrap;

	/* [source NAME] for each; see config_source.h */
	struct source_conf *sources;
	size_t nsources;
	/* [tree NAME] for each; see config_tree.h */
	struct tree_conf *trees;
	size_t ntrees;

	char *source; /* the file it came from, or "built-in defaults" */
};

/*
 * file NULL: /etc/sluice/config.ini, else $XDG_CONFIG_HOME/sluice/config.ini
 * (~/.config), else the built-in defaults; never the current folder. -1 with
 * err when a named file cannot be read; complaints (one a line, "file:12: ...")
 * go to ret_complaints, and then *ret_config is NULL and the return is -1 too.
 */
int config_load(const char *file, struct config **ret_config, struct str *ret_complaints,
		struct err *err);
void config_free(struct config *c);
/*
 * NAME in the user's own folder, $XDG_CONFIG_HOME/sluice or ~/.config/sluice,
 * whether it is there or not; NULL when the environment names none. The caller
 * frees.
 */
char *config_user_path(const char *name);

/* Whether it may name a tree, a config, a topology or a suite. */
bool config_valid_name(const char *name);
/* The table as text: "section.key  type  default  help", for help and tests. */
void config_print_keys(FILE *out);
/* A complete commented config.ini with the defaults, as shipped. */
void config_print_default_ini(FILE *out);
/* The keys as the man page's section on them. */
void config_print_mdoc(FILE *out);

#endif
