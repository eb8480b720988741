#include "runners/splat.h"

#include <ctype.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/str.h"

#define HEX_WORD_MIN 8 /* a word of that many hex digits is an address */

const char *splat_kind_str(enum splat_kind k)
{
	static const char *const names[] = {
		[SPLAT_NONE] = "none",       [SPLAT_WARNING] = "warning",
		[SPLAT_BUG] = "bug",         [SPLAT_OOPS] = "oops",
		[SPLAT_KASAN] = "kasan",     [SPLAT_UBSAN] = "ubsan",
		[SPLAT_LOCKDEP] = "lockdep", [SPLAT_RCU] = "rcu",
		[SPLAT_HUNG] = "hung",       [SPLAT_LOCKUP] = "lockup",
		[SPLAT_PANIC] = "panic",
	};

	return names[k];
}

/* In this order: the first that fits wins. any: anywhere in the line. */
static const struct {
	const char *text;
	enum splat_kind kind;
	bool any;
} titles[] = {
	{ "Kernel panic - not syncing", SPLAT_PANIC, false },
	{ "BUG: KASAN:", SPLAT_KASAN, false },
	{ "BUG: KFENCE:", SPLAT_KASAN, false },
	{ "BUG: KMSAN:", SPLAT_KASAN, false },
	{ "BUG: KCSAN:", SPLAT_KASAN, false },
	{ "KASAN: ", SPLAT_KASAN, false },
	{ "UBSAN: ", SPLAT_UBSAN, false },
	{ "BUG: soft lockup", SPLAT_LOCKUP, true },
	{ "Watchdog detected hard LOCKUP", SPLAT_LOCKUP, true },
	{ "BUG: workqueue lockup", SPLAT_LOCKUP, true },
	{ "WARNING: possible ", SPLAT_LOCKDEP, false },
	{ "WARNING: suspicious RCU usage", SPLAT_LOCKDEP, false },
	{ "WARNING: inconsistent lock state", SPLAT_LOCKDEP, false },
	{ "WARNING: bad unlock balance", SPLAT_LOCKDEP, false },
	{ "WARNING: Nested lock was not taken", SPLAT_LOCKDEP, false },
	{ "WARNING: held lock freed", SPLAT_LOCKDEP, false },
	{ "WARNING: lock held when returning to user space", SPLAT_LOCKDEP, false },
	{ "WARNING: nested lock", SPLAT_LOCKDEP, false },
	{ "BUG: Invalid wait context", SPLAT_LOCKDEP, true },
	{ "BUG: MAX_LOCK", SPLAT_LOCKDEP, false },
	{ "INFO: possible ", SPLAT_LOCKDEP, false },
	{ "INFO: trying to register non-static key", SPLAT_LOCKDEP, false },
	{ "possible recursive locking detected", SPLAT_LOCKDEP, false },
	{ "possible circular locking dependency detected", SPLAT_LOCKDEP, false },
	{ "self-detected stall on CPU", SPLAT_RCU, true },
	{ "detected stalls on CPUs/tasks", SPLAT_RCU, true },
	{ "detected expedited stalls on CPUs/tasks", SPLAT_RCU, true },
	{ "kthread starved for", SPLAT_RCU, true },
	{ "INFO: task ", SPLAT_HUNG, false },
	{ "WARNING: ", SPLAT_WARNING, false },
	{ "kernel BUG at ", SPLAT_BUG, false },
	{ "BUG: ", SPLAT_BUG, false },
	{ "BUG ", SPLAT_BUG, false },
	{ "Oops: ", SPLAT_OOPS, false },
	{ "general protection fault", SPLAT_OOPS, false },
	{ "invalid opcode: ", SPLAT_OOPS, false },
	{ "divide error: ", SPLAT_OOPS, false },
	{ "double fault: ", SPLAT_OOPS, false },
	{ "stack segment: ", SPLAT_OOPS, false },
	{ "PANIC: double fault", SPLAT_OOPS, false },
	{ "traps: PANIC", SPLAT_OOPS, false },
	{ "Unable to handle kernel ", SPLAT_OOPS, false },
	{ "kernel tried to execute ", SPLAT_OOPS, false },
	{ "kmemleak: ", SPLAT_WARNING, false },
	/*
	 * /proc/vmstat shows a counter below zero as 0, so this line of mm/vmstat.c
	 * alone tells of it. Printed when /proc/sys/vm/stat_refresh is written.
	 */
	{ "vmstat_refresh: nr_mlock -", SPLAT_WARNING, false },
	{ "vmstat_refresh: nr_unevictable -", SPLAT_WARNING, false },
};

/* kmemleak also says harmless things. */
static bool title_counts(const char *line, enum splat_kind kind)
{
	if (str_starts(line, "kmemleak: "))
		return strstr(line, "new suspected memory leaks") != NULL;
	if (kind == SPLAT_HUNG)
		return strstr(line, "blocked for more than") ||
		       strstr(line, "blocked in I/O wait for more than");
	return true;
}

enum splat_kind splat_title(const char *line)
{
	/* "rcu: INFO: ...", "watchdog: BUG: ..." and lockdep's indents */
	static const char *const skip[] = { "rcu: ", "watchdog: ", "NMI watchdog: ",
					    "workqueue: " };

	for (size_t i = 0; i < ARRAY_SIZE(skip); i++)
		if (str_starts(line, skip[i]))
			line += strlen(skip[i]);
	for (size_t i = 0; i < ARRAY_SIZE(titles); i++) {
		if (titles[i].any ? !strstr(line, titles[i].text) :
				    !str_starts(line, titles[i].text))
			continue;
		return title_counts(line, titles[i].kind) ? titles[i].kind : SPLAT_NONE;
	}
	return SPLAT_NONE;
}

bool splat_cut_here(const char *line)
{
	return strstr(line, "[ cut here ]---") != NULL;
}

bool splat_end(const char *line)
{
	return str_starts(line, "---[ end ");
}

static bool word_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static bool is_address(const char *w, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isxdigit((unsigned char)w[i]))
			return false;
	return n >= HEX_WORD_MIN;
}

/* Whether the ":" at p begins the line number of a source file: "mm/x.c:7". */
static bool line_number(const char *start, const char *p)
{
	return p - start >= 2 && p[-2] == '.' &&
	       (p[-1] == 'c' || p[-1] == 'h' || p[-1] == 'S') &&
	       isdigit((unsigned char)p[1]);
}

/* The length of a suffix that the compiler gave: ".isra.0", ".cold" ... */
static size_t compiler_suffix(const char *p)
{
	static const char *const names[] = { ".constprop", ".isra", ".part", ".cold" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_starts(p, names[i])) {
			size_t n = strlen(names[i]);

			if (p[n] == '.' && isdigit((unsigned char)p[n + 1])) {
				n++;
				n += strspn(p + n, "0123456789");
			}
			return n;
		}
	return 0;
}

/* "+0x12/0x340" behind a function */
static size_t offset_suffix(const char *p)
{
	size_t n;

	if (!str_starts(p, "+0x"))
		return 0;
	n = 3 + strspn(p + 3, "0123456789abcdef");
	if (str_starts(p + n, "/0x"))
		n += 3 + strspn(p + n + 3, "0123456789abcdef");
	return n;
}

static void normalise(struct str *out, const char *text)
{
	const char *p = text;

	while (*p) {
		size_t n = 0, drop = offset_suffix(p);

		if (!drop)
			drop = compiler_suffix(p);
		if (!drop && *p == ':' && line_number(text, p))
			drop = 1 + strspn(p + 1, "0123456789");
		if (drop) {
			p += drop;
			continue;
		}
		while (word_char(p[n]))
			n++;
		if (n == 0)
			str_addc(out, *p++);
		else if (isdigit((unsigned char)p[0]) || is_address(p, n))
			str_addc(out, 'N');
		else
			str_addn(out, p, n);
		p += n;
	}
}

/* "CPU: 1 PID: 55 at " says nothing that lasts. */
static const char *skip_where(const char *title, struct str *out)
{
	const char *at;

	if (!str_starts(title, "WARNING: CPU: "))
		return title;
	at = strstr(title, " at ");
	if (!at)
		return title;
	str_add(out, "WARNING: at ");
	return at + 4;
}

/* "in process foo  pfn:3ffd" and "[comm:pid]" change with who ran. */
static void cut_variable(char *key)
{
	static const char *const tails[] = { " in process ", " for N! [", " by task ",
					     " Comm: ", " (N ticks this GP)" };

	for (size_t i = 0; i < ARRAY_SIZE(tails); i++) {
		char *p = strstr(key, tails[i]);

		if (p)
			*p = '\0';
	}
}

char *splat_key(enum splat_kind kind, const char *title, const char *rip)
{
	struct str out = STR_INIT;
	bool wants_rip = kind == SPLAT_OOPS || kind == SPLAT_BUG || kind == SPLAT_LOCKUP;

	normalise(&out, skip_where(title, &out));
	if (out.data)
		cut_variable(out.data);
	if (rip && wants_rip) {
		AUTO_FREE char *key = str_take(&out);

		str_addf(&out, "%s in ", key);
		normalise(&out, rip);
	}
	return str_take(&out);
}
