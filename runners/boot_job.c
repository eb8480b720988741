#include "runners/boot_job.h"

#include <ctype.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/str.h"
#include "runners/boot_tests.h"
#include "runners/frame.h"

#define BOOT_DEADLINE_MS (60 * 1000)
#define DEADLINE_MS (600 * 1000)
#define SLOWDOWN_MAX 100
#define CONSOLE_MAX (16 << 20)
#define EVENTS_MAX 10000

static bool nonce_ok(const char *s)
{
	if (strlen(s) != FRAME_NONCE_LEN)
		return false;
	for (; *s; s++)
		if (!isxdigit((unsigned char)*s))
			return false;
	return true;
}

static int read_path(struct json_object *o, const char *key, char **ret, struct err *err)
{
	const char *path = json_str(o, key, "");

	if (path[0] != '/')
		return err_set(err, ERR_INPUT, "job: %s must be an absolute path", key);
	if (!path_exists(path))
		return err_set(err, ERR_MISSING, "%s: not there", path);
	*ret = str_dup(path);
	return 0;
}

static int read_program(struct json_object *o, const char *key, const char *def,
			char **ret, struct err *err)
{
	const char *name = json_str(o, key, def);

	*ret = program_find(name);
	if (!*ret)
		return err_set(err, ERR_MISSING, "%s: no such program", name);
	return 0;
}

static int read_limit(struct json_object *o, const char *key, long long def,
		      long long max, uint64_t *ret, struct err *err)
{
	long long v = json_int(o, key, def);

	if (v <= 0 || v > max)
		return err_set(err, ERR_INPUT, "job: %s is %lld", key, v);
	*ret = (uint64_t)v;
	return 0;
}

static int read_limits(struct json_object *o, struct boot_job *j, struct err *err)
{
	if (read_limit(o, "boot_deadline_ms", BOOT_DEADLINE_MS, BOOT_DEADLINE_MAX_MS,
		       &j->boot_deadline_ms, err) < 0 ||
	    read_limit(o, "deadline_ms", DEADLINE_MS, BOOT_DEADLINE_MAX_MS,
		       &j->deadline_ms, err) < 0 ||
	    read_limit(o, "slowdown", 1, SLOWDOWN_MAX, &j->slowdown, err) < 0 ||
	    read_limit(o, "console_max", CONSOLE_MAX, 1LL << 40, &j->console_max, err) <
		    0)
		return -1;
	return read_limit(o, "events_max", EVENTS_MAX, 1LL << 40, &j->events_max, err);
}

static int read_all(struct json_object *o, struct boot_job *j, struct err *err)
{
	j->nonce = str_dup(json_str(o, "nonce", ""));
	if (!nonce_ok(j->nonce))
		return err_set(err, ERR_INPUT, "job: nonce must be %d hex digits",
			       FRAME_NONCE_LEN);
	if (read_path(o, "image", &j->image, err) < 0 ||
	    read_path(o, "initramfs", &j->initramfs, err) < 0 ||
	    read_program(o, "qemu", "qemu-system-x86_64", &j->qemu, err) < 0 ||
	    read_program(o, "bwrap", "bwrap", &j->bwrap, err) < 0 ||
	    read_limits(o, j, err) < 0)
		return -1;
	if (topology_parse("topology", json_str(o, "topology_name", "unnamed"),
			   json_str(o, "topology", ""), &j->topology, err) < 0)
		return -1;
	if (accel_pick(json_str(o, "accel", "auto"), geteuid(), getegid(), &j->accel,
		       err) < 0)
		return -1;
	j->cmdline = qemu_cmdline(j->topology, json_str(o, "cmdline_extra", NULL));
	return qemu_version(j->qemu, &j->qemu_version, err);
}

int boot_job_read(struct json_object *o, struct boot_job **ret_job, struct err *err)
{
	struct boot_job *j = mem_alloc0(sizeof(*j));
	struct qemu_opts opts;

	if (read_all(o, j, err) < 0) {
		boot_job_free(j);
		return -1;
	}
	opts = (struct qemu_opts){
		.qemu = j->qemu,
		.image = j->image,
		.initramfs = j->initramfs,
		.topology = j->topology,
		.accel = j->accel,
		.cmdline = j->cmdline,
	};
	j->argv = qemu_argv(&opts);
	*ret_job = j;
	return 0;
}

void boot_job_free(struct boot_job *j)
{
	if (!j)
		return;
	free(j->image);
	free(j->initramfs);
	free(j->qemu);
	free(j->bwrap);
	free(j->nonce);
	free(j->cmdline);
	free(j->qemu_version);
	topology_free(j->topology);
	strv_free(j->argv);
	free(j);
}

/*
 * Paths are the same inside as outside, so that the argument vector that is
 * shown is the one that ran. A QEMU outside /usr brings its own data folder.
 */
int boot_job_sandbox(const struct boot_job *j, const int fds[3],
		     struct sandbox **ret_sandbox, struct err *err)
{
	AUTO_FREE char *copy = str_dup(j->qemu);
	AUTO_FREE char *share = str_printf("%s/../share/qemu", dirname(copy));
	AUTO_FREE char *share_real = realpath(share, NULL);
	struct sandbox_bind binds[5];
	size_t n = 0;
	struct sandbox_spec spec = { .bwrap = j->bwrap,
				     .uid = geteuid(),
				     .gid = getegid(),
				     .binds = binds,
				     .fds = fds,
				     .nfds = 3 };

	binds[n++] = (struct sandbox_bind){ .src = j->image, .dst = j->image };
	binds[n++] = (struct sandbox_bind){ .src = j->initramfs, .dst = j->initramfs };
	if (!str_starts(j->qemu, "/usr/") && !str_starts(j->qemu, "/bin/")) {
		binds[n++] = (struct sandbox_bind){ .src = j->qemu, .dst = j->qemu };
		if (share_real)
			binds[n++] = (struct sandbox_bind){ .src = share_real,
							    .dst = share_real };
	}
	if (j->accel == ACCEL_KVM)
		binds[n++] = (struct sandbox_bind){ .src = "/dev/kvm",
						    .dst = "/dev/kvm",
						    .dev = true };
	spec.nbinds = n;
	return sandbox_new(&spec, (const char *const *)j->argv, ret_sandbox, err);
}
