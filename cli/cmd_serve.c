#include <stdio.h>
#include <string.h>

#include "cli/client.h"
#include "cli/cmd.h"
#include "cli/context.h"
#include "cli/repro.h"
#include "daemon/queue_order.h"
#include "lib/file.h"
#include "lib/log.h"
#include "web/server.h"

#define RERUN_MS 3000

struct serve_args {
	struct cmd_common common;
	const char *listen;
};

static const struct cmd_opt opts[] = {
	{ "listen", 'l', "ADDR:PORT", "numeric address; port 0 picks a free one",
	  offsetof(struct serve_args, listen) },
	CMD_OPTS_COMMON,
	{ 0 },
};

static int run_serve(int argc, char **argv);

const struct cmd cmd_serve = {
	.name = "serve",
	.synopsis = "",
	.help = "Serve the results as web pages and JSON until Ctrl-C",
	.detail =
		"Reads only, and may run beside \"sluice test\". Prints its URL once it listens.\n"
		"/queue, /postings and /sources show what a daemon is at, where there is one.\n",
	.opts = opts,
	.run = run_serve,
};

struct serve {
	struct context cx;
	char *artifacts, *db_path;
};

static void on_ready(const char *url, void *arg)
{
	(void)arg;
	printf("%s\n", url);
	fflush(stdout);
}

static int repro_of(struct db *db, int64_t run, char **ret_text, void *arg,
		    struct err *err)
{
	struct serve *s = arg;
	struct repro_from from = {
		.db = db,
		.config = s->cx.config,
		.state_dir = s->cx.dir,
	};
	struct boot boot = { 0 };
	int found = boot_find(db, run, &boot, err);

	if (found > 0 && artifact_store_new(s->artifacts, db, &from.artifacts, err) < 0)
		found = -1;
	if (found > 0 && repro_script(&from, &boot, ret_text, err) < 0)
		found = err->code == ERR_MISSING ? 0 : -1;
	artifact_store_free(from.artifacts);
	boot_done(&boot);
	return found;
}

/* The daemon answers at once, or not at all: the pages wait meanwhile. */
static int rerun(int64_t job, void *arg, struct err *err)
{
	struct serve *s = arg;
	AUTO_JSON struct json_object *answer = NULL;
	struct client *c = NULL;
	int r = client_connect(s->cx.dir, &c, err);

	if (r == 0)
		return err_set(err, ERR_MISSING, "No daemon runs that could do it");
	if (r < 0)
		return -1;
	r = client_send(c, client_op("rerun", job), -1, err);
	if (r == 0)
		r = client_read(c, RERUN_MS, -1, &answer, err);
	client_free(c);
	if (r == 0)
		return err_set(err, ERR_BUSY, "The daemon does not answer");
	if (r < 0)
		return -1;
	if (json_str(answer, "error", NULL))
		return err_set(err, ERR_INPUT, "%s", json_str(answer, "error", ""));
	return 0;
}

/* "127.0.0.1:8470", "[::1]:0" */
static bool split_listen(char *text, const char **ret_addr, uint16_t *ret_port)
{
	char *colon = strrchr(text, ':');
	size_t len;
	long long port;

	if (!colon || colon == text || !str_to_ll(colon + 1, 0, 65535, &port))
		return false;
	*colon = '\0';
	len = strlen(text);
	if (text[0] == '[' && text[len - 1] == ']') {
		text[len - 1] = '\0';
		text++;
	}
	*ret_addr = text;
	*ret_port = (uint16_t)port;
	return true;
}

static int serve(struct serve *s, const char *listen)
{
	AUTO_FREE char *text = str_dup(listen ? listen : s->cx.config->listen);
	struct web_opts web = {
		.db_path = s->db_path,
		.artifacts = s->artifacts,
		.on_ready = on_ready,
		.repro = repro_of,
		.queue_order = queue_order,
		.rerun = strcmp(s->cx.config->web_rerun, "yes") == 0 ? rerun : NULL,
		.arg = s,
	};
	struct err err = { 0 };

	if (!split_listen(text, &web.listen, &web.port))
		return cmd_usage(&cmd_serve,
				 "--listen wants ADDR:PORT, as in 127.0.0.1:8470");
	if (web_serve(&web, &err) == 0)
		return EXIT_OK;
	log_error("%s", err.msg);
	return EXIT_INFRA;
}

static int run_serve(int argc, char **argv)
{
	struct serve_args args = { 0 };
	struct serve s = { .cx = CONTEXT_INIT };
	int rc;

	if (!cmd_parse(&cmd_serve, &argc, &argv, &args, &rc))
		return rc;
	if (argc > 0)
		return cmd_usage(&cmd_serve, "takes no operands");
	rc = context_config(&s.cx, &args.common);
	if (rc == EXIT_OK) {
		s.db_path = path_join(s.cx.dir, "sluice.db", NULL);
		s.artifacts = path_join(s.cx.dir, "artifacts", NULL);
		rc = serve(&s, args.listen);
	}
	free(s.db_path);
	free(s.artifacts);
	context_done(&s.cx);
	return rc;
}
