#include "runners/qemu_argv.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <systemd/sd-event.h>

#include "lib/cleanup.h"
#include "lib/job.h"
#include "lib/str.h"

#define KVM_NODE "/dev/kvm"
/*
 * A kernel that is told of fast string instructions clears, copies and sets memory by
 * "rep stosb" and "rep movsb", which TCG does byte by byte: a page that is touched takes
 * several times as long then.
 */
#define TCG_CPU "max,-erms,-fsrm"

const char *accel_str(enum accel a)
{
	return a == ACCEL_KVM ? "kvm" : "tcg";
}

struct args {
	char **v;
	size_t n;
};

static void arg_take(struct args *a, char *text)
{
	a->v = mem_realloc(a->v, a->n + 2, sizeof(*a->v));
	a->v[a->n++] = text;
	a->v[a->n] = NULL;
}

static void arg(struct args *a, const char *text)
{
	arg_take(a, str_dup(text));
}

static void arg_list(struct args *a, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		arg(a, list[i]);
}

static void add_machine(struct args *a, const struct qemu_opts *o)
{
	static const char *const bare[] = { "-nodefaults", "-no-user-config", "-display",
					    "none", "-no-reboot" };
	bool kvm = o->accel == ACCEL_KVM;
	char **topology = topology_to_argv(o->topology);

	arg_list(a, bare, ARRAY_SIZE(bare));
	arg(a, "-machine");
	arg(a, "q35");
	arg(a, "-accel");
	arg(a, kvm ? "kvm" : "tcg,thread=multi");
	arg(a, "-cpu");
	arg(a, kvm ? "host" : TCG_CPU);
	for (char **t = topology; *t; t++)
		arg(a, *t);
	strv_free(topology);
}

/* What tells one death from another; see runners/boot_judge.h. */
static void add_detectors(struct args *a)
{
	static const char *const list[] = {
		"-device",
		"pvpanic-pci",
		"-device",
		"i6300esb",
		"-action",
		"reboot=shutdown,shutdown=poweroff,panic=shutdown,watchdog=poweroff",
	};

	arg_list(a, list, ARRAY_SIZE(list));
}

static void add_ports(struct args *a)
{
	static const char *const list[] = {
		"-sandbox",
		"on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
		"-chardev",
		"socket,id=console,fd=3",
		"-serial",
		"chardev:console",
		"-chardev",
		"socket,id=port,fd=4",
		"-serial",
		"chardev:port",
		"-chardev",
		"socket,id=qmp,fd=5",
		"-mon",
		"chardev=qmp,mode=control",
	};

	arg_list(a, list, ARRAY_SIZE(list));
}

char **qemu_argv(const struct qemu_opts *o)
{
	struct args a = { .v = NULL };

	arg(&a, o->qemu ? o->qemu : "qemu-system-x86_64");
	add_machine(&a, o);
	add_detectors(&a);
	if (o->manual) {
		arg(&a, "-serial");
		arg(&a, "stdio");
	} else {
		add_ports(&a);
	}
	arg(&a, "-kernel");
	arg(&a, o->image);
	arg(&a, "-initrd");
	arg(&a, o->initramfs);
	arg(&a, "-append");
	arg(&a, o->cmdline);
	return a.v;
}

char *qemu_cmdline(const struct topology *t, const char *extra)
{
	struct str s = STR_INIT;

	/*
	 * panic=-1: a panic before the pvpanic driver is there ends as a reset
	 * and not as a silent loop. Later ones are told by pvpanic itself.
	 * tsc=unstable: under TCG on a busy host the kernel calibrates the TSC
	 * wrongly, and a guest whose clock runs too fast cuts its tests short.
	 * The HPET is the host's clock; KVM's own clock is not touched by it.
	 */
	str_add(&s, "console=ttyS0,115200 ignore_loglevel panic=-1 nokaslr tsc=unstable");
	if (t->cmdline[0])
		str_addf(&s, " %s", t->cmdline);
	if (extra && extra[0])
		str_addf(&s, " %s", extra);
	return str_take(&s);
}

static bool mode_allows(const struct stat *st, uid_t uid, gid_t gid)
{
	mode_t want = st->st_uid == uid ? 0600 : st->st_gid == gid ? 0060 : 0006;

	return (st->st_mode & want) == want;
}

static int kvm_usable(uid_t uid, gid_t gid, struct err *err)
{
	struct stat st;
	AUTO_FD int kvm = -1;
	AUTO_FD int vm = -1;

	if (stat(KVM_NODE, &st) < 0)
		return err_sys(err, "%s", KVM_NODE);
	if (uid != geteuid() && !mode_allows(&st, uid, gid))
		return err_set(err, ERR_MISSING, "%s: not open to uid %u (mode %04o)",
			       KVM_NODE, (unsigned int)uid,
			       (unsigned int)(st.st_mode & 07777));
	kvm = open(KVM_NODE, O_RDWR | O_CLOEXEC);
	if (kvm < 0)
		return err_sys(err, "%s", KVM_NODE);
	vm = ioctl(kvm, KVM_CREATE_VM, 0);
	if (vm < 0)
		return err_sys(err, "%s: no virtual machine", KVM_NODE);
	return 0;
}

int accel_pick(const char *want, uid_t uid, gid_t gid, enum accel *ret_accel,
	       struct err *err)
{
	bool forced = strcmp(want, "kvm") == 0;

	if (!forced && strcmp(want, "auto") && strcmp(want, "tcg"))
		return err_set(err, ERR_INPUT, "accel \"%s\": auto, kvm or tcg", want);
	if (strcmp(want, "tcg") == 0) {
		*ret_accel = ACCEL_TCG;
		return 0;
	}
	if (kvm_usable(uid, gid, err) == 0)
		*ret_accel = ACCEL_KVM;
	else if (forced)
		return -1;
	else
		*ret_accel = ACCEL_TCG;
	return 0;
}

struct version_run {
	sd_event *event;
	char *line;
	bool ok;
};

static void version_line(struct job *job, const char *line, size_t len, void *p)
{
	struct version_run *v = p;

	(void)job;
	if (!v->line)
		v->line = str_ndup(line, len);
}

static void version_done(struct job *job, enum job_how how, int code, void *p)
{
	struct version_run *v = p;

	(void)job;
	v->ok = how == JOB_EXITED && code == 0;
	sd_event_exit(v->event, 0);
}

int qemu_version(const char *qemu, char **ret_version, struct err *err)
{
	static const char prefix[] = "QEMU emulator version ";
	char *const argv[] = { (char *)(qemu ? qemu : "qemu-system-x86_64"),
			       (char *)"--version", NULL };
	struct version_run v = { .ok = false };
	struct job_opts opts = { .argv = argv,
				 .deadline_ms = 10000,
				 .on_line = version_line,
				 .on_done = version_done,
				 .arg = &v };
	struct job *job;
	AUTO_FREE char *line = NULL;
	int r = sd_event_new(&v.event);

	if (r < 0)
		return err_set(err, ERR_SYS, "event loop: %s", strerror(-r));
	r = job_start(v.event, &opts, &job, err);
	if (r == 0)
		sd_event_loop(v.event);
	sd_event_unref(v.event);
	line = v.line;
	if (r < 0)
		return -1;
	if (!v.ok || !line)
		return err_set(err, ERR_SYS, "%s --version failed", argv[0]);
	*ret_version = str_dup(str_starts(line, prefix) ? line + strlen(prefix) : line);
	return 0;
}
