/*
 * Stands in for qemu-system-x86_64 in tests on a toy tree: speaks QMP, console
 * and result port on the descriptors that the boot role gives it, plays a guest
 * that runs its plan, and misbehaves on order. Orders are lines in the -kernel
 * file or the programs in the -initrd, found anywhere in them, or at the end of this
 * program itself, the later one winning:
 *
 *   stub: test PROGRAM/CASE RESULT [nodes N]
 *         RESULT: pass fail skip timeout crash splat hang panic reset poweroff
 *         unclean (leaves what cannot be undone; the guest does not power off)
 *         dies (is killed by a signal; the guest panics before the next)
 *         or flaky-P (fails in P of 100 boots, by the nonce)
 *   stub: boot WHAT [nodes N]
 *         WHAT: ok panic hang watchdog reset poweroff flood qmpflood die badqmp
 *         noend forge noise warn refuse
 *   stub: sleep-ms N          before the guest speaks
 *   stub: test-sleep-ms N     in each test
 *
 * "nodes N": only on a topology of N nodes.
 *
 * Started by hand (sluice repro: -serial stdio, a plan on the kernel command
 * line) it prints what the guest's init would print there.
 */
#include <ctype.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define IMAGE_MAX (64u << 20)
#define OWN_END 128 /* bytes */
#define TESTS_MAX 512
#define PLAN_MAX 65536
#define CMDLINE_MAX 2048

struct plan {
	char text[PLAN_MAX];
	char nonce[65];
	unsigned int n;
	char *lines[TESTS_MAX]; /* "idx deadline argv0 arg..." */
};

static struct {
	int console, port, qmp;
	const char *kernel, *initrd;
	unsigned int nodes;
	char *image;
	size_t size;
	unsigned long seq;
	struct plan plan;
} vm = { .console = -1, .port = -1, .qmp = -1 };

static void put(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n <= 0)
			exit(1);
		data += n;
		len -= (size_t)n;
	}
}

static void say(int fd, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void say(int fd, const char *fmt, ...)
{
	char buf[8192];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	put(fd, buf, n < (int)sizeof(buf) ? (size_t)n : sizeof(buf) - 1);
}

static void sleep_ms(long ms)
{
	struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&ts, NULL);
}

static void printk(const char *text)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	say(vm.console, "[%5ld.%06ld] %s\r\n", (long)ts.tv_sec % 1000, ts.tv_nsec / 1000,
	    text);
}

static uint32_t crc32_of(const char *p, size_t len)
{
	uint32_t crc = 0xffffffff;

	while (len--) {
		crc ^= (unsigned char)*p++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

static void frame(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void frame(const char *fmt, ...)
{
	char payload[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(payload, sizeof(payload), fmt, ap);
	va_end(ap);
	say(vm.port, "@%s %lu %zu %08x %s\n", vm.plan.nonce, vm.seq++, strlen(payload),
	    crc32_of(payload, strlen(payload)), payload);
}

static void event(const char *name, const char *data)
{
	say(vm.qmp,
	    "{\"timestamp\": {\"seconds\": 1, \"microseconds\": 2}, \"event\": \"%s\", \"data\": {%s}}\r\n",
	    name, data);
}

static void power_off(void)
{
	event("SHUTDOWN", "\"guest\": true, \"reason\": \"guest-shutdown\"");
	exit(0);
}

static void reset(void)
{
	event("SHUTDOWN", "\"guest\": true, \"reason\": \"guest-reset\"");
	exit(0);
}

static void panic(void)
{
	printk("Kernel panic - not syncing: stub: ordered to");
	printk("---[ end Kernel panic - not syncing: stub: ordered to ]---");
	event("GUEST_PANICKED", "\"action\": \"pause\"");
	event("SHUTDOWN", "\"guest\": true, \"reason\": \"guest-panic\"");
	exit(0);
}

static void hang(void)
{
	for (;;)
		pause();
}

static void warn(void)
{
	printk("------------[ cut here ]------------");
	printk("WARNING: CPU: 0 PID: 77 at mm/stub.c:7 stub_warn+0x12/0x340");
	printk("CPU: 0 PID: 77 Comm: stub Not tainted");
	printk("Call Trace:");
	printk("---[ end trace 0000000000000000 ]---");
}

/* Behind what was read already. */
static void load_file(const char *path, const char *what)
{
	int fd = open(path, O_RDONLY);
	ssize_t n;

	if (fd < 0) {
		fprintf(stderr, "qemu: could not load %s '%s'\n", what, path);
		exit(1);
	}
	while (vm.size < IMAGE_MAX &&
	       (n = read(fd, vm.image + vm.size, IMAGE_MAX - vm.size)) > 0)
		vm.size += (size_t)n;
	/* An order at the end of one file ends there. */
	if (vm.size < IMAGE_MAX)
		vm.image[vm.size++] = '\0';
	close(fd);
}

/* Orders for this very program, whatever it boots. */
static void load_own_end(void)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	ssize_t n;

	if (fd < 0 || vm.size + OWN_END > IMAGE_MAX)
		return;
	lseek(fd, -OWN_END, SEEK_END);
	n = read(fd, vm.image + vm.size, OWN_END);
	vm.size += n > 0 ? (size_t)n : 0;
	close(fd);
}

static void load_image(void)
{
	vm.image = calloc(1, IMAGE_MAX + 1);
	if (!vm.image)
		exit(1);
	load_file(vm.kernel, "kernel");
	if (vm.initrd)
		load_file(vm.initrd, "initrd");
	load_own_end();
}

/* "... nodes N" at the end of an order; cut off. False: not for this machine. */
static bool for_us(char *order)
{
	char *p = strstr(order, " nodes ");

	if (!p)
		return true;
	*p = '\0';
	return strtoul(p + 7, NULL, 10) == vm.nodes;
}

/* The last order that begins with prefix, without it; "" when there is none. */
static void find_order(const char *prefix, char *ret, size_t size)
{
	static const char mark[] = "stub: ";
	const char *p = vm.image, *end = vm.image + vm.size;
	char line[256];

	*ret = '\0';
	while ((p = memmem(p, (size_t)(end - p), mark, sizeof(mark) - 1))) {
		size_t n = 0;

		p += sizeof(mark) - 1;
		while (p + n < end && isprint((unsigned char)p[n]) && p[n] != '"' &&
		       p[n] != '\\' && p[n] != '*' && n < sizeof(line) - 1)
			n++;
		memcpy(line, p, n);
		line[n] = '\0';
		while (n && line[n - 1] == ' ')
			line[--n] = '\0';
		if (strncmp(line, prefix, strlen(prefix)) == 0 && for_us(line))
			snprintf(ret, size, "%s", line + strlen(prefix));
	}
}

static long find_number(const char *prefix)
{
	char text[64];

	find_order(prefix, text, sizeof(text));
	return strtol(text, NULL, 10);
}

static void read_qmp_line(void)
{
	char c;

	while (read(vm.qmp, &c, 1) == 1)
		if (c == '\n')
			return;
	exit(1);
}

static void qmp_greet(const char *order)
{
	if (strcmp(order, "badqmp") == 0) {
		say(vm.qmp, "{\"QMP\": {\"version\": }}\r\n");
		hang();
	}
	say(vm.qmp,
	    "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 0, \"minor\": 2, \"major\": 7}, \"package\": \"stub\"}, \"capabilities\": [\"oob\"]}}\r\n");
	read_qmp_line();
	say(vm.qmp, "{\"return\": {}, \"id\": 1}\r\n");
}

/* Reads until a whole plan is there; like the real init it asks first. */
static void fetch_plan(void)
{
	struct plan *p = &vm.plan;
	size_t len = 0;
	unsigned int lines = 0;
	ssize_t n;
	char *at;

	say(vm.port, "HELLO sluice 1\n");
	for (;;) {
		n = read(vm.port, p->text + len, PLAN_MAX - 1 - len);
		if (n <= 0)
			exit(1);
		len += (size_t)n;
		p->text[len] = '\0';
		lines = 0;
		for (at = p->text; (at = strchr(at, '\n')); at++)
			lines++;
		if (lines && sscanf(p->text, "PLAN %64s %u", p->nonce, &p->n) != 2)
			exit(1);
		if (lines && lines == p->n + 1)
			break;
	}
	at = strchr(p->text, '\n') + 1;
	for (unsigned int i = 0; i < p->n && i < TESTS_MAX; i++) {
		p->lines[i] = at;
		at = strchr(at, '\n');
		*at++ = '\0';
	}
}

/* "3 1000 /tests/prog case more" to "prog/case-more" */
static void test_name(const char *line, char *ret, size_t size)
{
	const char *p = strrchr(strchr(strchr(line, ' ') + 1, ' '), '/');

	snprintf(ret, size, "%s", p ? p + 1 : line);
	for (char *c = strchr(ret, ' '); c; c = strchr(c, ' '))
		*c = memchr(ret, '/', (size_t)(c - ret)) ? '-' : '/';
}

static void fake_ktap(unsigned int idx, const char *name, const char *result)
{
	frame("out %u KTAP version 1", idx);
	frame("out %u 1..1", idx);
	if (strcmp(result, "skip") == 0)
		frame("out %u ok 1 %s # SKIP stub: ordered to", idx, name);
	else if (strcmp(result, "fail") == 0)
		frame("out %u not ok 1 %s # expected 100, saw 0", idx, name);
	else
		frame("out %u ok 1 %s", idx, name);
	frame("out %u # data stub=1", idx);
}

static void test_result(const char *name, char *result, size_t size)
{
	char prefix[128];

	snprintf(prefix, sizeof(prefix), "test %s ", name);
	find_order(prefix, result, size);
	if (strncmp(result, "flaky-", 6) == 0)
		snprintf(result, size, "%s",
			 crc32_of(vm.plan.nonce, strlen(vm.plan.nonce)) % 100 <
					 strtoul(result + 6, NULL, 10) ?
				 "fail" :
				 "pass");
	if (!*result)
		snprintf(result, size, "pass");
}

static void die_in_test(const char *result)
{
	if (strcmp(result, "hang") == 0)
		hang();
	if (strcmp(result, "panic") == 0)
		panic();
	if (strcmp(result, "reset") == 0)
		reset();
	if (strcmp(result, "poweroff") == 0)
		power_off();
}

/* Whether each program that the line names is in the initramfs. */
static bool programs_there(const char *line)
{
	for (const char *p = line; (p = strstr(p, " /tests/")); p++) {
		size_t n = strcspn(p + 2, " ");

		if (!memmem(vm.image, vm.size, p + 2, n))
			return false;
	}
	return true;
}

static void run_test(unsigned int idx, long ms)
{
	char name[96], result[32], mark[160];

	test_name(vm.plan.lines[idx], name, sizeof(name));
	test_result(name, result, sizeof(result));
	if (vm.initrd && !programs_there(vm.plan.lines[idx]))
		snprintf(result, sizeof(result), "fail");
	frame("start %u", idx);
	snprintf(mark, sizeof(mark), "sluice %s start %u", vm.plan.nonce, idx);
	printk(mark);
	die_in_test(result);
	sleep_ms(ms);
	if (strcmp(result, "splat") == 0)
		warn();
	fake_ktap(idx, name, result);
	snprintf(mark, sizeof(mark), "sluice %s done %u", vm.plan.nonce, idx);
	printk(mark);
	if (strcmp(result, "unclean") == 0) {
		frame("done %u unclean 1 5", idx);
		frame("end %u", idx + 1);
		hang();
	}
	if (strcmp(result, "timeout") == 0)
		frame("done %u timeout 9 1000", idx);
	else if (strcmp(result, "crash") == 0 || strcmp(result, "dies") == 0)
		frame("done %u signal 11 5", idx);
	else
		frame("done %u exit %d 5", idx,
		      strcmp(result, "fail") == 0 ? 1 :
		      strcmp(result, "skip") == 0 ? 4 :
						    0);
	if (strcmp(result, "dies") == 0)
		panic();
}

static void flood(int fd, const char *line)
{
	for (;;)
		put(fd, line, strlen(line));
}

/* What ends a boot before the guest's init speaks. */
static void boot_order(const char *order)
{
	if (strcmp(order, "panic") == 0)
		panic();
	if (strcmp(order, "hang") == 0)
		hang();
	if (strcmp(order, "watchdog") == 0) {
		event("WATCHDOG", "\"action\": \"poweroff\"");
		exit(0);
	}
	if (strcmp(order, "reset") == 0)
		reset();
	if (strcmp(order, "poweroff") == 0)
		power_off();
	if (strcmp(order, "flood") == 0)
		flood(vm.console,
		      "flood flood flood flood flood flood flood flood flood\r\n");
	if (strcmp(order, "qmpflood") == 0)
		flood(vm.qmp,
		      "{\"timestamp\": {\"seconds\": 1, \"microseconds\": 2}, \"event\": \"RTC_CHANGE\", \"data\": {\"offset\": 1}}\r\n");
	if (strcmp(order, "die") == 0)
		raise(SIGKILL);
	if (strcmp(order, "warn") == 0)
		warn();
}

static void forged(const char *nonce, unsigned int seq, const char *payload)
{
	say(vm.port, "@%s %u %zu %08x %s\n", nonce, seq, strlen(payload),
	    crc32_of(payload, strlen(payload)), payload);
}

/* Lies on every channel: with another nonce, an old number, a bad checksum. */
static void forge(void)
{
	static const char other[] = "00000000000000000000000000000000";

	forged(other, 0, "plan 1");
	forged(other, 1, "done 0 exit 0 1");
	if (vm.plan.nonce[0]) {
		forged(vm.plan.nonce, 0, "end 9");
		say(vm.port, "@%s 99 5 00000000 end 9\n", vm.plan.nonce);
	}
	say(vm.port, "RESULT PASS\nok 1 everything\n");
	say(vm.console, "RESULT PASS\r\nBUG: a program said so\r\n");
}

static void guest(void)
{
	char order[32];
	long test_ms = find_number("test-sleep-ms ");

	find_order("boot ", order, sizeof(order));
	if (strcmp(order, "refuse") == 0) {
		fprintf(stderr,
			"qemu: Error loading uncompressed kernel without PVH ELF Note\n");
		exit(1);
	}
	qmp_greet(order);
	printk("Linux version 0.0.0-stub");
	sleep_ms(find_number("sleep-ms "));
	boot_order(order);
	if (strcmp(order, "forge") == 0)
		forge();
	fetch_plan();
	frame("plan %u", vm.plan.n);
	for (unsigned int i = 0; i < vm.plan.n; i++) {
		if (strcmp(order, "forge") == 0)
			forge();
		if (strcmp(order, "noise") == 0)
			say(vm.port, "\x01\xff noise without an end");
		run_test(i, test_ms);
	}
	if (strcmp(order, "noend"))
		frame("end %u", vm.plan.n);
	printk("reboot: Power down");
	power_off();
}

/* "3000:/tests/toy:beta,..." to plan lines "idx deadline argv0 arg..." */
static void plan_by_hand(const char *append)
{
	static char cmdline[CMDLINE_MAX], copy[CMDLINE_MAX];
	struct plan *p = &vm.plan;
	char *to = p->text, *end = p->text + PLAN_MAX, *test, *save = NULL;
	const char *from;

	/* Cut without a word, as a kernel does. */
	snprintf(cmdline, sizeof(cmdline), "%s", append);
	from = strstr(cmdline, "sluice.plan=");
	snprintf(copy, sizeof(copy), "%s", from ? from + strlen("sluice.plan=") : "");
	copy[strcspn(copy, " ")] = '\0';
	for (test = strtok_r(copy, ",", &save); test; test = strtok_r(NULL, ",", &save)) {
		p->lines[p->n] = to;
		to += snprintf(to, (size_t)(end - to), "%u %s", p->n, test) + 1;
		for (char *c = p->lines[p->n]; *c; c++)
			*c = *c == ':' ? ' ' : *c;
		p->n++;
	}
}

static void by_hand(const char *append)
{
	load_image();
	plan_by_hand(append);
	printf("Linux version 0.0.0-stub\nsluice: plan %u\n", vm.plan.n);
	for (unsigned int i = 0; i < vm.plan.n; i++) {
		char name[96], result[32];
		bool bad;

		test_name(vm.plan.lines[i], name, sizeof(name));
		test_result(name, result, sizeof(result));
		bad = strcmp(result, "fail") == 0;
		printf("sluice: start %u\nsluice: out %u %s 1 %s%s\nsluice: done %u exit %d 5\n",
		       i, i, bad ? "not ok" : "ok", name,
		       bad ? " # expected 100, saw 0" : "", i, bad);
	}
	printf("sluice: end %u\n", vm.plan.n);
}

static void chardev(const char *spec)
{
	const char *fd = strstr(spec, ",fd=");
	int n = fd ? (int)strtol(fd + 4, NULL, 10) : -1;

	if (strstr(spec, "id=console"))
		vm.console = n;
	else if (strstr(spec, "id=port"))
		vm.port = n;
	else if (strstr(spec, "id=qmp"))
		vm.qmp = n;
}

int main(int argc, char **argv)
{
	const char *append = "", *serial = "";

	for (int i = 1; i < argc; i++) {
		const char *next = i + 1 < argc ? argv[i + 1] : "";

		if (strcmp(argv[i], "--version") == 0) {
			puts("QEMU emulator version 7.2.0 (sluice stub)");
			return 0;
		}
		if (strcmp(argv[i], "-chardev") == 0)
			chardev(next);
		else if (strcmp(argv[i], "-kernel") == 0)
			vm.kernel = next;
		else if (strcmp(argv[i], "-initrd") == 0)
			vm.initrd = next;
		else if (strcmp(argv[i], "-append") == 0)
			append = next;
		else if (strcmp(argv[i], "-serial") == 0)
			serial = next;
		else if (strcmp(argv[i], "-numa") == 0)
			vm.nodes += strncmp(next, "node,", 5) == 0;
	}
	if (vm.kernel && strcmp(serial, "stdio") == 0) {
		by_hand(append);
		return 0;
	}
	if (!vm.kernel || vm.console < 0 || vm.port < 0 || vm.qmp < 0) {
		fprintf(stderr,
			"stub_qemu: needs -kernel and the three -chardev descriptors\n");
		return 1;
	}
	load_image();
	guest();
}
