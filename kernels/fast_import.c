#include "kernels/fast_import.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "kernels/gitcmd.h"
#include "kernels/stream.h"
#include "lib/cleanup.h"
#include "lib/str.h"

/* 2000-01-01: any date will do, as long as it stays. */
#define WHO "sluice <sluice@localhost> 946684800 +0000"

struct fast_import {
	struct stream child;
	FILE *out;
	uint64_t left; /* of the file being written */
	struct sigaction old_pipe;
};

/* A child that died must be an error here, not a signal. */
static void ignore_sigpipe(struct fast_import *fi)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	sigaction(SIGPIPE, &ignore, &fi->old_pipe);
}

/* Why the pipe broke is what the child said. */
static int broken(struct fast_import *fi, struct err *err)
{
	if (stream_end(&fi->child, err))
		return -1;
	return err_set(err, ERR_SYS, "git fast-import ended early");
}

static void put_path(struct fast_import *fi, const char *path)
{
	putc('"', fi->out);
	for (const char *p = path; *p; p++) {
		if (*p == '"' || *p == '\\')
			fprintf(fi->out, "\\%c", *p);
		else if (*p == '\n')
			fputs("\\n", fi->out);
		else
			putc(*p, fi->out);
	}
	putc('"', fi->out);
}

int fast_import_start(const char *git, const char *repo, const char *ref,
		      const char *message, struct fast_import **ret, struct err *err)
{
	AUTO_FREE char *git_dir = str_printf("--git-dir=%s", repo);
	/*
	 * Speed over size: level 1 and no deltas make 1.4 GB of source 20 %
	 * bigger and the import three times as fast, reading it too.
	 */
	char *argv[] = { (char *)git,   git_dir,   "-c",      "core.compression=1",
			 "fast-import", "--quiet", "--force", "--done",
			 "--depth=0",   NULL };
	AUTO_STRV char **env = gitcmd_env("/nonexistent");
	struct fast_import *fi = mem_alloc0(sizeof(*fi));

	ignore_sigpipe(fi);
	if (stream_start(&fi->child, STREAM_WRITE, argv, env, -1, err)) {
		fast_import_free(fi);
		return -1;
	}
	fi->out = fdopen(fi->child.fd, "w");
	fi->child.fd = -1;
	setvbuf(fi->out, NULL, _IOFBF, 256 * 1024);
	fprintf(fi->out, "commit %s\ncommitter %s\ndata %zu\n%s\ndeleteall\n", ref, WHO,
		strlen(message), message);
	*ret = fi;
	return 0;
}

int fast_import_file(struct fast_import *fi, const char *path, bool executable,
		     uint64_t size, struct err *err)
{
	fprintf(fi->out, "M %s inline ", executable ? "100755" : "100644");
	put_path(fi, path);
	fprintf(fi->out, "\ndata %llu\n", (unsigned long long)size);
	fi->left = size;
	if (!size)
		putc('\n', fi->out);
	return ferror(fi->out) ? broken(fi, err) : 0;
}

int fast_import_data(struct fast_import *fi, const char *data, size_t len,
		     struct err *err)
{
	if (len > fi->left)
		return err_set(err, ERR_INTERNAL, "more data than the file was to have");
	fwrite(data, 1, len, fi->out);
	fi->left -= len;
	if (!fi->left && len)
		putc('\n', fi->out);
	return ferror(fi->out) ? broken(fi, err) : 0;
}

int fast_import_symlink(struct fast_import *fi, const char *path, const char *target,
			struct err *err)
{
	fputs("M 120000 inline ", fi->out);
	put_path(fi, path);
	fprintf(fi->out, "\ndata %zu\n%s\n", strlen(target), target);
	return ferror(fi->out) ? broken(fi, err) : 0;
}

int fast_import_copy(struct fast_import *fi, const char *from, const char *to,
		     struct err *err)
{
	fputs("C ", fi->out);
	put_path(fi, from);
	putc(' ', fi->out);
	put_path(fi, to);
	putc('\n', fi->out);
	return ferror(fi->out) ? broken(fi, err) : 0;
}

int fast_import_end(struct fast_import *fi, struct err *err)
{
	if (fi->left)
		return err_set(err, ERR_INTERNAL, "a file is not complete");
	fputs("\ndone\n", fi->out);
	if (fflush(fi->out))
		return broken(fi, err);
	fclose(TAKE_PTR(fi->out));
	return stream_end(&fi->child, err);
}

void fast_import_free(struct fast_import *fi)
{
	if (!fi)
		return;
	if (fi->child.pid > 0)
		kill(fi->child.pid, SIGKILL);
	if (fi->out)
		fclose(fi->out);
	stream_done(&fi->child);
	sigaction(SIGPIPE, &fi->old_pipe, NULL);
	free(fi);
}
