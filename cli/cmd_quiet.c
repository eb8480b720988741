#include <string.h>

#include "cli/cmd.h"
#include "cli/context.h"
#include "cli/quiet_kernel.h"
#include "cli/quiet_text.h"
#include "daemon/quiet.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/paths.h"
#include "runners/sandbox.h"

#define BOOTS_DEFAULT 100
#define BOOTS_MAX 10000
#define PARALLEL_MAX 64
#define SUITES_DEFAULT "mlock-migrate*10,mlock-migrate-deep"

struct quiet_args {
	struct cmd_common common;
	const char *boots, *tree, *base, *image, *config, *topology, *suite, *parallel;
	bool figures;
};

#define ARG(field) offsetof(struct quiet_args, field)
static const struct cmd_opt opts[] = {
	{ "boots", 'n', "N",
	  "boots of each kernel, those kept included (100); 0 only reports", ARG(boots) },
	{ "tree", 't', "LIST", "base trees whose kernels are booted", ARG(tree) },
	{ "base", 'b', "REV", "of the tree, instead of its head", ARG(base) },
	{ "image", 0, "FILE", "boot this kernel instead of a tree's", ARG(image) },
	{ "config", 0, "NAME", "kernel config to build (the first one configured)",
	  ARG(config) },
	{ "topology", 0, "LIST", "guest machines (all)", ARG(topology) },
	{ "suite", 0, "LIST", "suites, and how often a boot runs each: " SUITES_DEFAULT,
	  ARG(suite) },
	{ "parallel", 0, "N", "guests at a time (1)", ARG(parallel) },
	{ "figures", 0, NULL, "print what each case took, beside its budget",
	  ARG(figures) },
	CMD_OPTS_COMMON,
	{ 0 },
};

static int run_quiet(int argc, char **argv);

const struct cmd cmd_quiet = {
	.name = "quiet",
	.synopsis = "",
	.help = "Boot good kernels again and again, and count what fails",
	.detail =
		"How silent the tests are on kernels that have nothing wrong: boots each kernel\n"
		"N times, over all topologies in turn, and prints for each case its rounds, its\n"
		"failures and the upper 95 % bound of its failure rate; then each failure with\n"
		"its boot and the folder that keeps its console.\n\n"
		"Boots are kept below the state folder. The same command goes on where it was\n"
		"stopped; another kernel, initramfs, test or QEMU starts anew.\n\n"
		"Exits with 0 when nothing failed, 1 when anything did, 2 when the input is\n"
		"unusable, 3 when boots are missing for trouble of sluice's own.\n",
	.opts = opts,
	.run = run_quiet,
};

struct quiet_cmd {
	struct context cx;
	struct term term;
	const struct quiet_args *args;
	long long boots, parallel;
	struct quiet_suites suites;
	char **names; /* of the suites */
	char *config;
	struct state *state;
	struct plan *plan;
	struct topology **all; /* topologies there are */
	size_t nall;
	char *initramfs;
	char initramfs_sha[SHA256_HEX];
};

static int tell(const struct err *err)
{
	log_error("%s", err->msg);
	return err->code == ERR_INPUT || err->code == ERR_MISSING ? EXIT_USAGE :
								    EXIT_INFRA;
}

/* ---- what is booted ---- */

static int load_topologies(struct quiet_cmd *q, struct err *err)
{
	AUTO_FREE char *dir = path_join(paths_data(), "runners", "topologies", NULL);
	char **names = NULL;
	int rc = topology_list(dir, &names, err);

	q->all = mem_alloc0((strv_len(names) + 1) * sizeof(*q->all));
	for (size_t i = 0; rc == 0 && names[i]; i++) {
		rc = topology_load(dir, names[i], &q->all[i], err);
		q->nall += rc == 0;
	}
	strv_free(names);
	return rc;
}

/* Those that were asked for, else all. */
static char **wanted_topologies(const struct quiet_cmd *q)
{
	char **names;

	if (q->args->topology)
		return strv_split(q->args->topology, ", \t");
	names = mem_alloc0((q->nall + 1) * sizeof(*names));
	for (size_t i = 0; i < q->nall; i++)
		names[i] = str_dup(q->all[i]->name);
	return names;
}

static int load_plan(struct quiet_cmd *q, struct err *err)
{
	char *configs[] = { q->config, NULL };
	char **topologies = wanted_topologies(q);
	int rc = plan_load(q->cx.config, q->state, configs, topologies, q->names,
			   &q->plan, err);

	strv_free(topologies);
	return rc;
}

static int make_initramfs(struct quiet_cmd *q, struct err *err)
{
	AUTO_FREE char *tmp = path_join(q->state->jobs, "quiet-initramfs", NULL);

	if (plan_write_initramfs(q->plan, q->state, true, NULL, 0, tmp, err) < 0 ||
	    artifact_put_file(q->cx.artifacts, tmp, ARTIFACT_RAW, q->initramfs_sha, err) <
		    0)
		return -1;
	return artifact_path(q->cx.artifacts, q->initramfs_sha, &q->initramfs, err);
}

/* All that can be wrong is told before a kernel is built for minutes. */
static int prepare(struct quiet_cmd *q, struct err *err)
{
	const struct config *c = q->cx.config;
	const char *config = q->args->config ? q->args->config : c->config;

	/* Of several the first: the others have kernels of their own. */
	q->config = str_ndup(config, strcspn(config, ", \t"));
	if (quiet_suites_parse(q->args->suite ? q->args->suite : SUITES_DEFAULT,
			       &q->suites, err) < 0)
		return -1;
	q->names = quiet_suites_names(&q->suites);
	if (state_open(q->cx.dir, c, &q->state, err) < 0 ||
	    state_clean(q->state, err) < 0 ||
	    sandbox_probe(c->bwrap, q->state->uid, q->state->gid, err) < 0 ||
	    load_topologies(q, err) < 0 || load_plan(q, err) < 0)
		return -1;
	for (char **line = q->plan->expired; *line; line++)
		log_warn("%s", *line);
	return make_initramfs(q, err);
}

static void quiet_cmd_done(struct quiet_cmd *q)
{
	for (size_t i = 0; i < q->nall; i++)
		topology_free(q->all[i]);
	free(q->all);
	plan_free(q->plan);
	state_free(q->state);
	strv_free(q->names);
	quiet_suites_done(&q->suites);
	free(q->config);
	free(q->initramfs);
	context_done(&q->cx);
}

/* ---- a kernel ---- */

struct reader {
	struct quiet_tally *tally;
	const struct known_issues *known;
};

static void add_record(struct json_object *record, void *arg)
{
	struct reader *r = arg;

	quiet_tally_add(r->tally, record, r->known);
}

static int report(struct quiet_cmd *q, const struct quiet_kernel *k,
		  struct quiet_store *store, struct err *err)
{
	AUTO_FREE char *title = str_printf("%s (image %.12s, %s)", k->name, k->sha,
					   accel_str(q->plan->accel));
	struct reader to = { quiet_tally_new(q->all, q->nall), q->plan->known_issues };
	int rc = quiet_store_each(store, add_record, &to, err);

	quiet_tally_end(to.tally);
	if (rc == 0) {
		quiet_text_cases(q->term.out, title, to.tally);
		if (q->args->figures)
			quiet_text_figures(q->term.out, to.tally, q->plan->suites,
					   q->plan->nsuites);
		rc = quiet_text_failures(q->term.out, store, to.tally,
					 q->plan->known_issues, err);
		fprintf(q->term.out, "\nkept in %s\n\n", quiet_store_dir(store));
	}
	rc = rc < 0 ? -1 : to.tally->bad_boots > 0;
	quiet_tally_free(to.tally);
	return rc;
}

static void on_boot(struct json_object *record, unsigned int left, void *arg)
{
	struct quiet_cmd *q = arg;

	quiet_text_boot(q->term.out, record, left, q->plan->known_issues);
}

/* How it ended, in words and as an exit code. */
static int tell_end(const struct quiet_kernel *k, enum quiet_end end)
{
	if (end == QUIET_INTERRUPTED)
		log_error("interrupted; the same command goes on from there");
	else if (end == QUIET_LOST)
		log_error("%s: several boots in a row were lost to our own trouble",
			  k->name);
	return end == QUIET_DONE ? EXIT_OK : EXIT_INFRA;
}

/* Boots what is missing and reports, also when it was cut short or went wrong. */
static int measure(struct quiet_cmd *q, const struct quiet_kernel *k, bool *ret_stop)
{
	const struct quiet_opts o = { .config = q->cx.config,
				      .state = q->state,
				      .plan = q->plan,
				      .suites = &q->suites,
				      .image = k->image,
				      .image_sha = k->sha,
				      .initramfs = q->initramfs,
				      .initramfs_sha = q->initramfs_sha,
				      .boots = (unsigned int)q->boots,
				      .parallel = (unsigned int)q->parallel,
				      .on_boot = on_boot,
				      .arg = q };
	struct quiet_store *store = NULL;
	enum quiet_end end = QUIET_DONE;
	struct err err = { 0 }, told = { 0 };
	int bad, rc, run;

	if (quiet_open(&o, &store, &err) < 0)
		return tell(&err);
	fprintf(q->term.out, "%s: boots are kept in %s\n", k->name,
		quiet_store_dir(store));
	run = quiet_run(&o, store, &end, &err);
	if (run < 0 && err.code == ERR_INPUT) {
		quiet_store_free(store);
		return tell(&err);
	}
	bad = report(q, k, store, &told);
	quiet_store_free(store);
	rc = run < 0 ? tell(&err) : tell_end(k, end);
	*ret_stop = run < 0 || end == QUIET_INTERRUPTED;
	if (bad < 0)
		return tell(&told);
	return bad ? EXIT_FAILED : rc;
}

/* The smallest: only its kernel is wanted. */
static const char *small_topology(const struct plan *p)
{
	size_t best = 0;

	for (size_t i = 1; i < p->ntopologies; i++)
		if (topology_cpus(p->topologies[i]) < topology_cpus(p->topologies[best]))
			best = i;
	return p->topologies[best]->name;
}

static int worse(int a, int b)
{
	/* What failed is the answer; what could not be done comes next. */
	static const int rank[] = {
		[EXIT_OK] = 0,
		[EXIT_INFRA] = 1,
		[EXIT_USAGE] = 2,
		[EXIT_FAILED] = 3,
	};

	return rank[a & 3] > rank[b & 3] ? a : b;
}

/* To report only, what is there is enough. */
static int kernel_of_tree(struct quiet_cmd *q, const char *tree, struct quiet_kernel *ret)
{
	return q->boots == 0 ? quiet_kernel_stored(&q->cx, q->state->git, tree,
						   q->args->base, q->config, ret) :
			       quiet_kernel_of_tree(&q->cx, &q->term, tree, q->args->base,
						    q->config, small_topology(q->plan),
						    q->names[0], ret);
}

static int measure_trees(struct quiet_cmd *q)
{
	const char *list = q->args->tree ? q->args->tree : q->cx.config->tree;
	char **trees = strv_split(list, ", \t");
	bool stop = false;
	int rc = EXIT_OK;

	for (size_t i = 0; trees[i] && !stop; i++) {
		struct quiet_kernel k = { .name = NULL };
		int one = kernel_of_tree(q, trees[i], &k);

		if (one == EXIT_OK)
			one = measure(q, &k, &stop);
		else
			stop = one == EXIT_INFRA;
		quiet_kernel_done(&k);
		rc = worse(rc, one);
	}
	strv_free(trees);
	return rc;
}

static int measure_image(struct quiet_cmd *q)
{
	struct quiet_kernel k = { .name = NULL };
	bool stop;
	int rc = quiet_kernel_of_file(&q->cx, q->args->image, &k);

	if (rc == EXIT_OK)
		rc = measure(q, &k, &stop);
	quiet_kernel_done(&k);
	return rc;
}

static int run_quiet(int argc, char **argv)
{
	struct quiet_args args = { 0 };
	AUTO(quiet_cmd_done)
	struct quiet_cmd q = { .cx = CONTEXT_INIT,
			       .args = &args,
			       .boots = BOOTS_DEFAULT,
			       .parallel = 1 };
	struct err err = { 0 };
	int rc;

	if (!cmd_parse(&cmd_quiet, &argc, &argv, &args, &rc))
		return rc;
	if (argc)
		return cmd_usage(&cmd_quiet, "\"%s\" is one too many", argv[0]);
	if (args.boots && !str_to_ll(args.boots, 0, BOOTS_MAX, &q.boots))
		return cmd_usage(&cmd_quiet, "--boots is a number up to %d", BOOTS_MAX);
	if (args.parallel && !str_to_ll(args.parallel, 1, PARALLEL_MAX, &q.parallel))
		return cmd_usage(&cmd_quiet, "--parallel is a number from 1 to %d",
				 PARALLEL_MAX);
	if (args.config && strpbrk(args.config, ", \t"))
		return cmd_usage(&cmd_quiet, "one --config at a time");
	if (args.tree && args.image)
		return cmd_usage(&cmd_quiet, "either --tree or --image");
	if (args.base && args.image)
		return cmd_usage(&cmd_quiet, "either --base or --image");
	term_init(&q.term, stdout);
	rc = context_write(&q.cx, &args.common, "sluice quiet");
	if (rc != EXIT_OK)
		return rc;
	if (prepare(&q, &err) < 0)
		return tell(&err);
	return args.image ? measure_image(&q) : measure_trees(&q);
}
