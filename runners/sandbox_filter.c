#include "runners/sandbox_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cleanup.h"

/* Newer than the libseccomp of Debian 12; the same number everywhere. */
#define FCHMODAT2 452

/* Refused as if this kernel had never had them, so that callers fall back. */
static const int absent[] = {
	SCMP_SYS(io_uring_setup),
	SCMP_SYS(io_uring_enter),
	SCMP_SYS(io_uring_register),
	SCMP_SYS(clone3),
	SCMP_SYS(fsopen),
	SCMP_SYS(fsmount),
	SCMP_SYS(fsconfig),
	SCMP_SYS(fspick),
	SCMP_SYS(open_tree),
	SCMP_SYS(move_mount),
	SCMP_SYS(mount_setattr),
	SCMP_SYS(memfd_secret),
	SCMP_SYS(openat2),
	FCHMODAT2,
};

static const int refused[] = {
	SCMP_SYS(mount),
	SCMP_SYS(umount),
	SCMP_SYS(umount2),
	SCMP_SYS(pivot_root),
	SCMP_SYS(chroot),
	SCMP_SYS(unshare),
	SCMP_SYS(setns),
	SCMP_SYS(keyctl),
	SCMP_SYS(add_key),
	SCMP_SYS(request_key),
	SCMP_SYS(ptrace),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(pidfd_getfd),
	SCMP_SYS(kcmp),
	SCMP_SYS(userfaultfd),
	SCMP_SYS(bpf),
	SCMP_SYS(perf_event_open),
	SCMP_SYS(fanotify_init),
	SCMP_SYS(fanotify_mark),
	SCMP_SYS(open_by_handle_at),
	SCMP_SYS(name_to_handle_at),
	SCMP_SYS(init_module),
	SCMP_SYS(finit_module),
	SCMP_SYS(delete_module),
	SCMP_SYS(kexec_load),
	SCMP_SYS(kexec_file_load),
	SCMP_SYS(reboot),
	SCMP_SYS(swapon),
	SCMP_SYS(swapoff),
	SCMP_SYS(acct),
	SCMP_SYS(quotactl),
	SCMP_SYS(quotactl_fd),
	SCMP_SYS(syslog),
	SCMP_SYS(lookup_dcookie),
	SCMP_SYS(nfsservctl),
	SCMP_SYS(vhangup),
	SCMP_SYS(settimeofday),
	SCMP_SYS(clock_settime),
	SCMP_SYS(clock_adjtime),
	SCMP_SYS(adjtimex),
	SCMP_SYS(stime),
	SCMP_SYS(iopl),
	SCMP_SYS(ioperm),
	SCMP_SYS(modify_ldt),
	SCMP_SYS(sethostname),
	SCMP_SYS(setdomainname),
	SCMP_SYS(move_pages),
	SCMP_SYS(migrate_pages),
};

static int add_lists(scmp_filter_ctx f)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(absent) && r == 0; i++)
		r = seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), absent[i], 0);
	for (size_t i = 0; i < ARRAY_SIZE(refused) && r == 0; i++)
		r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), refused[i], 0);
	return r;
}

/*
 * Sockets: local ones and the two internet families, which end in the empty
 * network namespace. GT compares 64 bits, so high garbage does not get past.
 */
static int add_sockets(scmp_filter_ctx f)
{
	static const int calls[] = { SCMP_SYS(socket), SCMP_SYS(socketpair) };
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(calls) && r == 0; i++) {
		r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EAFNOSUPPORT), calls[i], 1,
				     SCMP_A0(SCMP_CMP_GT, AF_INET6));
		for (unsigned int fam = AF_INET + 1; fam < AF_INET6 && r == 0; fam++)
			r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EAFNOSUPPORT), calls[i], 1,
					     SCMP_A0(SCMP_CMP_EQ, fam));
	}
	return r;
}

/* Flags inside arguments: new user namespaces, input pushed into a terminal. */
static int add_arguments(scmp_filter_ctx f)
{
	int r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
				 SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_NEWUSER,
					 CLONE_NEWUSER));

	if (r == 0)
		r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
				     SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffu, TIOCSTI));
	if (r == 0)
		r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
				     SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffu, TIOCLINUX));
	return r;
}

/*
 * Files that run as their owner. Outside the sandbox, where a build's output
 * lies, one would be a door into the build user, or into the developer who runs
 * sluice, for any other account of this machine. What hides its mode in memory
 * (openat2) is absent instead: callers fall back.
 */
static int add_setuid(scmp_filter_ctx f)
{
	/* O_TMPFILE makes a file too, and holds O_DIRECTORY, which does not. */
	static const unsigned int makes[] = { O_CREAT, O_TMPFILE & ~O_DIRECTORY };
	static const unsigned int bits[] = { S_ISUID, S_ISGID };
	static const struct {
		int call;
		unsigned int mode, flags; /* which argument; 0: there are no flags */
	} calls[] = {
		{ SCMP_SYS(chmod), 1, 0 },    { SCMP_SYS(fchmod), 1, 0 },
		{ SCMP_SYS(fchmodat), 2, 0 }, { SCMP_SYS(creat), 1, 0 },
		{ SCMP_SYS(mkdir), 1, 0 },    { SCMP_SYS(mkdirat), 2, 0 },
		{ SCMP_SYS(mknod), 1, 0 },    { SCMP_SYS(mknodat), 2, 0 },
		{ SCMP_SYS(open), 2, 1 },     { SCMP_SYS(openat), 3, 2 },
	};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(calls) * 4 && r == 0; i++) {
		unsigned int bit = bits[i % 2], make = makes[i / 2 % 2];
		unsigned int mode = calls[i / 4].mode, flags = calls[i / 4].flags;
		const struct scmp_arg_cmp cmp[] = {
			SCMP_CMP(mode, SCMP_CMP_MASKED_EQ, bit, bit),
			SCMP_CMP(flags, SCMP_CMP_MASKED_EQ, make, make),
		};

		r = seccomp_rule_add_array(f, SCMP_ACT_ERRNO(EPERM), calls[i / 4].call,
					   flags ? 2 : 1, cmp);
	}
	return r;
}

int sandbox_filter(struct err *err)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
	AUTO_FD int fd = memfd_create("sluice-seccomp", MFD_CLOEXEC);
	int r;

	if (!f || fd < 0) {
		if (f)
			seccomp_release(f);
		return err_set(err, ERR_SYS, "seccomp filter: out of resources");
	}
	r = add_lists(f);
	if (r == 0)
		r = add_sockets(f);
	if (r == 0)
		r = add_arguments(f);
	if (r == 0)
		r = add_setuid(f);
	if (r == 0)
		r = seccomp_export_bpf(f, fd);
	seccomp_release(f);
	if (r < 0)
		return err_set(err, ERR_SYS, "seccomp filter: %s", strerrordesc_np(-r));
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(err, "seccomp filter");
	return TAKE_FD(fd);
}
