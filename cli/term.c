#include "cli/term.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/str.h"
#include "lib/text.h"

#define WIDTH_MIN 40
#define WIDTH_MAX 400

static const char *const styles[] = {
	[TERM_PLAIN] = "",        [TERM_BOLD] = "\033[1m",   [TERM_DIM] = "\033[2m",
	[TERM_GOOD] = "\033[32m", [TERM_BAD] = "\033[1;31m", [TERM_WARN] = "\033[33m",
	[TERM_OURS] = "\033[35m",
};

void term_measure(struct term *t)
{
	const char *columns = getenv("COLUMNS");
	struct winsize ws;
	long long n;

	t->width = t->tty ? 80 : 100;
	if (columns && str_to_ll(columns, WIDTH_MIN, WIDTH_MAX, &n))
		t->width = (int)n;
	else if (t->tty && ioctl(fileno(t->out), TIOCGWINSZ, &ws) == 0 && ws.ws_col > 0)
		t->width = ws.ws_col;
	if (t->width < WIDTH_MIN)
		t->width = WIDTH_MIN;
}

void term_init(struct term *t, FILE *out)
{
	const char *name = getenv("TERM"), *no_color = getenv("NO_COLOR");

	t->out = out;
	t->tty = isatty(fileno(out)) && name && strcmp(name, "dumb") != 0;
	t->colour = t->tty && !(no_color && *no_color);
	term_measure(t);
}

void term_pad(const struct term *t, int columns)
{
	if (columns > 0)
		fprintf(t->out, "%*s", columns, "");
}

void term_put(const struct term *t, enum term_style style, const char *text, int width)
{
	bool on = t->colour && style != TERM_PLAIN;

	fprintf(t->out, "%s%s%s", on ? styles[style] : "", text, on ? "\033[0m" : "");
	term_pad(t, width - text_width(text));
}

char *term_cut(const char *text, int width)
{
	size_t max = width > 0 ? (size_t)width : 1;
	char *cut = text_clean_line(text, max);

	/* Wide characters take two columns. */
	while (text_width(cut) > width && max > 1) {
		free(cut);
		cut = text_clean_line(text, --max);
	}
	return cut;
}

void term_wrap(const struct term *t, enum term_style style, const char *text, int indent)
{
	char **words = strv_split(text, " ");
	AUTO(str_done) struct str line = STR_INIT;
	int column = indent;

	for (size_t i = 0; words[i]; i++) {
		int width = text_width(words[i]);

		if (line.len && column + 1 + width > t->width) {
			term_put(t, style, str_get(&line), 0);
			fputc('\n', t->out);
			term_pad(t, indent);
			str_clear(&line);
			column = indent;
		} else if (line.len) {
			str_addc(&line, ' ');
			column++;
		}
		str_add(&line, words[i]);
		column += width;
	}
	term_put(t, style, str_get(&line), 0);
	fputc('\n', t->out);
	strv_free(words);
}
