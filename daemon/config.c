#include "daemon/config.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "daemon/config_key.h"
#include "daemon/config_source.h"
#include "daemon/config_tree.h"
#include "lib/cleanup.h"
#include "lib/conf.h"
#include "lib/file.h"
#include "lib/text.h"

static const struct {
	const char *name, *help;
} sections[] = {
	{ "sluice", "What is tested, when the command line does not say." },
	{ "fetch", "Where series come from." },
	{ "limits", "How much a stranger may send." },
	{ "sandbox", "Who builds and boots, and how much they may use." },
	{ "build", "Kernel builds." },
	{ "resources", "How much of the machine a test may take." },
	{ "boot", "Guests." },
	{ "verdict", "How sure a verdict must be, and what that may cost." },
	{ "web", "sluice serve." },
	{ "daemon", "sluice daemon." },
	{ "keep", "How long and how much of what was made is kept, besides results and "
		  "verdicts, which always stay; 0: no limit." },
	{ "programs", "Tools, by $PATH or with their path." },
};

#define AT(field) offsetof(struct config, field)
#define MIB (1024LL * 1024)

static const struct key keys[] = {
	{ "sluice", "tree", KEY_NAME, AT(tree), "debian-6.12", NULL, 0, 0,
	  "base tree, made with: sluice tree add" },
	{ "sluice", "config", KEY_NAMES, AT(config), "mlock", NULL, 0, 0,
	  "kernel configs to build, of kernels/configs" },
	{ "sluice", "topology", KEY_NAMES, AT(topology), "smp4,numa2", NULL, 0, 0,
	  "guest machines to boot, of runners/topologies" },
	{ "sluice", "suite", KEY_NAMES, AT(suite), "mlock-migrate,mlock-migrate-deep",
	  NULL, 0, 0, "test suites to run, of runners/suites or suites_dir" },
	{ "sluice", "suites_dir", KEY_PATH, AT(suites_dir), "", NULL, 0, 0,
	  "suites of your own; empty: /etc/sluice/suites and ~/.config/sluice/suites" },
	{ "sluice", "state_dir", KEY_PATH, AT(state_dir), "", NULL, 0, 0,
	  "where all is kept; empty: /var/lib/sluice for root, else "
	  "$XDG_STATE_HOME/sluice" },

	{ "fetch", "archive", KEY_TEXT, AT(archive), "https://lore.kernel.org/all", NULL,
	  0, 0, "public-inbox that message-ids are looked up in" },
	{ "fetch", "attestation", KEY_CHOICE, AT(attestation), "off",
	  "off check softfail hardfail", 0, 0,
	  "what b4 does about signatures; anything but off asks DNS for every mail" },
	{ "fetch", "timeout", KEY_DURATION, AT(fetch_timeout_ms), "2m", NULL, 1, 0,
	  "for one run of b4" },

	{ "limits", "series_patches", KEY_COUNT, AT(series_patches), "100", NULL, 1,
	  10000, "patches in a series" },
	{ "limits", "mail_size", KEY_SIZE, AT(mail_bytes), "2M", NULL, 1024, 0,
	  "of one mail" },
	{ "limits", "mbox_size", KEY_SIZE, AT(mbox_bytes), "64M", NULL, 1024, 0,
	  "of a whole mbox or thread" },
	{ "limits", "patch_size", KEY_SIZE, AT(patch_bytes), "1M", NULL, 1024, 0,
	  "of the diff in one patch" },
	{ "limits", "patch_files", KEY_COUNT, AT(patch_files), "500", NULL, 1, 100000,
	  "files that one patch touches" },
	{ "limits", "base_candidates", KEY_COUNT, AT(base_candidates), "2000", NULL, 1,
	  100000, "commits looked at when a base is searched by blob ids" },
	{ "limits", "console_size", KEY_SIZE, AT(console_bytes), "8M", NULL, 4096, 0,
	  "of a guest's console log" },
	{ "limits", "log_size", KEY_SIZE, AT(log_bytes), "64M", NULL, 4096, 0,
	  "of a build log" },
	{ "limits", "qmp_events", KEY_COUNT, AT(qmp_events), "1000", NULL, 16, 1000000,
	  "events that a guest may cause in QEMU" },

	{ "sandbox", "build_user", KEY_NAME, AT(build_user), "sluice-build", NULL, 0, 0,
	  "who builds and boots when sluice runs as root (it never does so as root)" },
	{ "sandbox", "process_memory", KEY_SIZE, AT(process_memory_bytes), "4G", NULL,
	  64 * MIB, 0, "of each process of a build" },
	{ "sandbox", "build_memory", KEY_SIZE, AT(build_memory_bytes), "0", NULL, 0, 0,
	  "of all processes of a build together; 0: three quarters of "
	  "resources.memory" },
	{ "sandbox", "tmp_size", KEY_SIZE, AT(tmp_bytes), "1G", NULL, MIB, 0,
	  "of a build's /tmp" },
	{ "sandbox", "output_size", KEY_SIZE, AT(output_bytes), "8G", NULL, MIB, 0,
	  "of a build's output folder" },

	{ "build", "jobs", KEY_COUNT, AT(build_jobs), "0", NULL, 0, 4096,
	  "make -j; 0: resources.cpus" },
	{ "build", "timeout", KEY_DURATION, AT(build_timeout_ms), "1h", NULL, 1000, 0,
	  "for one build" },
	{ "build", "ccache_dir", KEY_PATH, AT(ccache_dir), "", NULL, 0, 0,
	  "ccache that base builds fill and other builds read; empty: none" },

	{ "resources", "cpus", KEY_COUNT, AT(cpus), "0", NULL, 0, 4096,
	  "CPUs that builds and guests may use; 0: all" },
	{ "resources", "memory", KEY_SIZE, AT(memory_bytes), "0", NULL, 0, 0,
	  "memory that builds and guests may use together; 0: all" },

	{ "boot", "accel", KEY_CHOICE, AT(accel), "auto", "auto kvm tcg", 0, 0,
	  "auto: KVM where /dev/kvm is usable, else TCG" },
	{ "boot", "parallel", KEY_COUNT, AT(boot_parallel), "0", NULL, 0, 1024,
	  "guests at once; 0: from the number of CPUs" },
	{ "boot", "timeout", KEY_DURATION, AT(boot_timeout_ms), "2m", NULL, 1000, 0,
	  "from power-on to the first word of the guest's init" },
	{ "boot", "deadline_scale", KEY_PERCENT, AT(deadline_scale), "500%", NULL, 110,
	  100000, "time a step's test may take, as percent of what the base took" },
	{ "boot", "cmdline", KEY_TEXT, AT(cmdline_extra), "", NULL, 0, 0,
	  "words added to the kernel command line of every guest" },

	{ "verdict", "repeats", KEY_CHOICE, AT(verdict_repeats), "sure", "once sure", 0,
	  0,
	  "once: a failure is seen twice before a patch is charged; sure: as often as it "
	  "takes, by probability" },
	{ "verdict", "sure", KEY_PERCENT, AT(verdict_sure), "99%", NULL, 51, 99,
	  "probability that a verdict needs; with less it is inconclusive" },
	{ "verdict", "runs", KEY_COUNT, AT(verdict_runs), "170", NULL, 1, 100000,
	  "repeated boots of one config and topology for tests that failed, over all "
	  "steps of a series" },
	{ "verdict", "budget", KEY_DURATION, AT(verdict_budget_ms), "30m", NULL, 0, 0,
	  "time for repeated boots of a series; what is not sure by then stays so" },

	{ "web", "listen", KEY_LISTEN, AT(listen), "127.0.0.1:8470", NULL, 0, 0,
	  "address and port; port 0 picks a free one" },
	{ "web", "rerun", KEY_CHOICE, AT(web_rerun), "no", "yes no", 0, 0,
	  "whether a button of the pages runs an ended job again, on a loopback address "
	  "alone, for all who reach them there" },

	{ "daemon", "web", KEY_CHOICE, AT(daemon_web), "no", "yes no", 0, 0,
	  "whether the daemon serves the pages, too, at web.listen" },
	{ "daemon", "group", KEY_TEXT, AT(daemon_group), "", NULL, 0, 0,
	  "who may talk to the daemon besides its own user and root, and cancel whatever is "
	  "queued; empty: nobody" },
	{ "daemon", "polls", KEY_COUNT, AT(daemon_polls), "8", NULL, 2, 64,
	  "sources that are asked at once, the one that is due longest first; those that "
	  "failed last time have half of it at most" },
	{ "daemon", "retry", KEY_DURATION, AT(daemon_retry_ms), "5m", NULL, 1000, 0,
	  "after trouble of sluice's own a job from a list is tried again after this "
	  "time, then after 4 times as long, and so on; four times" },
	{ "daemon", "min_free", KEY_PERCENT, AT(daemon_min_free), "10%", NULL, 0, 99,
	  "of the disk under state_dir; with less no new job is begun, and with less than "
	  "twice as much caches, then images, then logs are dropped before their time" },

	{ "keep", "folders", KEY_DURATION, AT(keep_folders_ms), "14d", NULL, 0, 0,
	  "sources and build output of a base (src/, out/), made again when needed" },
	{ "keep", "folders_size", KEY_SIZE, AT(keep_folders_bytes), "60G", NULL, 0, 0,
	  "of all of them" },
	{ "keep", "images", KEY_DURATION, AT(keep_images_ms), "30d", NULL, 0, 0,
	  "kernels, initramfs, selftests; built again when needed" },
	{ "keep", "images_size", KEY_SIZE, AT(keep_images_bytes), "50G", NULL, 0, 0,
	  "of all of them" },
	{ "keep", "logs", KEY_DURATION, AT(keep_logs_ms), "365d", NULL, 0, 0,
	  "consoles, output of make, .config" },
	{ "keep", "logs_size", KEY_SIZE, AT(keep_logs_bytes), "30G", NULL, 0, 0,
	  "of all of them" },
	{ "keep", "mails", KEY_DURATION, AT(keep_mails_ms), "90d", NULL, 0, 0,
	  "mails of jobs that are over, and of postings that never became whole" },
	{ "keep", "series", KEY_DURATION, AT(keep_series_ms), "7d", NULL, 0, 0,
	  "commits of a series, made again by its next run" },
	{ "keep", "quiet", KEY_DURATION, AT(keep_quiet_ms), "180d", NULL, 0, 0,
	  "boots of sluice quiet" },
	{ "keep", "newest", KEY_DURATION, AT(keep_newest_ms), "1h", NULL, 1000, 0,
	  "what was used since stays, however full the disk is" },
	{ "keep", "interval", KEY_DURATION, AT(keep_interval_ms), "30m", NULL, 1000, 0,
	  "how often the daemon looks, between two jobs" },

	{ "programs", "b4", KEY_PROGRAM, AT(b4), "b4", NULL, 0, 0, "fetches series" },
	{ "programs", "git", KEY_PROGRAM, AT(git), "git", NULL, 0, 0,
	  "fetches trees, and applies what libgit2 cannot" },
	{ "programs", "make", KEY_PROGRAM, AT(make), "make", NULL, 0, 0,
	  "builds kernels" },
	{ "programs", "qemu", KEY_PROGRAM, AT(qemu), "qemu-system-x86_64", NULL, 0, 0,
	  "boots kernels" },
	{ "programs", "bwrap", KEY_PROGRAM, AT(bwrap), "bwrap", NULL, 0, 0,
	  "bubblewrap, the sandbox" },
};

static struct config *config_new(const char *source)
{
	struct config *c = mem_alloc0(sizeof(*c));

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (!key_set(c, &keys[i], keys[i].def))
			assert(!"a built-in default is valid");
	c->source = str_dup(source);
	return c;
}

void config_free(struct config *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		key_done(c, &keys[i]);
	config_sources_free(c->sources, c->nsources);
	config_trees_free(c->trees, c->ntrees);
	free(c->source);
	free(c);
}

static void config_cleanup(struct config **c)
{
	config_free(*c);
}

/* Reads what the table knows of one section, and complains about the rest. */
static void section_load(struct config *c, struct conf *conf,
			 const struct conf_section *s)
{
	const char *known[ARRAY_SIZE(keys) + 1] = { NULL };
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *text;
		int line = 0;

		if (strcmp(keys[i].section, conf_section_name(s)) != 0)
			continue;
		known[n++] = keys[i].name;
		text = conf_get(s, keys[i].name, &line);
		if (text && !key_set(c, &keys[i], text))
			key_complain(conf, line, &keys[i], text);
	}
	conf_check_unused(conf, s, known);
}

static void section_unknown(struct conf *conf, const struct conf_section *s)
{
	const char *names[ARRAY_SIZE(sections) + 1] = { NULL };
	const char *name = conf_section_name(s), *near;

	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		names[i] = sections[i].name;
	near = text_nearest(name, names);
	if (near)
		conf_complain(conf, conf_section_line(s),
			      "unknown section [%s], did you mean [%s]?", name, near);
	else
		conf_complain(conf, conf_section_line(s), "unknown section [%s]", name);
}

static bool section_known(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		if (strcmp(sections[i].name, name) == 0)
			return true;
	return false;
}

static void conf_apply(struct config *c, struct conf *conf)
{
	for (size_t i = 0; i < conf_sections(conf); i++) {
		const struct conf_section *s = conf_section_at(conf, i);

		if (section_known(conf_section_name(s)))
			section_load(c, conf, s);
		else if (config_source_section(conf_section_name(s)))
			config_source_load(conf, s, &c->sources, &c->nsources);
		else if (config_tree_section(conf_section_name(s)))
			config_tree_load(conf, s, &c->trees, &c->ntrees);
		else
			section_unknown(conf, s);
	}
}

/* Relative paths from the environment are not taken: they would lead into the
 * current folder. */
char *config_user_path(const char *name)
{
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (xdg && *xdg == '/')
		return path_join(xdg, "sluice", name, NULL);
	if (home && *home == '/')
		return path_join(home, ".config/sluice", name, NULL);
	return NULL;
}

/* The file to read, or NULL for none; the caller frees. */
static char *default_file(void)
{
	char *path = str_dup(CONFIG_SYSTEM_DIR "/config.ini");

	if (path_exists(path))
		return path;
	free(path);
	path = config_user_path("config.ini");
	if (path && path_exists(path))
		return path;
	free(path);
	return NULL;
}

int config_load(const char *file, struct config **ret_config, struct str *ret_complaints,
		struct err *err)
{
	AUTO_FREE char *path = file ? str_dup(file) : default_file();
	AUTO(config_cleanup) struct config *c = NULL;
	struct conf *conf = NULL;
	size_t n;

	*ret_config = NULL;
	c = config_new(path ? path : "built-in defaults");
	if (path) {
		if (conf_load(path, &conf, err) < 0)
			return -1;
		conf_apply(c, conf);
		n = conf_complaints(conf);
		for (size_t i = 0; i < n; i++)
			str_addf(ret_complaints, "%s\n", conf_complaint(conf, i));
		conf_free(conf);
		if (n)
			return err_set(err, ERR_INPUT, "%s: %zu %s", path, n,
				       n == 1 ? "mistake" : "mistakes");
	}
	*ret_config = TAKE_PTR(c);
	return 0;
}

void config_print_keys(FILE *out)
{
	for (size_t s = 0; s < ARRAY_SIZE(sections); s++) {
		fprintf(out, "%s[%s] %s\n", s ? "\n" : "", sections[s].name,
			sections[s].help);
		for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
			if (strcmp(keys[i].section, sections[s].name) == 0)
				key_print(out, &keys[i]);
	}
	config_source_print_keys(out);
	config_tree_print_keys(out);
}

void config_print_default_ini(FILE *out)
{
	fputs("; sluice, as shipped: every key with its built-in default.\n"
	      "; Copy to /etc/sluice/config.ini or ~/.config/sluice/config.ini and keep\n"
	      "; what you change. Sizes: 512M, 4G; times: 90s, 10m, 2h.\n",
	      out);
	for (size_t s = 0; s < ARRAY_SIZE(sections); s++) {
		fprintf(out, "\n; %s\n[%s]\n", sections[s].help, sections[s].name);
		for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
			if (strcmp(keys[i].section, sections[s].name) == 0)
				key_print_ini(out, &keys[i], "");
	}
	config_source_print_ini(out);
	config_tree_print_ini(out);
}

void config_print_mdoc(FILE *out)
{
	for (size_t s = 0; s < ARRAY_SIZE(sections); s++) {
		fprintf(out, ".Ss [%s]\n%s\n.Bl -tag -width Ds\n", sections[s].name,
			sections[s].help);
		for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
			if (strcmp(keys[i].section, sections[s].name) == 0)
				key_print_mdoc(out, &keys[i]);
		fputs(".El\n", out);
	}
	config_source_print_mdoc(out);
	config_tree_print_mdoc(out);
}

bool config_valid_name(const char *name)
{
	return key_valid_name(name, strlen(name));
}
