#include "kernels/buildlog.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

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

enum severity { SEV_NONE, SEV_NOTE, SEV_WARNING, SEV_ERROR };

/* How good an error explains a failure; lower is better. */
enum tier { TIER_REAL, TIER_TOOL, TIER_RECIPE, TIER_NONE };

/* One diagnostic, open until a line comes that is no part of it. */
struct diag {
	enum severity severity;
	enum buildlog_kind kind;
	enum tier tier;
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
	char *ld_object;              /* "ld: mm/a.o: in function" */
	struct diag diag;
	struct buildlog_error error;
	enum tier error_tier; /* of error; TIER_NONE: there is none */
	unsigned evidence;
	char *evidence_lines[8];
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
	b->error_tier = TIER_NONE;
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

void buildlog_free(struct buildlog *b)
{
	if (!b)
		return;
	diag_clear(&b->diag);
	free(b->error.file);
	free(b->error.text);
	free(b->error.context);
	free(b->error.target);
	for (size_t i = 0; i < ARRAY_SIZE(b->evidence_lines); i++)
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

/* --- targets ---------------------------------------------------------- */

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

/* Without the folders make was given; *path is within its text. */
static const char *strip_folder(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	if (n && strncmp(path, folder, n) == 0 && path[n] == '/')
		return path + n + 1;
	return path;
}

static char *normal_path(const struct buildlog *b, const char *path)
{
	const char *p = strip_folder(strip_folder(path, b->src), b->out);

	while (str_starts(p, "./") || str_starts(p, "../"))
		p += p[1] == '.' ? 3 : 2;
	return text_clean_line(p, PATH_MAX_LEN);
}

static bool is_source(const char *file)
{
	return str_ends(file, ".c") || str_ends(file, ".S") || str_ends(file, ".s");
}

/* "mm/a.c" -> "mm/a.o" */
static char *object_of(const char *source)
{
	const char *dot = strrchr(source, '.');

	return str_printf("%.*s.o", (int)(dot ? dot - source : (long)strlen(source)),
			  source);
}

/* "  CC [M]  mm/a.o": the verb's end and the target's start, or false. */
static bool announce_parse(const char *line, size_t *ret_verb, const char **ret_target)
{
	const char *p = line + 2;
	size_t n;

	if (!str_starts(line, "  ") || !isupper((unsigned char)*p))
		return false;
	n = strspn(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-");
	if (n < 2 || n > 14 || p[n] != ' ')
		return false;
	*ret_verb = n;
	p += n;
	p += strspn(p, " ");
	if (*p == '[' && p[1] && p[2] == ']')
		p += 3;
	p += strspn(p, " ");
	*ret_target = p;
	return *p != '\0';
}

static bool verb_compiles(const char *verb, size_t n)
{
	static const char *const verbs[] = { "CC", "AS", "HOSTCC", "HOSTCXX", "RUSTC" };

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strlen(verbs[i]) == n && strncmp(verb, verbs[i], n) == 0)
			return true;
	return false;
}

static void diag_flush(struct buildlog *b);

void buildlog_target(struct buildlog *b, const char *target)
{
	diag_flush(b);
	replace(&b->target, str_dup(target));
	replace(&b->root, NULL);
	replace(&b->last_file, NULL);
	replace(&b->ld_object, NULL);
	target_list(b, target);
}

static bool take_announce(struct buildlog *b, const char *line)
{
	AUTO_FREE char *target = NULL;
	const char *from;
	size_t verb;

	if (!announce_parse(line, &verb, &from))
		return false;
	target = normal_path(b, from);
	target[strcspn(target, " ")] = '\0';
	if (!*target)
		return false;
	buildlog_target(b, target);
	if (verb_compiles(line + 2, verb) && json_arr(b->targets, target))
		json_set_bool(b->compiled, target, true);
	return true;
}

/* Where a diagnostic about file belongs; see the header. The caller frees. */
static char *owner_of(struct buildlog *b, const char *file)
{
	AUTO_FREE char *object = NULL;
	const char *name = strrchr(file, '/');

	name = name ? name + 1 : file;
	if (str_starts(name, "Kconfig"))
		return str_dup(".config");
	if (str_starts(name, "Makefile") || str_starts(name, "Kbuild"))
		return str_dup("make");
	if (b->root_fresh) {
		b->root_fresh = false;
	} else if (is_source(file) && (!b->last_file || strcmp(b->last_file, file) != 0)) {
		replace(&b->root, str_dup(file));
	}
	replace(&b->last_file, str_dup(file));
	if (!b->root)
		return str_dup(b->target);
	object = object_of(b->root);
	if (!json_object_object_get_ex(b->targets, object, NULL))
		return str_dup(b->target);
	return TAKE_PTR(object);
}

/* --- finished diagnostics ---------------------------------------------- */

static void keep_error(struct buildlog *b, struct diag *d)
{
	if (d->tier >= b->error_tier)
		return;
	free(b->error.file);
	free(b->error.text);
	free(b->error.context);
	free(b->error.target);
	b->error = (struct buildlog_error){
		.kind = d->kind,
		.file = TAKE_PTR(d->file),
		.line = d->line,
		.text = TAKE_PTR(d->text),
		.context = str_dup(str_get(&d->context)),
		.target = TAKE_PTR(d->target),
	};
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
	if (b->diag.severity == SEV_ERROR)
		keep_error(b, &b->diag);
	else if (b->diag.severity == SEV_WARNING)
		keep_warning(b, &b->diag);
	diag_clear(&b->diag);
}

/* Takes " [-Wunused-variable]" off the end of text. */
static char *cut_flag(char *text)
{
	char *at = strrchr(text, '[');
	size_t n = strlen(text);
	char *flag;

	if (!at || at == text || at[-1] != ' ' || !str_starts(at, "[-W") ||
	    text[n - 1] != ']')
		return NULL;
	flag = str_ndup(at + 3, n - (size_t)(at - text) - 4);
	at[-1] = '\0';
	if (str_starts(flag, "error="))
		memmove(flag, flag + 6, strlen(flag + 6) + 1);
	return flag;
}

/* Opens a diagnostic; file is taken over and may be NULL. */
static struct diag *diag_open(struct buildlog *b, enum severity severity,
			      enum buildlog_kind kind, char *file, int line,
			      const char *text)
{
	diag_flush(b);
	b->diag = (struct diag){
		.severity = severity,
		.kind = kind,
		.tier = TIER_REAL,
		.file = file,
		.line = line,
		.text = text_clean_line(text, TEXT_MAX),
		.target = str_dup(b->target),
		.context = { .limit = CONTEXT_MAX },
	};
	b->diag.flag = cut_flag(b->diag.text);
	return &b->diag;
}

static void diag_context(struct diag *d, const char *line)
{
	AUTO_FREE char *clean = NULL;

	if (d->context_lines++ >= CONTEXT_LINES)
		return;
	clean = text_clean_line(line, TEXT_MAX);
	str_addf(&d->context, "%s%s", d->context.len ? "\n" : "", clean);
}

/* --- compilers, assembler, Kconfig: path:line[:column]: severity: text -- */

static const char *skip_blank(const char *p)
{
	return p + strspn(p, " \t");
}

/* The word after a place; *ret_text is what follows it. */
static enum severity severity_parse(const char *p, const char **ret_text)
{
	static const struct {
		const char *word;
		enum severity severity;
	} words[] = {
		{ "warning:", SEV_WARNING },	 { "Warning:", SEV_WARNING },
		{ "error:", SEV_ERROR },	 { "Error:", SEV_ERROR },
		{ "fatal error:", SEV_ERROR },	 { "Fatal error:", SEV_ERROR },
		{ "internal compiler error:", SEV_ERROR },
		{ "note:", SEV_NOTE },		 { "Info:", SEV_NOTE },
	};

	p = skip_blank(p);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (str_starts(p, words[i].word)) {
			*ret_text = skip_blank(p + strlen(words[i].word));
			return words[i].severity;
		}
	*ret_text = p;
	return SEV_NONE;
}

struct place {
	size_t path_len;
	int line;
	const char *rest; /* behind "path:line:" or "path:line:column:" */
};

static int number_at(const char *p, const char **ret_end)
{
	long n = 0;

	while (isdigit((unsigned char)*p)) {
		if (n < 100000000)
			n = n * 10 + (*p - '0');
		p++;
	}
	*ret_end = p;
	return (int)n;
}

static bool place_parse(const char *line, struct place *ret)
{
	for (const char *p = strchr(line, ':'); p; p = strchr(p + 1, ':')) {
		const char *end;

		if (p == line || !isdigit((unsigned char)p[1]))
			continue;
		ret->path_len = (size_t)(p - line);
		ret->line = number_at(p + 1, &end);
		if (*end != ':')
			continue;
		ret->rest = end + 1;
		if (isdigit((unsigned char)*ret->rest)) {
			number_at(ret->rest, &end);
			if (*end == ':')
				ret->rest = end + 1;
		}
		return true;
	}
	return false;
}

static bool is_kconfig(const char *file)
{
	const char *name = strrchr(file, '/');

	return str_starts(name ? name + 1 : file, "Kconfig");
}

/* make itself, in a Makefile: "Makefile:12: *** missing separator.  Stop." */
static void take_make_place(struct buildlog *b, char *file, int line, const char *text)
{
	struct diag *d = diag_open(b, SEV_ERROR, BUILDLOG_MAKE, file, line, text + 4);

	d->tier = TIER_TOOL;
}

static bool take_place(struct buildlog *b, const char *line)
{
	enum buildlog_kind kind = BUILDLOG_COMPILE;
	AUTO_FREE char *file = NULL;
	AUTO_FREE char *raw = NULL;
	enum severity severity;
	struct place at;
	const char *text;
	char *owner;

	if (isspace((unsigned char)*line) || !place_parse(line, &at))
		return false;
	raw = str_ndup(line, at.path_len);
	file = normal_path(b, raw);
	severity = severity_parse(at.rest, &text);
	if (is_kconfig(file)) {
		kind = BUILDLOG_KCONFIG;
		if (severity == SEV_NONE)
			severity = SEV_ERROR;
	}
	if (severity == SEV_NONE && str_starts(text, "*** ")) {
		take_make_place(b, TAKE_PTR(file), at.line, text);
		return true;
	}
	if (severity == SEV_NONE)
		return false;
	if (severity == SEV_NOTE && b->diag.severity != SEV_NONE) {
		diag_context(&b->diag, line);
		return true;
	}
	/* owner_of must see the file before diag_open takes it over. */
	diag_flush(b);
	owner = owner_of(b, file);
	diag_open(b, severity, kind, TAKE_PTR(file), at.line, text);
	replace(&b->diag.target, owner);
	return true;
}

/* --- the include stack -------------------------------------------------- */

static bool take_include(struct buildlog *b, const char *line)
{
	static const char first[] = "In file included from ";
	const char *p = skip_blank(line);
	AUTO_FREE char *raw = NULL;
	size_t n;

	if (str_starts(p, first))
		p += sizeof(first) - 1;
	else if (p > line && str_starts(p, "from ") && b->root_fresh)
		p += 5;
	else
		return false;
	diag_flush(b);
	n = strcspn(p, ":,");
	raw = str_ndup(p, n);
	replace(&b->root, normal_path(b, raw));
	b->root_fresh = true;
	return true;
}

/* "mm/a.c: In function 'f':" ends what was open and says nothing itself. */
static bool take_preamble(struct buildlog *b, const char *line)
{
	if (isspace((unsigned char)*line) ||
	    (!strstr(line, ": In function ") && !strstr(line, ": At top level") &&
	     !str_ends(line, ": Assembler messages:")))
		return false;
	diag_flush(b);
	return true;
}

/* --- linker, modpost, objtool, make ------------------------------------- */

static bool is_linker(const char *line, const char **ret_rest)
{
	size_t n = strcspn(line, ": \t");
	const char *colon = line + n;

	if (*colon != ':' || colon[1] != ' ' || n < 2)
		return false;
	if (strncmp(colon - 2, "ld", 2) != 0 &&
	    (n < 6 || (strncmp(colon - 6, "ld.bfd", 6) != 0 &&
		       strncmp(colon - 6, "ld.lld", 6) != 0)))
		return false;
	*ret_rest = colon + 2;
	return true;
}

/* The object at the start of "mm/a.o: in function" or "mm/a.o:(.text+0x1): ". */
static char *linker_object(const struct buildlog *b, const char *p)
{
	size_t n = strcspn(p, ": ");
	AUTO_FREE char *raw = str_ndup(p, n);

	if (p[n] != ':' || (!str_ends(raw, ".o") && !str_ends(raw, ".a") &&
			    !str_ends(raw, ".c") && !str_ends(raw, ".S")))
		return NULL;
	return normal_path(b, raw);
}

static bool take_link_symbol(struct buildlog *b, const char *line)
{
	static const char *const phrases[] = { "undefined reference to",
					       "multiple definition of" };
	const char *rest = line;

	if (isspace((unsigned char)*line))
		return false;
	is_linker(line, &rest);
	for (size_t i = 0; i < ARRAY_SIZE(phrases); i++) {
		const char *at = strstr(rest, phrases[i]);
		char *file;

		if (!at || at == rest || at[-1] != ' ')
			continue;
		file = linker_object(b, rest);
		if (b->ld_object && (!file || str_ends(file, ".c")))
			replace(&file, str_dup(b->ld_object));
		diag_open(b, SEV_ERROR, BUILDLOG_LINK, file, 0, at);
		return true;
	}
	return false;
}

static bool take_linker(struct buildlog *b, const char *line)
{
	enum severity severity;
	const char *rest, *text;
	struct diag *d;

	if (take_link_symbol(b, line))
		return true;
	if (!is_linker(line, &rest))
		return false;
	if (strstr(rest, ": in function ")) {
		diag_flush(b);
		replace(&b->ld_object, linker_object(b, rest));
		return true;
	}
	severity = severity_parse(rest, &text);
	if (severity == SEV_NOTE)
		return true;
	if (severity == SEV_NONE)
		severity = strstr(rest, "warning:") ? SEV_WARNING : SEV_ERROR;
	d = diag_open(b, severity, BUILDLOG_LINK, linker_object(b, text), 0, text);
	if (severity == SEV_WARNING && !d->flag)
		d->flag = str_dup("ld");
	return true;
}

/* "mm/a.o: warning: objtool: f+0x1: unreachable instruction" */
static bool take_objtool(struct buildlog *b, const char *line)
{
	const char *at = strstr(line, ": objtool: ");
	const char *text;
	AUTO_FREE char *raw = NULL;
	char *file = NULL;
	struct diag *d;
	enum severity severity;

	if (!at || isspace((unsigned char)*line))
		return false;
	text = strchr(line, ':');
	if (text < at) {
		raw = str_ndup(line, (size_t)(text - line));
		file = normal_path(b, raw);
		severity = severity_parse(text + 1, &text);
	} else {
		severity = severity_parse(line, &text);
	}
	if (severity == SEV_NONE) {
		free(file);
		return false;
	}
	d = diag_open(b, severity, BUILDLOG_LINK, file, 0, at + strlen(": objtool: "));
	if (!d->flag)
		d->flag = str_dup("objtool");
	if (d->file && json_arr(b->targets, d->file))
		replace(&d->target, str_dup(d->file));
	return true;
}

static bool take_modpost(struct buildlog *b, const char *line)
{
	bool error = str_starts(line, "ERROR: ");
	const char *text = line + (error ? 7 : 9);
	struct diag *d;

	if (!error && !str_starts(line, "WARNING: "))
		return false;
	if (str_starts(text, "modpost: "))
		text += 9;
	d = diag_open(b, error ? SEV_ERROR : SEV_WARNING, BUILDLOG_LINK, NULL, 0, text);
	if (!d->flag)
		d->flag = str_dup("modpost");
	return true;
}

/* "make[3]: *** [scripts/Makefile.build:229: mm/a.o] Error 1" */
static void take_failed_recipe(struct buildlog *b, const char *p)
{
	const char *end = strstr(p, "] "), *from = p + 1;
	AUTO_FREE char *raw = NULL;
	AUTO_FREE char *target = NULL;

	if (!end)
		return;
	for (const char *q = from; q < end; q++)
		if (q[0] == ':' && q[1] == ' ')
			from = q + 2;
	raw = str_ndup(from, (size_t)(end - from));
	target = normal_path(b, raw);
	if (*target && json_object_object_length(b->failed) < TARGETS_MAX)
		json_set_bool(b->failed, target, true);
}

static bool take_make(struct buildlog *b, const char *line)
{
	const char *p = line + 4;
	struct diag *d;

	if (!str_starts(line, "make"))
		return false;
	if (*p == '[')
		p = strchrnul(p, ']'), p += *p == ']';
	if (!str_starts(p, ": "))
		return false;
	diag_flush(b);
	p += 2;
	if (!str_starts(p, "*** "))
		return true;
	p += 4;
	d = diag_open(b, SEV_ERROR, BUILDLOG_MAKE, NULL, 0, p);
	d->tier = *p == '[' ? TIER_RECIPE : TIER_TOOL;
	if (*p == '[')
		take_failed_recipe(b, p);
	diag_flush(b);
	return true;
}

/* --- other programs ------------------------------------------------------ */

/* "cc1: warning: …", "/bin/sh: 1: bc: not found", "fixdep: error opening …" */
static bool take_tool(struct buildlog *b, const char *line)
{
	size_t n = strcspn(line, ": \t");
	enum severity severity;
	const char *text;
	struct diag *d;

	if (!n || isspace((unsigned char)*line))
		return false;
	if (str_ends(line, "warnings being treated as errors"))
		return true;
	if (line[n] == ':' && line[n + 1] == ' ') {
		severity = severity_parse(line + n + 1, &text);
		if (severity == SEV_NONE &&
		    (strstr(text, "not found") || str_starts(text, "error ") ||
		     strstr(text, "rror: ") || str_starts(text, "out of memory") ||
		     str_starts(text, "cannot ")))
			severity = SEV_ERROR;
	} else {
		severity = str_starts(line, "Failed ") || str_starts(line, "Inconsistent ") ?
				   SEV_ERROR : SEV_NONE;
		text = line;
	}
	if (severity == SEV_NONE || severity == SEV_NOTE)
		return false;
	d = diag_open(b, severity, BUILDLOG_TOOL, NULL, 0,
		      severity == SEV_ERROR ? line : text);
	d->tier = str_starts(line, "collect2: ") ? TIER_RECIPE : TIER_TOOL;
	return true;
}

/* --- evidence ------------------------------------------------------------ */

static bool has_any(const char *line, const char *const *phrases)
{
	for (; *phrases; phrases++)
		if (strstr(line, *phrases))
			return true;
	return false;
}

/*
 * Whether a tool speaks of itself here: quoted source, "#error" and messages
 * chosen by the source must not pass as evidence about our machine.
 */
static bool speaks_of_itself(const char *line)
{
	static const char *const own[] = { "error writing to ", "error closing ",
					   "opening dependency file", "can't ",
					   "cannot write", "when writing output", NULL };
	struct place at;
	const char *text;

	if (!*line || isspace((unsigned char)*line))
		return false;
	if (!place_parse(line, &at))
		return true;
	severity_parse(at.rest, &text);
	for (size_t i = 0; own[i]; i++)
		if (str_starts(text, own[i]))
			return true;
	/* "/bin/sh: 1: cannot create …" has no severity. */
	return text == skip_blank(at.rest) && str_starts(text, "cannot create");
}

static void see_evidence(struct buildlog *b, const char *line)
{
	static const char *const phrases[][6] = {
		{ "Cannot allocate memory", "out of memory allocating",
		  "virtual memory exhausted", "memory exhausted", "std::bad_alloc", NULL },
		{ "Killed signal terminated program", "] Killed", NULL },
		{ "No space left on device", "Disk quota exceeded", NULL },
		{ "File size limit exceeded", "File too large", NULL },
		{ "Resource temporarily unavailable", NULL },
		{ "Input/output error", "Read-only file system", "Stale file handle", NULL },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(phrases); i++) {
		if ((b->evidence & (1U << i)) || !has_any(line, phrases[i]) ||
		    !speaks_of_itself(line))
			continue;
		b->evidence |= 1U << i;
		replace(&b->evidence_lines[i], text_clean_line(line, TEXT_MAX));
	}
}

/* --- lines ---------------------------------------------------------------- */

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
	    take_make(b, s) || take_objtool(b, s) || take_place(b, s) ||
	    take_linker(b, s) || take_modpost(b, s) || take_tool(b, s))
		return;
	if (b->diag.severity != SEV_NONE && isspace((unsigned char)*s))
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
	return b->error_tier == TIER_NONE ? NULL : &b->error;
}

unsigned buildlog_evidence(const struct buildlog *b)
{
	return b->evidence;
}

const char *buildlog_evidence_line(const struct buildlog *b, unsigned bit)
{
	for (unsigned i = 0; i < ARRAY_SIZE(b->evidence_lines); i++)
		if (bit == 1U << i && b->evidence_lines[i])
			return b->evidence_lines[i];
	return "";
}

bool buildlog_is_compiled(struct buildlog *b, const char *target)
{
	return json_object_object_get_ex(b->compiled, target, NULL);
}
