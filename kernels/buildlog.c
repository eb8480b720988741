#include "kernels/buildlog.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/logline.h"
#include "kernels/logtool.h"
#include "lib/cleanup.h"
#include "lib/json.h"
#include "lib/str.h"
#include "lib/text.h"

#define LINE_MAX_LEN 4096
#define TEXT_MAX 400
#define PATH_MAX_LEN 300
#define CONTEXT_MAX 1024
#define CONTEXT_LINES 16
#define TARGETS_MAX 50000
#define WARNINGS_MAX 20000
#define EVIDENCE_KINDS 6

/* One diagnostic, open until a line comes that is no part of it. */
struct diag {
	enum log_severity severity;
	enum buildlog_kind kind;
	enum log_tier tier;
	char *file;
	int line;
	char *flag;
	char *text;
	char *target;
	struct str context;
	int context_lines;
};

struct buildlog {
	char *src, *out;
	struct json_object *targets;  /* {target:[warnings]} */
	struct json_object *failed;   /* {target:true} */
	struct json_object *compiled; /* {target:true} */
	char *target;                 /* announced last */
	char *root;                   /* file at the root of the include stack */
	bool root_fresh;              /* the stack was printed just now */
	char *last_file;              /* of the last diagnostic */
	char *ld_object;              /* of "ld: mm/a.o: in function" */
	struct diag diag;
	struct buildlog_error error;
	enum log_tier error_tier; /* LOG_NO_TIER: there is no error */
	unsigned evidence;
	char *evidence_lines[EVIDENCE_KINDS];
	int nwarnings, ntargets;
};

static void replace(char **field, char *value)
{
	free(*field);
	*field = value;
}

struct buildlog *buildlog_new(const char *src, const char *out)
{
	struct buildlog *b = mem_alloc0(sizeof(*b));

	b->src = str_dup(src);
	b->out = str_dup(out);
	b->targets = json_object_new_object();
	b->failed = json_object_new_object();
	b->compiled = json_object_new_object();
	b->target = str_dup("make");
	b->error_tier = LOG_NO_TIER;
	return b;
}

static void diag_clear(struct diag *d)
{
	free(d->file);
	free(d->flag);
	free(d->text);
	free(d->target);
	str_done(&d->context);
	*d = (struct diag){ 0 };
}

static void error_clear(struct buildlog_error *e)
{
	free(e->file);
	free(e->text);
	free(e->context);
	free(e->target);
}

void buildlog_free(struct buildlog *b)
{
	if (!b)
		return;
	diag_clear(&b->diag);
	error_clear(&b->error);
	for (size_t i = 0; i < EVIDENCE_KINDS; i++)
		free(b->evidence_lines[i]);
	json_object_put(b->targets);
	json_object_put(b->failed);
	json_object_put(b->compiled);
	free(b->src);
	free(b->out);
	free(b->target);
	free(b->root);
	free(b->last_file);
	free(b->ld_object);
	free(b);
}

/* --- paths and targets ---------------------------------------------------- */

static const char *strip_folder(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	if (n && strncmp(path, folder, n) == 0 && path[n] == '/')
		return path + n + 1;
	return path;
}

/* Without the folders that make was given. */
static char *normal_path(const struct buildlog *b, const char *path, size_t len)
{
	AUTO_FREE char *raw = str_ndup(path, len);
	const char *p = strip_folder(strip_folder(raw, b->src), b->out);

	while (str_starts(p, "./") || str_starts(p, "../"))
		p += p[1] == '.' ? 3 : 2;
	return text_clean_line(p, PATH_MAX_LEN);
}

static struct json_object *target_list(struct buildlog *b, const char *target)
{
	struct json_object *list = json_arr(b->targets, target);

	if (list || b->ntargets >= TARGETS_MAX)
		return list;
	list = json_object_new_array();
	json_set(b->targets, target, list);
	b->ntargets++;
	return list;
}

/* --- finished diagnostics ------------------------------------------------- */

static void keep_error(struct buildlog *b, struct diag *d)
{
	if (d->tier >= b->error_tier)
		return;
	error_clear(&b->error);
	b->error.kind = d->kind;
	b->error.file = TAKE_PTR(d->file);
	b->error.line = d->line;
	b->error.text = TAKE_PTR(d->text);
	b->error.context = str_dup(str_get(&d->context));
	b->error.target = TAKE_PTR(d->target);
	b->error_tier = d->tier;
}

static void keep_warning(struct buildlog *b, const struct diag *d)
{
	struct json_object *list = target_list(b, d->target);
	struct json_object *w;

	if (!list || b->nwarnings++ >= WARNINGS_MAX)
		return;
	w = json_object_new_object();
	json_set_str(w, "file", d->file ? d->file : d->target);
	json_set_int(w, "line", d->line);
	json_set_str(w, "flag", d->flag ? d->flag : "");
	json_set_str(w, "text", d->text);
	json_set_str(w, "context", str_get(&d->context));
	json_object_array_add(list, w);
}

static void diag_flush(struct buildlog *b)
{
	if (b->diag.severity == LOG_ERROR)
		keep_error(b, &b->diag);
	else if (b->diag.severity == LOG_WARNING)
		keep_warning(b, &b->diag);
	diag_clear(&b->diag);
}

/* Takes " [-Wunused-variable]" off the end of text. */
static char *cut_flag(char *text)
{
	char *at = strrchr(text, '[');
	size_t n = strlen(text);
	const char *flag;

	if (!at || at == text || at[-1] != ' ' || !str_starts(at, "[-W") ||
	    text[n - 1] != ']')
		return NULL;
	text[n - 1] = '\0';
	at[-1] = '\0';
	flag = at + 3;
	return str_dup(str_starts(flag, "error=") ? flag + 6 : flag);
}

/* Opens a diagnostic that belongs to target. */
static void diag_open(struct buildlog *b, const struct log_diag *d, const char *target)
{
	/* target may be a text of what is flushed. */
	AUTO_FREE char *owner = str_dup(target);

	diag_flush(b);
	b->diag = (struct diag){
		.severity = d->severity,
		.kind = d->kind,
		.tier = d->tier,
		.file = d->file ? normal_path(b, d->file, d->file_len) : NULL,
		.line = d->line,
		.text = text_clean_line(d->text, TEXT_MAX),
		.target = TAKE_PTR(owner),
		.context = { .limit = CONTEXT_MAX },
	};
	b->diag.flag = cut_flag(b->diag.text);
	if (!b->diag.flag && d->flag)
		b->diag.flag = str_dup(d->flag);
}

static void diag_context(struct diag *d, const char *line)
{
	AUTO_FREE char *clean = NULL;

	if (d->context_lines++ >= CONTEXT_LINES)
		return;
	clean = text_clean_line(line, TEXT_MAX);
	str_addf(&d->context, "%s%s", d->context.len ? "\n" : "", clean);
}

/* --- targets announced ---------------------------------------------------- */

void buildlog_target(struct buildlog *b, const char *target)
{
	diag_flush(b);
	replace(&b->target, str_dup(target));
	replace(&b->root, NULL);
	replace(&b->last_file, NULL);
	replace(&b->ld_object, NULL);
	b->root_fresh = false;
	target_list(b, target);
}

static bool take_announce(struct buildlog *b, const char *line)
{
	AUTO_FREE char *target = NULL;
	const char *from;
	size_t verb, len;

	if (!logline_announce(line, &verb, &from, &len))
		return false;
	target = normal_path(b, from, len);
	if (!*target)
		return false;
	buildlog_target(b, target);
	if (logline_verb_compiles(line + 2, verb) && json_arr(b->targets, target))
		json_set_bool(b->compiled, target, true);
	return true;
}

static bool is_source(const char *file)
{
	return str_ends(file, ".c") || str_ends(file, ".S") || str_ends(file, ".s");
}

/* The target that was announced for the source at the root, or the last one. */
static const char *target_of_root(struct buildlog *b, char **ret_object)
{
	const char *dot = b->root ? strrchr(b->root, '.') : NULL;

	if (!dot)
		return b->target;
	*ret_object = str_printf("%.*s.o", (int)(dot - b->root), b->root);
	return json_object_object_get_ex(b->targets, *ret_object, NULL) ? *ret_object :
									  b->target;
}

/* gcc prints the include stack only where it changed: until then root stays. */
static void follow_root(struct buildlog *b, const char *file)
{
	if (!b->root_fresh && is_source(file) &&
	    (!b->last_file || strcmp(b->last_file, file) != 0))
		replace(&b->root, str_dup(file));
	b->root_fresh = false;
	replace(&b->last_file, str_dup(file));
}

static bool take_diag(struct buildlog *b, const char *line)
{
	AUTO_FREE char *file = NULL;
	AUTO_FREE char *object = NULL;
	const char *name, *target;
	struct log_diag d;

	if (!logline_diag(line, &d))
		return false;
	if (d.severity == LOG_NOTE && b->diag.severity != LOG_NONE) {
		diag_context(&b->diag, line);
		return true;
	}
	file = normal_path(b, d.file, d.file_len);
	name = strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
	if (d.kind == BUILDLOG_KCONFIG) {
		target = ".config";
	} else if (str_starts(name, "Makefile") || str_starts(name, "Kbuild")) {
		target = "make";
	} else {
		follow_root(b, file);
		target = target_of_root(b, &object);
	}
	diag_open(b, &d, target);
	return true;
}

static bool take_include(struct buildlog *b, const char *line)
{
	const char *path;
	size_t len;

	if (!logline_include(line, b->root_fresh, &path, &len))
		return false;
	diag_flush(b);
	replace(&b->root, normal_path(b, path, len));
	b->root_fresh = true;
	return true;
}

static bool take_preamble(struct buildlog *b, const char *line)
{
	if (!logline_preamble(line))
		return false;
	diag_flush(b);
	return true;
}

/* --- make and tools --------------------------------------------------------- */

static bool take_make(struct buildlog *b, const char *line)
{
	AUTO_FREE char *target = NULL;
	const char *from;
	struct log_diag d;
	size_t len;

	if (!logline_make(line, &d))
		return false;
	diag_flush(b);
	if (d.severity == LOG_NONE)
		return true;
	diag_open(b, &d, b->target);
	diag_flush(b);
	if (!logline_failed_target(d.text, &from, &len))
		return true;
	target = normal_path(b, from, len);
	if (*target && json_object_object_length(b->failed) < TARGETS_MAX)
		json_set_bool(b->failed, target, true);
	return true;
}

static bool take_linker(struct buildlog *b, const char *line)
{
	struct log_diag d;

	if (!logtool_linker(line, &d))
		return false;
	if (d.severity == LOG_NONE) {
		diag_flush(b);
		replace(&b->ld_object,
			d.file ? normal_path(b, d.file, d.file_len) : NULL);
		return true;
	}
	/* The linker names the source without its folder; the object has it. */
	if (b->ld_object && (!d.file || d.file[d.file_len - 1] == 'c')) {
		d.file = b->ld_object;
		d.file_len = strlen(b->ld_object);
	}
	diag_open(b, &d, b->target);
	return true;
}

static bool take_objtool(struct buildlog *b, const char *line)
{
	AUTO_FREE char *object = NULL;
	struct log_diag d;

	if (!logtool_objtool(line, &d))
		return false;
	if (d.file)
		object = normal_path(b, d.file, d.file_len);
	diag_open(b, &d, object && json_arr(b->targets, object) ? object : b->target);
	return true;
}

static bool take_tool(struct buildlog *b, const char *line)
{
	struct log_diag d;

	if (!logtool_modpost(line, &d) && !logtool_other(line, &d))
		return false;
	diag_open(b, &d, b->target);
	return true;
}

static void see_evidence(struct buildlog *b, const char *line)
{
	unsigned fresh = logtool_evidence(line) & ~b->evidence;

	for (unsigned i = 0; i < EVIDENCE_KINDS; i++)
		if (fresh & (1U << i))
			b->evidence_lines[i] = text_clean_line(line, TEXT_MAX);
	b->evidence |= fresh;
}

/* --- lines -------------------------------------------------------------------- */

static char *copy_line(const char *line, size_t len)
{
	char *copy;

	if (len > LINE_MAX_LEN)
		len = LINE_MAX_LEN;
	copy = mem_alloc0(len + 1);
	memcpy(copy, line, len);
	for (size_t i = 0; i < len; i++)
		if (copy[i] == '\0')
			copy[i] = ' ';
	if (len && copy[len - 1] == '\r')
		copy[len - 1] = '\0';
	return copy;
}

void buildlog_line(struct buildlog *b, const char *line, size_t len)
{
	AUTO_FREE char *s = copy_line(line, len);

	see_evidence(b, s);
	if (take_announce(b, s) || take_include(b, s) || take_preamble(b, s) ||
	    take_make(b, s) || take_objtool(b, s) || take_diag(b, s) ||
	    take_linker(b, s) || take_tool(b, s))
		return;
	if (b->diag.severity != LOG_NONE && isspace((unsigned char)*s))
		diag_context(&b->diag, s);
	else
		diag_flush(b);
}

void buildlog_end(struct buildlog *b)
{
	diag_flush(b);
}

struct json_object *buildlog_targets(struct buildlog *b)
{
	return b->targets;
}

struct json_object *buildlog_failed(struct buildlog *b)
{
	return b->failed;
}

const struct buildlog_error *buildlog_error(const struct buildlog *b)
{
	return b->error_tier == LOG_NO_TIER ? NULL : &b->error;
}

unsigned buildlog_evidence(const struct buildlog *b)
{
	return b->evidence;
}

const char *buildlog_evidence_line(const struct buildlog *b, unsigned bit)
{
	for (unsigned i = 0; i < EVIDENCE_KINDS; i++)
		if (bit == 1U << i && b->evidence_lines[i])
			return b->evidence_lines[i];
	return "";
}

bool buildlog_is_compiled(struct buildlog *b, const char *target)
{
	return json_object_object_get_ex(b->compiled, target, NULL);
}
