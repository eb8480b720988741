#include "db/row.h"

#include <assert.h>
#include <string.h>

#include "lib/json.h"
#include "lib/str.h"

/* Columns of one process: enough for what a role wrote, small enough to print. */
#define MAX_JSON (64u << 20)

static int bind_index(sqlite3_stmt *st, const char *name)
{
	int i = sqlite3_bind_parameter_index(st, name);

	assert(i > 0);
	return i;
}

void bind_text(sqlite3_stmt *st, const char *name, const char *text)
{
	sqlite3_bind_text(st, bind_index(st, name), text, -1, SQLITE_TRANSIENT);
}

void bind_int(sqlite3_stmt *st, const char *name, int64_t v)
{
	sqlite3_bind_int64(st, bind_index(st, name), v);
}

void bind_opt_int(sqlite3_stmt *st, const char *name, int64_t v)
{
	if (v >= 0)
		bind_int(st, name, v);
}

static void bind_json_at(sqlite3_stmt *st, int i, struct json_object *o)
{
	size_t len = 0;
	const char *text;

	if (!o)
		return;
	text = json_object_to_json_string_length(
		o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);
	sqlite3_bind_text64(st, i, text, len, SQLITE_TRANSIENT, SQLITE_UTF8);
}

void bind_json(sqlite3_stmt *st, const char *name, struct json_object *o)
{
	bind_json_at(st, bind_index(st, name), o);
}

static void bind_col(sqlite3_stmt *st, int i, const struct col *c, const void *p)
{
	switch (c->type) {
	case COL_TEXT:
		sqlite3_bind_text(st, i, *(char *const *)p, -1, SQLITE_TRANSIENT);
		break;
	case COL_INT:
		sqlite3_bind_int64(st, i, *(const int64_t *)p);
		break;
	case COL_OPT_INT:
		if (*(const int64_t *)p >= 0)
			sqlite3_bind_int64(st, i, *(const int64_t *)p);
		break;
	case COL_REAL:
		sqlite3_bind_double(st, i, *(const double *)p);
		break;
	case COL_OPT_REAL:
		if (*(const double *)p >= 0)
			sqlite3_bind_double(st, i, *(const double *)p);
		break;
	case COL_BOOL:
		sqlite3_bind_int64(st, i, *(const bool *)p);
		break;
	case COL_WORD:
		sqlite3_bind_text(st, i, word_str(c->words, *(const unsigned int *)p), -1,
				  SQLITE_STATIC);
		break;
	case COL_JSON:
		bind_json_at(st, i, *(struct json_object *const *)p);
		break;
	}
}

void bind_row(sqlite3_stmt *st, const struct table *t, const void *row)
{
	char name[64];

	for (size_t k = 0; k < t->ncols; k++) {
		snprintf(name, sizeof(name), ":%s", t->cols[k].name);
		int i = sqlite3_bind_parameter_index(st, name);

		if (i > 0)
			bind_col(st, i, &t->cols[k],
				 (const char *)row + t->cols[k].offset);
	}
}

static int read_json(sqlite3_stmt *st, int i, struct json_object **ret, struct err *err)
{
	const char *text = (const char *)sqlite3_column_text(st, i);
	int len = sqlite3_column_bytes(st, i);

	if (!text)
		return 0;
	if ((unsigned int)len > MAX_JSON)
		return err_set(err, ERR_LIMIT, "%d bytes of JSON", len);
	return json_parse(text, (size_t)len, ret, err);
}

static int read_word(sqlite3_stmt *st, int i, const struct col *c, unsigned int *ret,
		     struct err *err)
{
	const char *text = (const char *)sqlite3_column_text(st, i);
	int w = word_index(c->words, text);

	if (w < 0)
		return err_set(err, ERR_INPUT, "unknown word \"%s\"", text ? text : "");
	*ret = (unsigned int)w;
	return 0;
}

static int read_col(sqlite3_stmt *st, int i, const struct col *c, void *p,
		    struct err *err)
{
	bool null = sqlite3_column_type(st, i) == SQLITE_NULL;

	switch (c->type) {
	case COL_TEXT:
		*(char **)p = str_dup((const char *)sqlite3_column_text(st, i));
		return 0;
	case COL_INT:
		*(int64_t *)p = sqlite3_column_int64(st, i);
		return 0;
	case COL_OPT_INT:
		*(int64_t *)p = null ? DB_NO_INT : sqlite3_column_int64(st, i);
		return 0;
	case COL_REAL:
		*(double *)p = sqlite3_column_double(st, i);
		return 0;
	case COL_OPT_REAL:
		*(double *)p = null ? DB_NO_REAL : sqlite3_column_double(st, i);
		return 0;
	case COL_BOOL:
		*(bool *)p = sqlite3_column_int64(st, i) != 0;
		return 0;
	case COL_WORD:
		return read_word(st, i, c, p, err);
	case COL_JSON:
		return read_json(st, i, p, err);
	}
	return err_set(err, ERR_INTERNAL, "column type %d", (int)c->type);
}

int row_read(sqlite3_stmt *st, const struct table *t, void *row, struct err *err)
{
	assert(sqlite3_column_count(st) >= (int)t->ncols);
	memset(row, 0, t->size);
	for (size_t k = 0; k < t->ncols; k++) {
		const struct col *c = &t->cols[k];

		assert(strcmp(sqlite3_column_name(st, (int)k), c->name) == 0);
		if (read_col(st, (int)k, c, (char *)row + c->offset, err) < 0) {
			row_done(t, row);
			return err_prefix(err, "database column %s is damaged", c->name);
		}
	}
	return 0;
}

void row_done(const struct table *t, void *row)
{
	for (size_t k = 0; k < t->ncols; k++) {
		void *p = (char *)row + t->cols[k].offset;

		if (t->cols[k].type == COL_TEXT)
			free(*(char **)p);
		else if (t->cols[k].type == COL_JSON)
			json_object_put(*(struct json_object **)p);
	}
	memset(row, 0, t->size);
}

int row_read_one(struct db *db, sqlite3_stmt *st, const struct table *t, void *row,
		 struct err *err)
{
	int r = stmt_step(db, st, err);

	if (r == 1 && row_read(st, t, row, err) < 0)
		return -1;
	return r;
}

int row_read_all(struct db *db, sqlite3_stmt *st, const struct table *t, void **ret_list,
		 size_t *ret_n, struct err *err)
{
	char *list = NULL;
	size_t n = 0, cap = 0;
	int r;

	while ((r = stmt_step(db, st, err)) == 1) {
		if (n == cap) {
			cap = cap ? cap * 2 : 16;
			list = mem_realloc(list, cap, t->size);
		}
		r = row_read(st, t, list + n * t->size, err);
		if (r < 0)
			break;
		n++;
	}
	if (r < 0) {
		row_list_free(t, list, n);
		return -1;
	}
	*ret_list = list;
	*ret_n = n;
	return 0;
}

void row_list_free(const struct table *t, void *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		row_done(t, (char *)list + i * t->size);
	free(list);
}
