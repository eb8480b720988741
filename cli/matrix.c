#include "cli/matrix.h"

#include <stdlib.h>
#include <string.h>

#include "lib/text.h"

#define STEP_WIDTH 7 /* "  base " */
#define SUBJECT_MIN 16
#define GAP 2
#define MARK_WIDTH 2 /* "= " */
#define CELL_MAX 28

static const enum term_style tone_style[] = {
	[TONE_NONE] = TERM_DIM, [TONE_GOOD] = TERM_GOOD, [TONE_WARN] = TERM_WARN,
	[TONE_BAD] = TERM_BAD,  [TONE_OURS] = TERM_OURS,
};

struct matrix {
	const struct report *r;
	const struct term *t;
	struct report_cell *cells; /* nsteps rows of ncolumns */
	char **subjects;
	int *widths; /* of the columns */
	int subject_width;
	bool any_reused, one_config;
};

static struct report_cell *cell_at(const struct matrix *m, size_t row, size_t col)
{
	return &m->cells[row * m->r->ncolumns + col];
}

static const char *column_title(const struct matrix *m, size_t col)
{
	const struct column *c = &m->r->columns[col];

	if (c->topology)
		return c->topology;
	return m->one_config ? "build" : c->config;
}

static void measure_column(struct matrix *m, size_t col)
{
	int width = text_width(column_title(m, col));

	for (size_t row = 0; row < m->r->v.nsteps; row++) {
		const struct report_cell *c = cell_at(m, row, col);

		m->any_reused = m->any_reused || c->reused;
		for (size_t i = 0; i < c->nlines; i++)
			if (text_width(c->lines[i]) > width)
				width = text_width(c->lines[i]);
	}
	m->widths[col] = MARK_WIDTH + (width > CELL_MAX ? CELL_MAX : width);
}

/* "debian-6.12 at 1a2b3c4d5e6f" */
static char *base_text(const struct report *r)
{
	return str_printf("%s at %.12s", r->v.series.tree,
			  r->v.series.base_commit ? r->v.series.base_commit : "?");
}

static void matrix_init(struct matrix *m, const struct report *r, const struct term *t)
{
	*m = (struct matrix){ .r = r, .t = t, .one_config = true };
	m->cells = mem_alloc0((r->v.nsteps * r->ncolumns + 1) * sizeof(*m->cells));
	m->subjects = mem_alloc0((r->v.nsteps + 1) * sizeof(*m->subjects));
	m->widths = mem_alloc0((r->ncolumns + 1) * sizeof(*m->widths));
	for (size_t col = 0; col < r->ncolumns; col++)
		if (strcmp(r->columns[col].config, r->columns[0].config) != 0)
			m->one_config = false;
	for (size_t row = 0; row < r->v.nsteps; row++) {
		AUTO_FREE char *clean =
			row == 0 ? base_text(r) : report_subject(r, r->v.steps[row].step);

		m->subjects[row] = text_clean_line(clean, 0);
		if (text_width(clean) > m->subject_width)
			m->subject_width = text_width(clean);
		for (size_t col = 0; col < r->ncolumns; col++)
			report_cell_get(r, r->v.steps[row].step, &r->columns[col],
					cell_at(m, row, col));
	}
	for (size_t col = 0; col < r->ncolumns; col++)
		measure_column(m, col);
}

static void matrix_done(struct matrix *m)
{
	for (size_t i = 0; i < m->r->v.nsteps * m->r->ncolumns; i++)
		report_cell_done(&m->cells[i]);
	for (size_t i = 0; i < m->r->v.nsteps; i++)
		free(m->subjects[i]);
	free(m->cells);
	free(m->subjects);
	free(m->widths);
}

/* How many columns from first on fit beside a subject of the least width. */
static size_t columns_that_fit(const struct matrix *m, size_t first, int *ret_width)
{
	int least = m->subject_width < SUBJECT_MIN ? m->subject_width : SUBJECT_MIN;
	int room = m->t->width - STEP_WIDTH - least, used = 0;
	size_t n = 0;

	while (first + n < m->r->ncolumns) {
		int width = GAP + m->widths[first + n];

		if (n > 0 && used + width > room)
			break;
		used += width;
		n++;
	}
	*ret_width = used;
	return n;
}

static void print_header(const struct matrix *m, size_t first, size_t n,
			 int subject_width)
{
	term_pad(m->t, STEP_WIDTH + subject_width);
	for (size_t col = first; col < first + n; col++) {
		bool last = col + 1 == first + n;

		term_pad(m->t, GAP + MARK_WIDTH);
		term_put(m->t, TERM_BOLD, column_title(m, col),
			 last ? 0 : m->widths[col] - MARK_WIDTH);
	}
	fputc('\n', m->t->out);
}

static size_t row_height(const struct matrix *m, size_t row, size_t first, size_t n)
{
	size_t height = 1;

	for (size_t col = first; col < first + n; col++)
		if (cell_at(m, row, col)->nlines > height)
			height = cell_at(m, row, col)->nlines;
	return height;
}

static void print_cell_line(const struct matrix *m, const struct report_cell *c,
			    size_t line, int width)
{
	AUTO_FREE char *text = line < c->nlines ? term_cut(c->lines[line], CELL_MAX) :
						  str_dup("");
	enum term_style style = c->reused && c->tone == TONE_GOOD ? TERM_DIM :
								    tone_style[c->tone];

	term_pad(m->t, GAP);
	term_put(m->t, TERM_DIM, line == 0 && c->reused ? "=" : "",
		 *text || width ? 2 : 0);
	term_put(m->t, style, text, width ? width - MARK_WIDTH : 0);
}

static void print_row(const struct matrix *m, size_t row, size_t first, size_t n,
		      int subject_width)
{
	AUTO_FREE char *subject = term_cut(m->subjects[row], subject_width);
	size_t height = row_height(m, row, first, n);
	char step[16];

	snprintf(step, sizeof(step), row == 0 ? "  base" : "  %4d",
		 (int)m->r->v.steps[row].step);
	for (size_t line = 0; line < height; line++) {
		term_put(m->t, TERM_DIM, line ? "" : step, STEP_WIDTH);
		term_put(m->t, row == 0 ? TERM_DIM : TERM_PLAIN, line ? "" : subject,
			 subject_width);
		for (size_t col = first; col < first + n; col++)
			print_cell_line(m, cell_at(m, row, col), line,
					col + 1 == first + n ? 0 : m->widths[col]);
		fputc('\n', m->t->out);
	}
}

void matrix_print(const struct report *r, const struct term *t)
{
	struct matrix m;
	size_t n;

	matrix_init(&m, r, t);
	for (size_t first = 0; first < r->ncolumns || first == 0; first += n ? n : 1) {
		int used, subject_width;

		n = columns_that_fit(&m, first, &used);
		subject_width = t->width - STEP_WIDTH - used;
		if (subject_width > m.subject_width)
			subject_width = m.subject_width;
		if (subject_width < 8)
			subject_width = 8;
		if (first > 0)
			fputc('\n', t->out);
		print_header(&m, first, n, subject_width);
		for (size_t row = 0; row < r->v.nsteps; row++)
			print_row(&m, row, first, n, subject_width);
	}
	if (m.any_reused) {
		fputs("\n  ", t->out);
		term_wrap(t, TERM_DIM,
			  "= taken over: the same build, or the same image booted before",
			  4);
	}
	matrix_done(&m);
}
