#include "lib/text.h"

#include <glib.h>
#include <string.h>

#include "lib/cleanup.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */
#define ELLIPSIS "\xe2\x80\xa6"    /* U+2026 */

/*
 * Well-formed UTF-8, Unicode 15 table 3-7: which second bytes a first byte
 * takes; any later ones are 80..BF.
 */
static const struct utf8_row {
	unsigned char first, last, lo, hi, more;
} utf8_rows[] = {
	{ 0xc2, 0xdf, 0x80, 0xbf, 1 }, { 0xe0, 0xe0, 0xa0, 0xbf, 2 },
	{ 0xe1, 0xec, 0x80, 0xbf, 2 }, { 0xed, 0xed, 0x80, 0x9f, 2 },
	{ 0xee, 0xef, 0x80, 0xbf, 2 }, { 0xf0, 0xf0, 0x90, 0xbf, 3 },
	{ 0xf1, 0xf3, 0x80, 0xbf, 3 }, { 0xf4, 0xf4, 0x80, 0x8f, 3 },
};

static const struct utf8_row *utf8_row(unsigned char first)
{
	for (size_t i = 0; i < ARRAY_SIZE(utf8_rows); i++)
		if (first >= utf8_rows[i].first && first <= utf8_rows[i].last)
			return &utf8_rows[i];
	return NULL;
}

size_t text_decode(const char *data, size_t len, uint32_t *ret_cp, bool *ret_valid)
{
	const unsigned char *p = (const unsigned char *)data;
	const struct utf8_row *row = utf8_row(p[0]);
	bool valid = p[0] < 0x80;
	uint32_t cp = valid ? p[0] : 0xfffd;
	size_t n = 1;

	if (row) {
		unsigned char lo = row->lo, hi = row->hi;
		uint32_t sum = p[0] & (0x3fu >> row->more);

		while (n <= row->more && n < len && p[n] >= lo && p[n] <= hi) {
			sum = sum << 6 | (p[n++] & 0x3f);
			lo = 0x80;
			hi = 0xbf;
		}
		valid = n == (size_t)row->more + 1;
		if (valid)
			cp = sum;
	}
	*ret_cp = cp;
	if (ret_valid)
		*ret_valid = valid;
	return n;
}

bool text_is_utf8(const char *data, size_t len)
{
	uint32_t cp;
	bool valid;

	for (size_t i = 0; i < len;) {
		i += text_decode(data + i, len - i, &cp, &valid);
		if (!valid)
			return false;
	}
	return true;
}

void text_utf8(struct str *out, const char *data, size_t len)
{
	uint32_t cp;
	bool valid;

	for (size_t i = 0, n; i < len; i += n) {
		n = text_decode(data + i, len - i, &cp, &valid);
		if (valid)
			str_addn(out, data + i, n);
		else
			str_add(out, REPLACEMENT);
	}
}

/*
 * ECMA-48 as terminals read it. Each C1 control is one character U+0080..U+009F
 * or ESC and the character 0x40 below.
 */
enum escape {
	ESC_NONE,
	ESC_START,  /* after ESC */
	ESC_INTER,  /* ESC and intermediates, a final character to come */
	ESC_CSI,    /* parameters, until a final character 40..7E */
	ESC_STRING, /* OSC, DCS, SOS, PM, APC: until ST or BEL */
};

static enum escape escape_introducer(uint32_t c1)
{
	switch (c1) {
	case 0x9b:
		return ESC_CSI;
	case 0x90:
	case 0x98:
	case 0x9d:
	case 0x9e:
	case 0x9f:
		return ESC_STRING;
	default:
		return ESC_NONE;
	}
}

/* False when cp is no part of the sequence: look at it again outside of one. */
static bool escape_eat(enum escape *state, uint32_t cp)
{
	enum escape was = *state;

	if (cp == 0x1b) {
		*state = ESC_START;
		return true;
	}
	if (was == ESC_STRING) {
		if (cp == '\n') {
			*state = ESC_NONE;
			return false;
		}
		if (cp == 0x07 || cp == 0x9c || cp == 0x18 || cp == 0x1a)
			*state = ESC_NONE;
		return true;
	}
	if (was == ESC_START && cp >= 0x40 && cp <= 0x5f) {
		*state = escape_introducer(cp + 0x40);
		return true;
	}
	if (was == ESC_CSI && cp >= 0x20 && cp <= 0x3f)
		return true;
	if (was != ESC_CSI && cp >= 0x20 && cp <= 0x2f) {
		*state = ESC_INTER;
		return true;
	}
	*state = ESC_NONE;
	return cp >= (was == ESC_CSI ? 0x40 : 0x30) && cp <= 0x7e;
}

static bool cp_is_dropped(uint32_t cp)
{
	if (cp < 0x20)
		return cp != '\n' && cp != '\t';
	if (cp >= 0x7f && cp <= 0x9f)
		return true;
	/* Bidirectional marks, embeddings, overrides and isolates. */
	return cp == 0x061c || cp == 0x200e || cp == 0x200f ||
	       (cp >= 0x202a && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069);
}

void text_clean(struct str *out, const char *data, size_t len)
{
	enum escape state = ESC_NONE;
	uint32_t cp;
	bool valid;

	for (size_t i = 0, n; i < len; i += n) {
		n = text_decode(data + i, len - i, &cp, &valid);
		if (state != ESC_NONE && escape_eat(&state, cp))
			continue;
		if (!valid) {
			str_add(out, REPLACEMENT);
		} else if (cp == 0x1b) {
			state = ESC_START;
		} else if (cp_is_dropped(cp)) {
			state = escape_introducer(cp);
		} else {
			str_addn(out, data + i, n);
		}
	}
}

char *text_clean_line(const char *data, size_t max)
{
	AUTO(str_done) struct str clean = STR_INIT;
	struct str line = STR_INIT;
	size_t points = 0, last = 0;
	uint32_t cp;

	if (data)
		text_clean(&clean, data, strlen(data));
	for (size_t i = 0, n; i < clean.len; i += n) {
		n = text_decode(clean.data + i, clean.len - i, &cp, NULL);
		if (max && points == max) {
			line.len = last;
			str_add(&line, ELLIPSIS);
			break;
		}
		last = line.len;
		points++;
		if (cp == '\n' || cp == '\t' || cp == 0x2028 || cp == 0x2029)
			str_addc(&line, ' ');
		else
			str_addn(&line, clean.data + i, n);
	}
	return str_take(&line);
}

int text_width(const char *text)
{
	size_t len = strlen(text);
	int width = 0;
	uint32_t cp;

	for (size_t i = 0; i < len;) {
		i += text_decode(text + i, len - i, &cp, NULL);
		if (cp < 0x20 || g_unichar_iszerowidth(cp))
			continue;
		width += g_unichar_iswide(cp) ? 2 : 1;
	}
	return width;
}

#define DISTANCE_MAX 64

static int min3(int a, int b, int c)
{
	int m = a < b ? a : b;

	return m < c ? m : c;
}

int text_distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	int row[DISTANCE_MAX + 1];

	if (la > DISTANCE_MAX || lb > DISTANCE_MAX)
		return DISTANCE_MAX;
	for (size_t j = 0; j <= lb; j++)
		row[j] = (int)j;
	for (size_t i = 1; i <= la; i++) {
		int diagonal = row[0];

		row[0] = (int)i;
		for (size_t j = 1; j <= lb; j++) {
			int above = row[j];

			row[j] = min3(above + 1, row[j - 1] + 1,
				      diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[lb];
}

const char *text_nearest(const char *word, const char *const *known)
{
	/* A third of the letters wrong is still a slip; more is another word. */
	int best = (int)(strlen(word) + 2) / 3 + 1;
	const char *nearest = NULL;

	for (size_t i = 0; known && known[i]; i++) {
		int d = text_distance(word, known[i]);

		if (d < best) {
			best = d;
			nearest = known[i];
		}
	}
	return nearest;
}
