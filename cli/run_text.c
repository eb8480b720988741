#include "cli/run_text.h"

#include <string.h>

#include "db/used_by.h"
#include "lib/cleanup.h"
#include "lib/str.h"
#include "lib/text.h"
#include "web/cell.h"

#define FIELD_WIDTH 12
#define BESIDE_MIN 40 /* columns for a reason */

static void print_field(const struct term *t, const char *name, const char *value)
{
	AUTO_FREE char *clean = text_clean_line(value, 0);

	if (!*clean)
		return;
	fputs("  ", t->out);
	term_put(t, TERM_DIM, name, FIELD_WIDTH - 2);
	term_wrap(t, TERM_PLAIN, clean, FIELD_WIDTH);
}

static void print_used_by(const struct used_by *list, size_t n, const struct term *t)
{
	for (size_t i = 0; i < n; i++) {
		AUTO_FREE char *text = str_printf(
			"s%lld step %lld%s: %s", (long long)list[i].series_id,
			(long long)list[i].step, list[i].reused ? " (taken over)" : "",
			list[i].step ? list[i].step_subject : "the base");

		print_field(t, i ? "" : "of", text);
	}
}

static void print_head(const struct boot *b, const struct term *t)
{
	AUTO_FREE char *title = str_printf("run %lld", (long long)b->id);
	AUTO_FREE char *machine = str_printf("%s, %s%s, QEMU %s", b->topology,
					     b->accel ? b->accel : "no accelerator",
					     b->alone ? ", alone" : "",
					     b->qemu_version ? b->qemu_version : "?");
	AUTO_FREE char *status =
		str_printf("%s after %.1f s%s%s", boot_status_str(b->status), b->seconds,
			   b->reason ? ": " : "", b->reason ? b->reason : "");
	AUTO_FREE char *build =
		str_printf("config %s, %s, image %.12s", b->config, b->arch, b->image);

	fputs("\n  ", t->out);
	term_put(t, TERM_BOLD, title, 0);
	fputc('\n', t->out);
	print_field(t, "status", status);
	print_field(t, "machine", machine);
	print_field(t, "kernel", build);
	print_field(t, "cmdline", b->cmdline);
}

static enum term_style result_style(enum test_result r)
{
	if (r == RESULT_PASS)
		return TERM_GOOD;
	return r == RESULT_SKIP || r == RESULT_NOT_RUN ? TERM_DIM : TERM_BAD;
}

/* known: why a failure is one that the kernel is known for, or NULL. */
static void print_result(const struct result *r, const char *known, const struct term *t,
			 int name_width)
{
	AUTO_FREE char *name = text_clean_line(r->test, 0);
	AUTO_FREE char *reason = text_clean_line(r->reason, 400);
	AUTO_FREE char *why = text_clean_line(known, 400);
	char seconds[32] = "";
	int indent = 2 + 10 + name_width + 2 + 8;
	/* Where little is left beside the name, the reason comes below. */
	bool below = t->width - indent < BESIDE_MIN && *reason;

	if (below)
		indent = FIELD_WIDTH;
	if (r->seconds >= 0)
		snprintf(seconds, sizeof(seconds), "%.1f s", r->seconds);
	fputs("  ", t->out);
	term_put(t, known ? TERM_DIM : result_style(r->result),
		 known ? "known" : test_result_str(r->result), 10);
	term_put(t, TERM_PLAIN, name, name_width + 2);
	term_put(t, TERM_DIM, seconds, *reason && !below ? 8 : 0);
	if (below) {
		fputc('\n', t->out);
		term_pad(t, indent);
	}
	term_wrap(t, TERM_PLAIN, reason, indent);
	if (known) {
		term_pad(t, indent);
		term_wrap(t, TERM_DIM, why, indent);
	}
}

static void print_lines(struct json_object *lines, const struct term *t)
{
	if (json_len(lines))
		fputc('\n', t->out);
	for (size_t i = 0; i < json_len(lines); i++) {
		const char *raw =
			json_object_get_string(json_object_array_get_idx(lines, i));
		AUTO_FREE char *clean = text_clean_line(raw, 0);
		AUTO_FREE char *cut = term_cut(clean, t->width - 4);

		term_put(t, TERM_DIM, "  | ", 0);
		term_put(t, TERM_PLAIN, cut, 0);
		fputc('\n', t->out);
	}
}

int run_text_print(struct db *db, const struct boot *b, const struct term *t,
		   struct err *err)
{
	struct result *results = NULL;
	AUTO_JSON struct json_object *known = NULL;
	struct used_by *used = NULL;
	size_t nresults = 0, nused = 0;
	int width = 0;

	if (result_list(db, b->id, &results, &nresults, err) < 0 ||
	    boot_known(db, b->id, &known, err) < 0 ||
	    boot_used_by(db, b->id, &used, &nused, err) < 0) {
		result_list_free(results, nresults);
		return -1;
	}
	print_head(b, t);
	print_used_by(used, nused, t);
	fputc('\n', t->out);
	for (size_t i = 0; i < nresults; i++)
		if (text_width(results[i].test) > width)
			width = text_width(results[i].test);
	for (size_t i = 0; i < nresults; i++)
		print_result(&results[i],
			     result_is_bad(results[i].result) ?
				     boot_known_reason(known, results[i].test) :
				     NULL,
			     t, width > 40 ? 40 : width);
	print_lines(b->console_tail, t);
	fprintf(t->out, "\n  sluice log %lld    sluice repro %lld\n", (long long)b->id,
		(long long)b->id);
	used_by_list_free(used, nused);
	result_list_free(results, nresults);
	return 0;
}
