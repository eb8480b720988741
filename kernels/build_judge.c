#include "kernels/build_judge.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include "lib/cleanup.h"
#include "lib/str.h"

#define TMPFS_MAGIC_NUMBER 0x01021994
/* Less than this free counts as a full disk. */
#define NEARLY_FULL (256ULL << 20)

const char *build_word(enum build_outcome s)
{
	static const char *const names[] = {
		[BUILD_OK] = "ok",       [BUILD_FAIL] = "fail",
		[BUILD_LIMIT] = "fail",  [BUILD_TIMEOUT] = "timeout",
		[BUILD_INFRA] = "infra",
	};

	return (size_t)s < ARRAY_SIZE(names) ? names[s] : "infra";
}

/* "512 MiB", for messages. */
static char *bytes_text(uint64_t n)
{
	if (n >= 10ULL << 30)
		return str_printf("%llu GiB", (unsigned long long)(n >> 30));
	if (n >= 10ULL << 20)
		return str_printf("%llu MiB", (unsigned long long)(n >> 20));
	return str_printf("%llu KiB", (unsigned long long)(n >> 10));
}

static char *over_limit(const char *what, uint64_t limit)
{
	AUTO_FREE char *size = bytes_text(limit);

	return str_printf("%s over the limit of %s", what, size);
}

static char *error_reason(const struct build_end *e)
{
	const struct buildlog_error *error = buildlog_error(e->log);

	if (!error)
		return str_printf("make ended with %d and named no error", e->code);
	if (error->file && error->line)
		return str_printf("%s:%d: %s", error->file, error->line, error->text);
	if (error->file)
		return str_printf("%s: %s", error->file, error->text);
	return str_dup(error->text);
}

/* Whether evidence explains the end, or the source's own error came first. */
static bool evidence_counts(const struct build_end *e, unsigned bit)
{
	const struct buildlog_error *error = buildlog_error(e->log);

	if (!(buildlog_evidence(e->log) & bit))
		return false;
	if (!error || error->kind == BUILDLOG_TOOL || error->kind == BUILDLOG_MAKE)
		return true;
	return strstr(buildlog_evidence_line(e->log, bit), error->text) != NULL;
}

/*
 * A full disk is ours; a full file system that is no larger than what a patch
 * may fill, or the sandbox's sized /tmp, is a limit.
 */
static enum build_outcome judge_no_space(const struct build_end *e, char **ret_reason)
{
	const char *tmp = getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";
	const char *line = buildlog_evidence_line(e->log, BUILDLOG_NOSPC);
	struct statvfs v;
	struct statfs t;

	if (statvfs(e->out, &v) == 0) {
		unsigned long long size = (unsigned long long)v.f_blocks * v.f_frsize;
		unsigned long long avail = (unsigned long long)v.f_bavail * v.f_frsize;
		bool full = avail < NEARLY_FULL || (v.f_files && v.f_favail < 1000);

		if (full && e->limits->out_max && size <= e->limits->out_max) {
			*ret_reason = over_limit("the output grew", size);
			return BUILD_LIMIT;
		}
		if (!full && statfs(tmp, &t) == 0 && t.f_type == TMPFS_MAGIC_NUMBER) {
			*ret_reason =
				str_printf("the build filled its %s: %s", tmp, line);
			return BUILD_LIMIT;
		}
	}
	*ret_reason = str_printf("the disk is full: %s", line);
	return BUILD_INFRA;
}

/* The same words come from a process at its limit and from a machine without
 * memory: only what was really used tells them apart. */
static enum build_outcome judge_memory(const struct build_end *e, char **ret_reason)
{
	if (!e->limits->memory_max || e->peak_memory < e->limits->memory_max / 2) {
		*ret_reason = str_printf("this machine is out of memory: %s",
					 buildlog_evidence_line(e->log, BUILDLOG_NOMEM));
		return BUILD_INFRA;
	}
	*ret_reason = over_limit("out of memory: a process of the build went",
				 e->limits->memory_max);
	return BUILD_LIMIT;
}

static enum build_outcome judge_exit(const struct build_end *e, char **ret_reason)
{
	if (e->code == 0) {
		*ret_reason = str_dup("");
		return BUILD_OK;
	}
	if (evidence_counts(e, BUILDLOG_NOSPC))
		return judge_no_space(e, ret_reason);
	if (evidence_counts(e, BUILDLOG_NOMEM))
		return judge_memory(e, ret_reason);
	if (evidence_counts(e, BUILDLOG_FBIG)) {
		*ret_reason = over_limit("a file of the build grew", e->limits->out_max);
		return BUILD_LIMIT;
	}
	if (evidence_counts(e, BUILDLOG_KILLED)) {
		*ret_reason = str_dup("a compiler was killed from outside, probably "
				      "because this machine ran out of memory");
		return BUILD_INFRA;
	}
	for (unsigned bit = BUILDLOG_NOPROC; bit <= BUILDLOG_IO; bit <<= 1)
		if (evidence_counts(e, bit)) {
			*ret_reason = str_dup(buildlog_evidence_line(e->log, bit));
			return BUILD_INFRA;
		}
	*ret_reason = error_reason(e);
	return BUILD_FAIL;
}

/* Nobody but the system and its users sends these. */
static bool signal_from_outside(int sig)
{
	return sig == SIGKILL || sig == SIGTERM || sig == SIGINT || sig == SIGHUP ||
	       sig == SIGQUIT || sig == SIGPIPE;
}

enum build_outcome build_judge(const struct build_end *e, char **ret_reason)
{
	switch (e->how) {
	case MAKE_EXITED:
		return judge_exit(e, ret_reason);
	case MAKE_SIGNALED:
		*ret_reason = str_printf("make was ended by signal %d (%s)", e->code,
					 strsignal(e->code));
		return signal_from_outside(e->code) ? BUILD_INFRA : BUILD_FAIL;
	case MAKE_TIMEOUT:
		*ret_reason =
			str_printf("no end within %llu s",
				   (unsigned long long)((e->timeout_ms + 999) / 1000));
		return BUILD_TIMEOUT;
	case MAKE_FLOODED:
		*ret_reason = over_limit("make wrote output", e->limits->output_max);
		return BUILD_LIMIT;
	case MAKE_FILLED:
		*ret_reason = over_limit("the output folder grew", e->limits->out_max);
		return BUILD_LIMIT;
	case MAKE_HOGGED:
		*ret_reason = over_limit("out of memory: the build's processes "
					 "together went",
					 e->limits->memory_total);
		return BUILD_LIMIT;
	case MAKE_BROKEN:
		break;
	}
	*ret_reason = str_dup("the output of make could not be stored");
	return BUILD_INFRA;
}
