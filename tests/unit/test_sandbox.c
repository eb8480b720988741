#include "tests/unit/cm.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "lib/cleanup.h"
#include "lib/job.h"
#include "runners/sandbox.h"
#include "tests/unit/need_sandbox.h"
#include "tests/unit/unpriv.h"

static uid_t build_uid(void)
{
	return geteuid() ? geteuid() : UNPRIV_ID;
}

static gid_t build_gid(void)
{
	return geteuid() ? getegid() : UNPRIV_ID;
}

static void on_line(struct job *job, const char *line, size_t len, void *arg)
{
	(void)job;
	str_addn(arg, line, len);
	str_addc(arg, '\n');
}

struct outcome {
	struct str out;
	enum job_how how;
	int code;
};

/* Runs argv in the sandbox as job.c runs it; a limit keeps it from hanging. */
static void run_argv(struct sandbox_spec *spec, const char *const *argv,
		     struct outcome *o)
{
	struct job_opts opts = { .on_line = on_line,
				 .arg = &o->out,
				 .deadline_ms = 20000 };
	struct err err = { .msg = "" };
	struct sandbox *s;

	str_init(&o->out);
	spec->uid = build_uid();
	spec->gid = build_gid();
	if (sandbox_new(spec, argv, &s, &err) < 0)
		fail_msg("%s", err.msg);
	sandbox_job_opts(s, &opts);
	if (job_run(&opts, &o->how, &o->code, &err) < 0)
		fail_msg("%s", err.msg);
	sandbox_free(s);
}

static void expect(struct sandbox_spec *spec, const char *script, const char *want)
{
	const char *const argv[] = { "sh", "-c", script, NULL };
	struct outcome o;

	run_argv(spec, argv, &o);
	assert_string_equal(str_get(&o.out), want);
	assert_int_equal(o.how, JOB_EXITED);
	assert_int_equal(o.code, 0);
	str_done(&o.out);
}

static void probe_works(void **state)
{
	(void)state;
	need_sandbox();
}

static void refuses_root(void **state)
{
	struct sandbox_spec spec = { .uid = 0 };
	const char *const argv[] = { "true", NULL };
	struct sandbox *s = NULL;
	struct err err;

	(void)state;
	assert_int_equal(sandbox_check(0, &err), -1);
	assert_int_equal(sandbox_new(&spec, argv, &s, &err), -1);
	assert_null(s);
	assert_int_equal(sandbox_check(build_uid(), &err), 0);
	if (geteuid())
		assert_int_equal(sandbox_check(geteuid() + 1, &err), -1);
}

static void missing_bwrap_is_told(void **state)
{
	struct err err = { .msg = "" };

	(void)state;
	assert_int_equal(sandbox_probe("/nowhere/bwrap", build_uid(), build_gid(), &err),
			 -1);
	assert_int_equal(err.code, ERR_MISSING);
	assert_non_null(strstr(err.msg, "/nowhere/bwrap"));
}

static void closed_folder_is_named(void **state)
{
	AUTO_FREE char *closed = path_join(*state, "closed", NULL);
	AUTO_FREE char *inner = path_join(closed, "inner", NULL);
	AUTO_FREE char *link = path_join(*state, "link", NULL);
	struct err err;

	assert_int_equal(dir_make(inner, 0755, &err), 0);
	assert_int_equal(symlink(inner, link), 0);
	unpriv_own(*state);
	assert_int_equal(sandbox_reachable(inner, build_uid(), build_gid(), &err), 0);
	assert_int_equal(chmod(closed, geteuid() ? 0600 : 0700), 0);
	assert_int_equal(sandbox_reachable(closed, build_uid(), build_gid(), &err), 0);
	assert_int_equal(sandbox_reachable(inner, build_uid(), build_gid(), &err), -1);
	assert_non_null(strstr(err.msg, closed));
	assert_non_null(strstr(err.msg, geteuid() ? "0600" : "0700"));
	assert_int_equal(sandbox_reachable(link, build_uid(), build_gid(), &err), -1);
	assert_int_equal(chmod(closed, 0755), 0);
	assert_int_equal(
		sandbox_reachable("/nowhere/at/all", build_uid(), build_gid(), &err), -1);
	assert_int_equal(err.code, ERR_MISSING);
	assert_int_equal(sandbox_reachable("relative", build_uid(), build_gid(), &err),
			 -1);
}

static void files_and_folders(void **state)
{
	AUTO_FREE char *src = path_join(*state, "src", NULL);
	AUTO_FREE char *out = path_join(*state, "out", NULL);
	AUTO_FREE char *result = path_join(out, "made", NULL);
	const struct sandbox_bind binds[] = {
		{ .src = src, .dst = "/src" },
		{ .src = out, .dst = "/out", .rw = true },
		{ .src = "/nowhere/at/all", .dst = "/x", .optional = true },
	};
	struct sandbox_spec spec = { .binds = binds,
				     .nbinds = 3,
				     .tmp_size = 1 << 20,
				     .chdir = "/out" };
	struct err err;

	need_sandbox();
	unpriv_own(*state);
	assert_int_equal(dir_make(src, 0777, &err), 0);
	assert_int_equal(dir_make(out, 0777, &err), 0);
	assert_int_equal(chmod(src, 0777) | chmod(out, 0777), 0);
	expect(&spec,
	       "pwd; id -u | grep -q '^0$' && echo root;"
	       "for f in /src/x /x /usr/x /etc/x /proc/sys/kernel/core_pattern /dev/x /home/x; do"
	       "  (echo 1 >$f) 2>/dev/null && echo wrote $f; done;"
	       "echo 1 >/out/made && echo 1 >/tmp/x && echo fine;"
	       "head -c 2000000 /dev/zero >/tmp/big 2>/dev/null || echo full; "
	       "ls / | grep -vxE 'bin|dev|etc|lib[0-9x]*|out|proc|sbin|src|tmp|usr|nix|gnu'; exit 0",
	       "/out\nfine\nfull\n");
	assert_true(path_exists(result));
}

static void environment_is_empty(void **state)
{
	static const char *const env[] = { "FOO=bar=baz", NULL };
	struct sandbox_spec spec = { .env = env, .hostname = "box" };

	(void)state;
	need_sandbox();
	setenv("SECRET", "42", 1);
	expect(&spec, "env -u _ -u SHLVL -u PWD -u OLDPWD | sort; uname -n",
	       "FOO=bar=baz\nHOME=/tmp\nLC_ALL=C\n"
	       "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nbox\n");
}

static void no_network(void **state)
{
	struct sandbox_spec spec = { .uid = 0 };

	(void)state;
	need_sandbox();
	expect(&spec, "tail -n +3 /proc/net/dev | tr -d ' ' | cut -d: -f1", "lo\n");
}

/* Descriptor 3 is what we pass, and nothing but it is there. */
static void descriptors(void **state)
{
	AUTO_FREE char *path = path_join(*state, "f", NULL);
	AUTO_FD int leak = open("/dev/null", O_RDONLY);
	AUTO_FD int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	struct sandbox_spec spec = { .fds = &fd, .nfds = 1 };
	char buf[8] = "";

	need_sandbox();
	assert_true(leak >= 0 && fd >= 0);
	/* 255 is where bash as sh keeps its script; ls opens one itself. */
	expect(&spec, "echo hi >&3; ls /proc/self/fd | grep -v 255 | tr '\\n' ' '; echo",
	       "0 1 2 3 4 \n");
	assert_int_equal(pread(fd, buf, 7, 0), 3);
	assert_string_equal(buf, "hi\n");
}

/* The program that tries system calls is this one, called with a word. */
static void blocked_calls(void **state)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	struct sandbox_bind bind = { .src = self, .dst = "/try" };
	struct sandbox_spec spec = { .binds = &bind, .nbinds = 1 };
	const char *const argv[] = { "/try", "try-calls", NULL };
	struct outcome o;
	struct err err;

	(void)state;
	need_sandbox();
	assert_true(n > 0);
	self[n] = '\0';
	if (sandbox_reachable(self, build_uid(), build_gid(), &err) < 0)
		skip();
	run_argv(&spec, argv, &o);
	assert_string_equal(str_get(&o.out), "");
	assert_int_equal(o.code, 0);
	str_done(&o.out);
}

/* A compiler, make and git must still work. */
static void tools_work(void **state)
{
	struct sandbox_spec spec = { .chdir = "/tmp" };

	(void)state;
	need_sandbox();
	expect(&spec,
	       "printf 'int main(void){return 0;}\\n' >a.c;"
	       "printf 'all: a b\\na: a.c; @gcc -o a a.c\\nb: a.c; @gcc -c -o b a.c\\n' >Makefile;"
	       "make -s -j2 && ./a && git init -q r && git -C r add -A && echo ok",
	       "ok\n");
}

int try_calls(void);

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(probe_works),
		cmocka_unit_test(refuses_root),
		cmocka_unit_test(missing_bwrap_is_told),
		tmpdir_test(closed_folder_is_named),
		tmpdir_test(files_and_folders),
		cmocka_unit_test(environment_is_empty),
		cmocka_unit_test(no_network),
		tmpdir_test(descriptors),
		cmocka_unit_test(blocked_calls),
		cmocka_unit_test(tools_work),
	};

	if (argc == 2 && strcmp(argv[1], "try-calls") == 0)
		_exit(try_calls()); /* a leak checker would want ptrace */
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>

static int bad;

static void refused(const char *what, long r, int want)
{
	if (r >= 0 || errno != want) {
		printf("%s: %ld, %s\n", what, r, r < 0 ? strerror(errno) : "no error");
		bad = 1;
	}
}

static void allowed(const char *what, long r)
{
	if (r < 0) {
		printf("%s: %s\n", what, strerror(errno));
		bad = 1;
	}
}

/* Runs inside the sandbox; prints what is not as it should be. */
int try_calls(void)
{
	static const int families[] = { AF_NETLINK, AF_PACKET,    AF_VSOCK,
					AF_ALG,     AF_BLUETOOTH, AF_CAN,
					AF_AX25,    AF_X25,       AF_KEY };

	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		char name[32];

		snprintf(name, sizeof(name), "socket %d", families[i]);
		refused(name, socket(families[i], SOCK_DGRAM, 0), EAFNOSUPPORT);
	}
	refused("socket with high bits",
		syscall(SYS_socket, 0x100000000UL | AF_NETLINK, SOCK_RAW, 0),
		EAFNOSUPPORT);
	allowed("unix socket", socket(AF_UNIX, SOCK_STREAM, 0));
	allowed("inet socket", socket(AF_INET, SOCK_STREAM, 0));
	refused("keyctl", syscall(SYS_keyctl, 0, 0, 0), EPERM);
	refused("bpf", syscall(SYS_bpf, 0, NULL, 0), EPERM);
	refused("userfaultfd", syscall(SYS_userfaultfd, 0), EPERM);
	refused("perf", syscall(SYS_perf_event_open, NULL, 0, 0, 0, 0), EPERM);
	refused("ptrace", ptrace(PTRACE_TRACEME, 0, NULL, NULL), EPERM);
	refused("mount", mount("none", "/tmp", "tmpfs", 0, NULL), EPERM);
	refused("unshare", unshare(CLONE_NEWUSER), EPERM);
	refused("io_uring", syscall(SYS_io_uring_setup, 1, NULL), ENOSYS);
	refused("clone3", syscall(SYS_clone3, NULL, 0), ENOSYS);
	refused("clone in a user namespace",
		syscall(SYS_clone, CLONE_NEWUSER | 17, NULL, NULL, NULL, 0), EPERM);
	allowed("an executable file", open("/tmp/x", O_WRONLY | O_CREAT, 0755));
	allowed("open with a stray mode",
		syscall(SYS_openat, AT_FDCWD, "/tmp/x", O_RDONLY, 04755));
	refused("setuid by chmod", chmod("/tmp/x", 04755), EPERM);
	refused("setgid by chmod", chmod("/tmp/x", 02755), EPERM);
	refused("setuid by fchmodat", fchmodat(AT_FDCWD, "/tmp/x", 04700, 0), EPERM);
	refused("setuid by fchmodat2",
		syscall(452, AT_FDCWD, "/tmp/x", 04700, AT_SYMLINK_NOFOLLOW), ENOSYS);
	refused("setuid by open", open("/tmp/s", O_WRONLY | O_CREAT, 04755), EPERM);
	refused("setuid by creat", syscall(SYS_creat, "/tmp/s", 04755), EPERM);
	refused("setuid without a name", open("/tmp", O_WRONLY | O_TMPFILE, 04755),
		EPERM);
	refused("setuid by mknod", mknod("/tmp/s", S_IFREG | 04755, 0), EPERM);
	refused("setgid by mkdir", mkdir("/tmp/d", 02755), EPERM);
	refused("openat2", syscall(SYS_openat2, AT_FDCWD, "/tmp/x", NULL, 0), ENOSYS);
	refused("push input into a terminal", ioctl(0, TIOCSTI, "x"), EPERM);
	fflush(stdout);
	return bad;
}
