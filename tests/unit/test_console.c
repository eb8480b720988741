#include "tests/unit/cm.h"

#include "lib/cleanup.h"
#include "runners/console.h"

#define NONCE "0123456789abcdef0123456789abcdef"

static struct console *parse(const char *text)
{
	struct console *c = console_new(NONCE, 2);

	console_feed(c, text, strlen(text));
	console_end(c);
	return c;
}

/* Splats of text as "kind|title|key", one a line. */
static void expect(const char *text, const char *want)
{
	struct console *c = parse(text);
	struct str got = STR_INIT;
	size_t n;
	const struct console_splat *s = console_splats(c, &n);

	for (size_t i = 0; i < n; i++)
		str_addf(&got, "%s|%s|%s\n", splat_kind_str(s[i].kind), s[i].title,
			 s[i].key);
	assert_string_equal(str_get(&got), want);
	str_done(&got);
	console_free(c);
}

static const char warning[] =
	"[    0.000000] Linux version 6.12\r\n"
	"[    1.000000] ------------[ cut here ]------------\r\n"
	"[    1.000001] WARNING: CPU: 1 PID: 55 at mm/mlock.c:70 mlock_folio_batch+0x12/0x340\r\n"
	"[    1.000002] Modules linked in:\r\n"
	"[    1.000003] CPU: 1 UID: 0 PID: 55 Comm: mlock-migrate Not tainted 6.12.117 #1\r\n"
	"[    1.000004] RIP: 0010:mlock_folio_batch+0x12/0x340\r\n"
	"[    1.000005] Call Trace:\r\n"
	"[    1.000006]  <TASK>\r\n"
	"[    1.000007]  ? __warn+0x80/0x130\r\n"
	"[    1.000008]  </TASK>\r\n"
	"[    1.000009] ---[ end trace 0000000000000000 ]---\r\n"
	"[    1.000010] harmless\r\n";

static void a_warning(void **state)
{
	struct console *c = parse(warning);
	size_t n;
	const struct console_splat *s = console_splats(c, &n);

	(void)state;
	assert_int_equal(n, 1);
	assert_int_equal(s->kind, SPLAT_WARNING);
	assert_string_equal(
		s->title,
		"WARNING: CPU: 1 PID: 55 at mm/mlock.c:70 mlock_folio_batch+0x12/0x340");
	assert_string_equal(s->key, "WARNING: at mm/mlock.c mlock_folio_batch");
	assert_non_null(strstr(s->text, "cut here"));
	assert_non_null(strstr(s->text, "__warn"));
	assert_non_null(strstr(s->text, "end trace"));
	assert_null(strstr(s->text, "harmless"));
	assert_int_equal(s->offset, strstr(warning, "[    1.000000]") - warning);
	assert_null(console_panic(c));
	console_free(c);
}

static void oops_is_one_splat(void **state)
{
	(void)state;
	expect("[    1.000000] BUG: kernel NULL pointer dereference, address: 0000000000000010\n"
	       "[    1.000000] #PF: supervisor read access in kernel mode\n"
	       "[    1.000000] PGD 0 P4D 0\n"
	       "[    1.000000] Oops: Oops: 0000 [#1] PREEMPT SMP\n"
	       "[    1.000000] CPU: 1 PID: 7 Comm: x Not tainted\n"
	       "[    1.000000] RIP: 0010:try_to_migrate_one.constprop.0+0x1/0x2\n"
	       "[    1.000000] Call Trace:\n"
	       "[    1.000000]  <TASK>\n"
	       "[    1.000000]  </TASK>\n"
	       "[    1.000000] Modules linked in:\n"
	       "[    1.000000] ---[ end trace 0000000000000000 ]---\n"
	       "[    1.000000] RIP: 0010:try_to_migrate_one+0x1/0x2\n"
	       "[    1.000000] Kernel panic - not syncing: Fatal exception\n"
	       "[    1.000000] ---[ end Kernel panic - not syncing: Fatal exception ]---\n",
	       "bug|BUG: kernel NULL pointer dereference, address: 0000000000000010|"
	       "BUG: kernel NULL pointer dereference, address: N in try_to_migrate_one\n"
	       "panic|Kernel panic - not syncing: Fatal exception|"
	       "Kernel panic - not syncing: Fatal exception\n");
}

static void a_vm_bug_with_its_page(void **state)
{
	struct console *c = parse(
		"[    1.000000] something else\n"
		"[    1.000000] page: refcount:1 mapcount:0 mapping:ffff88 index:0x0 pfn:0x1234\n"
		"[    1.000000] flags: 0x100000000000(node=0|zone=1)\n"
		"[    1.000000] raw: 0000\n"
		"[    1.000000] page dumped because: VM_BUG_ON_FOLIO(folio_test_lru(folio))\n"
		"[    1.000000] ------------[ cut here ]------------\n"
		"[    1.000000] kernel BUG at mm/swap.c:123!\n"
		"[    1.000000] Oops: invalid opcode: 0000 [#1] SMP\n"
		"[    1.000000] RIP: 0010:lru_add+0x1/0x2\n"
		"[    1.000000] ---[ end trace 0000000000000000 ]---\n");
	size_t n;
	const struct console_splat *s = console_splats(c, &n);

	(void)state;
	assert_int_equal(n, 1);
	assert_int_equal(s->kind, SPLAT_BUG);
	assert_string_equal(s->key, "kernel BUG at mm/swap.c! in lru_add");
	assert_non_null(strstr(s->text, "page: refcount:1"));
	assert_non_null(strstr(s->text, "VM_BUG_ON_FOLIO"));
	assert_null(strstr(s->text, "something else"));
	console_free(c);
}

static void all_kinds(void **state)
{
	(void)state;
	expect("BUG: KASAN: slab-use-after-free in mlock_drain+0x1/0x2\nRead of size 8\nCPU: 0\n"
	       "======\nall fine\n",
	       "kasan|BUG: KASAN: slab-use-after-free in mlock_drain+0x1/0x2|"
	       "BUG: KASAN: slab-use-after-free in mlock_drain\n");
	expect("UBSAN: array-index-out-of-bounds in mm/x.c:12:3\nindex 9 is out of range\n",
	       "ubsan|UBSAN: array-index-out-of-bounds in mm/x.c:12:3|"
	       "UBSAN: array-index-out-of-bounds in mm/x.c:N\n");
	expect("======================================================\n"
	       "WARNING: possible circular locking dependency detected\n",
	       "lockdep|WARNING: possible circular locking dependency detected|"
	       "WARNING: possible circular locking dependency detected\n");
	expect("rcu: INFO: rcu_sched self-detected stall on CPU\n"
	       "rcu: \t0-....: (5250 ticks this GP)\n",
	       "rcu|rcu: INFO: rcu_sched self-detected stall on CPU|"
	       "rcu: INFO: rcu_sched self-detected stall on CPU\n");
	expect("INFO: task mlock-migrate:77 blocked for more than 20 seconds.\n",
	       "hung|INFO: task mlock-migrate:77 blocked for more than 20 seconds.|"
	       "INFO: task mlock-migrate:N blocked for more than N seconds.\n");
	expect("watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [kcompactd0:33]\n"
	       "RIP: 0010:lru_add_drain+0x1/0x2\n",
	       "lockup|watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [kcompactd0:33]|"
	       "watchdog: BUG: soft lockup - CPU#N stuck in lru_add_drain\n");
	expect("BUG: Bad page state in process init  pfn:3ffdd\n",
	       "bug|BUG: Bad page state in process init  pfn:3ffdd|BUG: Bad page state\n");
	expect("Oops: general protection fault, probably for non-canonical address "
	       "0xdead000000000122: 0000 [#1] SMP\nRIP: 0010:f+0x1/0x2\n",
	       "oops|Oops: general protection fault, probably for non-canonical address "
	       "0xdead000000000122: 0000 [#1] SMP|"
	       "Oops: general protection fault, probably for non-canonical address N: N [#N] SMP "
	       "in f\n");
	expect("vmstat_refresh: nr_mlock -12\n",
	       "warning|vmstat_refresh: nr_mlock -12|vmstat_refresh: nr_mlock -N\n");
	expect("vmstat_refresh: nr_unevictable -1\n",
	       "warning|vmstat_refresh: nr_unevictable -1|"
	       "vmstat_refresh: nr_unevictable -N\n");
	/* Others may be below zero for a moment, while something goes on. */
	expect("vmstat_refresh: nr_isolated_anon -1\nvmstat_refresh: nr_dirtied -3\n",
	       "");
	expect("INFO: lockdep is turned off.\nPCI: if necessary, use \"pci=nocrs\" and report a bug\n"
	       "INFO: task done\nnot a WARNING: here\nkmemleak: Kernel memory leak detector\n",
	       "");
	/* What tests of broken memory and of hot remove are bound to print. */
	expect("Injecting memory failure for pfn 0x1cba at process virtual address 0x7fce\n"
	       "Memory failure: 0x1cba: Sending SIGBUS to mlock-migrate:124 due to hardware "
	       "memory corruption\n"
	       "Memory failure: 0x1cba: recovery action for dirty LRU page: Recovered\n"
	       "MCE: Killing mlock-migrate:124 due to hardware memory corruption fault at 7fce\n"
	       "Soft offlining pfn 0x1c88 at process virtual address 0x7f98f2984000\n"
	       "Soft offline: 0x1c88: page isolation failed, page count 1, type 0x0()\n"
	       "page: refcount:1 mapcount:0 mapping:0000000000000000 index:0xd pfn:0x20001\n"
	       "page dumped because: unmovable page\n",
	       "");
}

static void two_in_a_row(void **state)
{
	(void)state;
	expect("------------[ cut here ]------------\n"
	       "WARNING: CPU: 0 PID: 1 at mm/a.c:1 a+0x1/0x2\nCPU: 0\n"
	       "------------[ cut here ]------------\n"
	       "WARNING: CPU: 0 PID: 1 at mm/b.c:1 b+0x1/0x2\nCPU: 0\n"
	       "---[ end trace 0000000000000000 ]---\n"
	       "BUG: Bad rss-counter state mm:00000000abcdef01 type:MM_ANONPAGES val:1\n",
	       "warning|WARNING: CPU: 0 PID: 1 at mm/a.c:1 a+0x1/0x2|WARNING: at mm/a.c a\n"
	       "warning|WARNING: CPU: 0 PID: 1 at mm/b.c:1 b+0x1/0x2|WARNING: at mm/b.c b\n"
	       "bug|BUG: Bad rss-counter state mm:00000000abcdef01 type:MM_ANONPAGES val:1|"
	       "BUG: Bad rss-counter state mm:N type:MM_ANONPAGES val:N\n");
}

static void programs_are_not_believed(void **state)
{
	(void)state;
	expect("[    0.000000] Linux version\nBUG: said a program\nKernel panic - not syncing: lie\n"
	       "cut off by [    1.000000] WARNING: CPU: 0 PID: 1 at mm/a.c:1 a+0x1/0x2\n"
	       "[    1.000000][  T123] INFO: possible recursive locking detected\n",
	       "warning|WARNING: CPU: 0 PID: 1 at mm/a.c:1 a+0x1/0x2|WARNING: at mm/a.c a\n"
	       "lockdep|INFO: possible recursive locking detected|"
	       "INFO: possible recursive locking detected\n");
}

static void keys_do_not_change(void **state)
{
	char *a = splat_key(SPLAT_WARNING,
			    "WARNING: CPU: 1 PID: 5 at mm/m.c:7 f.isra.0.cold+0x1/0x2",
			    NULL);
	char *b = splat_key(SPLAT_WARNING,
			    "WARNING: CPU: 12 PID: 999 at mm/m.c:1234 f+0xabc/0xdef",
			    "g+0x1");

	(void)state;
	assert_string_equal(a, b);
	free(a);
	free(b);
}

static void markers(void **state)
{
	const char text[] =
		"[    1.000000] sluice " NONCE " start 0\n"
		"[    1.000000] BUG: Bad page state in process a  pfn:1\n"
		"[    1.000000] sluice " NONCE " done 0\n"
		"[    1.000000] sluice ffffffffffffffffffffffffffffffff start 1\n"
		"[    1.000000] sluice " NONCE " start 7\n"
		"[    1.000000] sluice " NONCE " done 1\n"
		"[    1.000000] harmless\n";
	struct console *c = parse(text);
	struct console_span span = console_span(c, 0);
	size_t n;
	const struct console_splat *s = console_splats(c, &n);

	(void)state;
	assert_int_equal(span.from, 0);
	assert_int_equal(span.to, strstr(text, "[    1.000000] sluice fff") - text);
	assert_int_equal(n, 1);
	assert_null(strstr(s->text, "sluice"));
	span = console_span(c, 1);
	assert_true(span.from == CONSOLE_NOWHERE && span.to == CONSOLE_NOWHERE);
	assert_int_equal(console_bytes(c), sizeof(text) - 1);
	console_free(c);
}

#define STAMP "[    1.000000] "
#define MARK STAMP "sluice " NONCE " "

/* A program that copies markers from the log does not move those of others. */
static void copied_markers(void **state)
{
	const char text[] = MARK "start 0\n" MARK "done 0\n" MARK "start 1\n" MARK
				 "done 0\n" MARK "start 0\n" MARK "done 1\n" STAMP
				 "BUG: after a copy of its end\n" MARK "done 1\n";
	struct console *c = parse(text);
	struct console_span first = console_span(c, 0), second = console_span(c, 1);
	size_t n;
	const struct console_splat *s = console_splats(c, &n);

	(void)state;
	assert_int_equal(first.from, 0);
	assert_int_equal(first.to, strstr(text, MARK "start 1") - text);
	assert_int_equal(second.from, first.to);
	assert_int_equal(second.to, sizeof(text) - 1);
	assert_int_equal(n, 1);
	assert_true(s->offset > second.from && s->offset < second.to);
	console_free(c);
}

/* Behind an endless line of a program's, which has stamps of its own. */
static void marker_behind_noise(void **state)
{
	struct console *c = console_new(NONCE, 1);
	const char end[] = "[   77.000000] no newline " MARK "start 0\n";

	(void)state;
	console_feed(c, STAMP "x\n", strlen(STAMP "x\n"));
	for (int i = 0; i < 3000; i++)
		console_feed(c, "noise ", 6);
	console_feed(c, end, strlen(end));
	assert_int_equal(console_span(c, 0).from, strlen(STAMP "x\n"));
	console_free(c);
}

/* What the guest outlives was no panic. */
static void panic_that_was_none(void **state)
{
	const char fake[] = MARK "start 0\n" STAMP
				 "Kernel panic - not syncing: a program says\n";
	struct console *c = parse(fake);

	(void)state;
	assert_string_equal(console_panic(c),
			    "Kernel panic - not syncing: a program says");
	console_feed(c, MARK "done 0\n", strlen(MARK "done 0\n"));
	assert_null(console_panic(c));
	console_feed(c, STAMP "Kernel panic - not syncing: real\n",
		     strlen(STAMP "Kernel panic - not syncing: real\n"));
	assert_string_equal(console_panic(c), "Kernel panic - not syncing: real");
	console_free(c);
}

static void byte_by_byte(void **state)
{
	struct console *c = console_new(NONCE, 0);
	size_t n;

	(void)state;
	for (size_t i = 0; i < strlen(warning); i++)
		console_feed(c, warning + i, 1);
	console_end(c);
	assert_string_equal(console_splats(c, &n)->key,
			    "WARNING: at mm/mlock.c mlock_folio_batch");
	console_free(c);
}

static void tails(void **state)
{
	struct console *c = parse("a\nb\nc\n");
	char **tail = console_tail(c, 2);

	(void)state;
	assert_string_equal(tail[0], "b");
	assert_string_equal(tail[1], "c");
	assert_null(tail[2]);
	strv_free(tail);
	console_free(c);
	c = parse(warning);
	tail = console_tail(c, 2);
	assert_non_null(strstr(tail[1], "WARNING: CPU: 1"));
	strv_free(tail);
	console_free(c);
}

static void floods_are_capped(void **state)
{
	struct console *c = console_new(NONCE, 1);
	size_t n;

	(void)state;
	for (int i = 0; i < 5000; i++)
		console_feed(c, warning, strlen(warning));
	for (int i = 0; i < 100000; i++)
		console_feed(c, "------------[ cut here ]--- endless ", 36);
	console_end(c);
	console_splats(c, &n);
	assert_int_equal(n, CONSOLE_SPLATS_MAX);
	assert_true(console_splats_dropped(c) >= 5000 - CONSOLE_SPLATS_MAX);
	console_free(c);
	console_free(NULL);
}

static void feed_marker(struct console *c, const char *text)
{
	AUTO_FREE char *line = str_printf("[    1.100000] sluice " NONCE " %s\n", text);

	console_feed(c, line, strlen(line));
}

/* A test of many warnings does not hide that another one has its first. */
static void each_test_has_its_first(void **state)
{
	struct console *c = console_new(NONCE, 3);
	struct console_span span;
	const struct console_splat *s;
	size_t n;

	(void)state;
	feed_marker(c, "start 0");
	for (int i = 0; i < 5000; i++)
		console_feed(c, warning, strlen(warning));
	feed_marker(c, "done 0");
	feed_marker(c, "start 1");
	for (int i = 0; i < 3; i++)
		console_feed(c, warning, strlen(warning));
	feed_marker(c, "done 1");
	feed_marker(c, "start 2");
	feed_marker(c, "done 2");
	console_end(c);
	s = console_splats(c, &n);
	assert_int_equal(n, CONSOLE_SPLATS_MAX + 1);
	span = console_span(c, 1);
	assert_true(s[n - 1].offset > span.from && s[n - 1].offset < span.to);
	assert_int_equal(console_splats_dropped(c), 5003 - n);
	console_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_warning),
		cmocka_unit_test(oops_is_one_splat),
		cmocka_unit_test(a_vm_bug_with_its_page),
		cmocka_unit_test(all_kinds),
		cmocka_unit_test(two_in_a_row),
		cmocka_unit_test(programs_are_not_believed),
		cmocka_unit_test(keys_do_not_change),
		cmocka_unit_test(markers),
		cmocka_unit_test(copied_markers),
		cmocka_unit_test(marker_behind_noise),
		cmocka_unit_test(panic_that_was_none),
		cmocka_unit_test(byte_by_byte),
		cmocka_unit_test(tails),
		cmocka_unit_test(floods_are_capped),
		cmocka_unit_test(each_test_has_its_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
