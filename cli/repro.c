#include "cli/repro.h"

#include <stdlib.h>
#include <string.h>

#include "cli/repro_plan.h"
#include "cli/shell.h"
#include "db/series.h"
#include "db/step.h"
#include "db/used_by.h"
#include "kernels/kconfig.h"
#include "kernels/make_argv.h"
#include "lib/file.h"
#include "lib/paths.h"
#include "lib/str.h"
#include "lib/text.h"
#include "runners/qemu_argv.h"
#include "runners/topology.h"

/* All that the script is written from. */
struct repro {
	const struct repro_from *from;
	const struct boot *boot;
	struct series series;
	struct step step;
	struct str text;
};

/* The step whose kernel was booted: the first that is not taken over. */
static int find_step(struct repro *r, struct err *err)
{
	struct used_by *used = NULL;
	struct step *steps = NULL;
	size_t n = 0, nsteps = 0, at = 0;
	int rc = boot_used_by(r->from->db, r->boot->id, &used, &n, err);

	while (rc == 0 && at < n && used[at].reused)
		at++;
	if (at == n)
		at = 0;
	if (rc == 0 && n == 0)
		rc = err_set(err, ERR_MISSING, "no series uses run %lld any more",
			     (long long)r->boot->id);
	if (rc == 0 && series_find(r->from->db, used[at].series_id, &r->series, err) <= 0)
		rc = -1;
	if (rc == 0)
		rc = step_list(r->from->db, r->series.id, &steps, &nsteps, err);
	for (size_t i = 0; rc == 0 && i < nsteps; i++) {
		if (steps[i].step != used[at].step)
			continue;
		r->step = steps[i];
		steps[i] = (struct step){ 0 };
	}
	step_list_free(steps, nsteps);
	used_by_list_free(used, n);
	return rc;
}

static void add_comment(struct str *out, const char *fmt, const char *text)
{
	AUTO_FREE char *clean = text_clean_line(text, 100);

	str_addf(out, "# %s%s\n", fmt, clean);
}

static void add_head(struct repro *r)
{
	struct str *s = &r->text;
	AUTO_FREE char *title =
		str_printf("run %lld: step %lld on %s, config %s", (long long)r->boot->id,
			   (long long)r->step.step, r->boot->topology, r->boot->config);

	str_add(s, "#!/bin/sh\n");
	add_comment(s, "sluice, ", title);
	add_comment(s, "series:  ", r->series.subject);
	add_comment(s,
		    "step:    ", r->step.step ? r->step.subject : "the base, no patch");
	add_comment(s, "saw:     ",
		    r->boot->reason ? r->boot->reason : boot_status_str(r->boot->status));
	str_add(s,
		"# Needs git, make, gcc and what a kernel build needs, and QEMU; about 3 GB.\n"
		"set -eu\n");
	str_addf(s, "work=${1:-sluice-repro-%lld}\n", (long long)r->boot->id);
	str_add(s, "mkdir -p \"$work\"\ncd \"$work\"\nwork=$(pwd)\n");
}

/* The tree as git has it; the commit of an already applied patch may be its parent's tree. */
static void add_source(struct repro *r)
{
	AUTO_FREE char *name = str_printf("%lld.git", (long long)r->series.id);
	AUTO_FREE char *repo = path_join(r->from->state_dir, "series", name, NULL);
	const char *what = r->step.commit_id ? r->step.commit_id : r->step.tree;

	str_add(&r->text, "\n# 1. The source.\nif [ -z \"${VMLINUX:-}\" ]; then\n"
			  "mkdir -p src\n"
			  "git -c safe.directory='*' --git-dir=");
	shell_word(&r->text, repo);
	str_addf(&r->text, " \\\n    archive %s | tar -x -C src\n", what ? what : "HEAD");
}

static void add_make(struct repro *r, const char *goal)
{
	const struct make_opts make = {
		.make = "make",
		.src = "SRC",
		.out = "OUT",
		.arch = r->boot->arch,
		.jobs = 1,
	};
	char **argv = make_argv(&make, goal);

	/* What only the shell knows. */
	for (size_t i = 0; argv[i]; i++) {
		const char *with = strcmp(argv[i], "SRC") == 0   ? "src" :
				   strcmp(argv[i], "O=OUT") == 0 ? "O=../out" :
				   strcmp(argv[i], "-j1") == 0   ? "-j@" :
								   NULL;

		if (with) {
			free(argv[i]);
			argv[i] = str_dup(with);
		}
	}
	shell_argv(&r->text, argv);
	str_addc(&r->text, '\n');
	strv_free(argv);
}

static int add_build(struct repro *r, struct err *err)
{
	AUTO_FREE char *dir = path_join(paths_data(), "kernels/configs", NULL);
	AUTO_FREE char *image = NULL;
	struct kconfig k = { 0 };

	if (kconfig_load(dir, r->boot->config, &k, err) < 0)
		return -1;
	image = make_image(k.arch, k.target);
	str_addf(&r->text, "\n# 2. The kernel: tinyconfig and the fragments of \"%s\".\n",
		 r->boot->config);
	str_add(&r->text, "mkdir -p out\n");
	add_make(r, "tinyconfig");
	str_add(&r->text, "cat >>out/.config <<'END_OF_FRAGMENTS'\n");
	for (size_t i = 0; i < k.nfragments; i++)
		str_addf(&r->text, "%s\n", k.fragments[i].text);
	str_add(&r->text, "END_OF_FRAGMENTS\n");
	add_make(r, "olddefconfig");
	add_make(r, k.target);
	str_addf(&r->text, "VMLINUX=$work/out/%s\nfi\n", image);
	kconfig_done(&k);
	return 0;
}

static void topology_cleanup(struct topology **t)
{
	topology_free(*t);
}

/* Which of the run's tests a guest has. */
static void add_part(struct repro *r, size_t first, size_t n)
{
	str_addf(&r->text, "echo \"== tests %zu to %zu of %zu\"\n", first + 1, first + n,
		 json_len(r->boot->plan));
}

static void add_guest(struct repro *r, const struct qemu_opts *opts,
		      const struct repro_plan *plan)
{
	const char *cmdline = r->boot->cmdline ? r->boot->cmdline : "";
	AUTO_FREE char *whole = str_printf("%s %s", cmdline, plan->words);
	struct qemu_opts o = *opts;
	char **argv;

	o.cmdline = whole;
	argv = qemu_argv(&o);
	shell_argv(&r->text, argv);
	/* The script itself may be our standard input. */
	str_add(&r->text, " </dev/null\n");
	strv_free(argv);
}

static int add_guests(struct repro *r, const struct qemu_opts *opts, struct err *err)
{
	size_t used = (r->boot->cmdline ? strlen(r->boot->cmdline) : 0) + 1;
	size_t room = used < QEMU_CMDLINE_MAX ? QEMU_CMDLINE_MAX - used : 0;
	struct repro_plan *plans = NULL;
	size_t n = 0, first = 0;

	if (repro_plans(r->boot->plan, room, &plans, &n, err) < 0)
		return -1;
	if (n > 1)
		str_addf(
			&r->text,
			"# A kernel takes %d bytes of command line: the tests are run by %zu\n"
			"# guests, one after the other.\n",
			QEMU_CMDLINE_MAX, n);
	for (size_t i = 0; i < n; i++) {
		if (n > 1)
			add_part(r, first, plans[i].n);
		add_guest(r, opts, &plans[i]);
		first += plans[i].n;
	}
	repro_plans_free(plans, n);
	return 0;
}

static int add_boot(struct repro *r, struct err *err)
{
	AUTO_FREE char *initramfs = NULL;
	AUTO(topology_cleanup) struct topology *t = NULL;
	struct qemu_opts o = { .image = "@VMLINUX@", .manual = true };

	if (artifact_path(r->from->artifacts, r->boot->initramfs, &initramfs, err) < 0 ||
	    topology_parse(r->boot->topology, r->boot->topology, r->boot->topology_text,
			   &t, err) < 0)
		return -1;
	o.qemu = r->from->config->qemu;
	o.initramfs = initramfs;
	o.topology = t;
	o.accel = r->boot->accel && strcmp(r->boot->accel, "kvm") == 0 ? ACCEL_KVM :
									 ACCEL_TCG;
	str_add(&r->text,
		"\n# 3. The guest. Its init runs the tests that the kernel command line names\n"
		"# and prints what they say; \"done N exit 0\" passed, 1 failed, 4 skipped.\n");
	return add_guests(r, &o, err);
}

/* Variables of the script where the argument vectors had a mark. */
static char *with_variables(const char *text)
{
	static const struct {
		const char *mark, *shell;
	} marks[] = {
		{ "@VMLINUX@", "\"$VMLINUX\"" },
		{ "-j@", "-j\"$(nproc)\"" },
	};

	struct str out = STR_INIT;

	while (*text) {
		size_t i = 0;

		while (i < ARRAY_SIZE(marks) && !str_starts(text, marks[i].mark))
			i++;
		if (i < ARRAY_SIZE(marks)) {
			str_add(&out, marks[i].shell);
			text += strlen(marks[i].mark);
		} else {
			str_addc(&out, *text++);
		}
	}
	return str_take(&out);
}

int repro_script(const struct repro_from *from, const struct boot *boot, char **ret_text,
		 struct err *err)
{
	struct repro r = { .from = from, .boot = boot };
	int rc = find_step(&r, err);

	if (rc == 0) {
		add_head(&r);
		add_source(&r);
		rc = add_build(&r, err) < 0 || add_boot(&r, err) < 0 ? -1 : 0;
	}
	if (rc == 0)
		*ret_text = with_variables(str_get(&r.text));
	str_done(&r.text);
	step_done(&r.step);
	series_done(&r.series);
	return rc;
}
