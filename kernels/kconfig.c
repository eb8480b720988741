#include "kernels/kconfig.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/str.h"

#define SUFFIX ".config"
#define HEADER "# sluice:"
#define FRAGMENT_MAX (1024 * 1024)
#define INCLUDE_DEPTH 8
#define SLOWDOWN_MAX 100
#define KCONFIG_FILE_MAX (4 * 1024 * 1024)
#define KCONFIG_FILES_MAX 6000

/* Steps through the lines of a text; false at its end. Lines are copies. */
struct lines {
	const char *next;
	char *line;
	int number;
};

static bool lines_next(struct lines *l)
{
	const char *end;

	free(l->line);
	l->line = NULL;
	if (!l->next || !*l->next)
		return false;
	end = strchrnul(l->next, '\n');
	l->line = str_ndup(l->next, (size_t)(end - l->next));
	l->next = *end ? end + 1 : end;
	l->number++;
	return true;
}

static void lines_done(struct lines *l)
{
	free(l->line);
}

/* "# sluice: key=value" taken apart in place. */
static bool header_parse(char *line, char **ret_key, char **ret_value)
{
	char *key, *eq;

	if (!str_starts(line, HEADER))
		return false;
	key = line + strlen(HEADER);
	eq = strchr(key, '=');
	if (!eq) {
		*ret_key = str_trim(key);
		*ret_value = NULL;
		return true;
	}
	*eq = '\0';
	*ret_key = str_trim(key);
	*ret_value = str_trim(eq + 1);
	return true;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void strv_push(char ***v, size_t *n, char *s)
{
	*v = mem_realloc(*v, *n + 2, sizeof(**v));
	(*v)[(*n)++] = s;
	(*v)[*n] = NULL;
}

int kconfig_list(const char *dir, char ***ret_names, struct err *err)
{
	AUTO_DIR DIR *d = opendir(dir);
	char **names = mem_alloc0(sizeof(*names));
	struct dirent *e;
	size_t n = 0;

	if (!d) {
		free(names);
		return err_sys(err, "open %s", dir);
	}
	while ((e = readdir(d)))
		if (e->d_name[0] != '.' && str_ends(e->d_name, SUFFIX))
			strv_push(&names, &n,
				  str_ndup(e->d_name,
					   strlen(e->d_name) - strlen(SUFFIX)));
	qsort(names, n, sizeof(*names), compare_names);
	*ret_names = names;
	return 0;
}

static bool name_ok(const char *name)
{
	return *name && *name != '.' && strlen(name) < 200 && !strchr(name, '/');
}

static bool has_fragment(const struct kconfig *k, const char *file)
{
	for (size_t i = 0; i < k->nfragments; i++)
		if (strcmp(k->fragments[i].name, file) == 0)
			return true;
	return false;
}

static void set_once(char **field, const char *value)
{
	free(*field);
	*field = str_dup(value);
}

static int load_fragment(const char *dir, const char *file, int depth, struct kconfig *k,
			 struct err *err);

static void add_cmdline(struct kconfig *k, const char *words)
{
	char *all = str_printf("%s%s%s", k->cmdline, *k->cmdline ? " " : "", words);

	free(k->cmdline);
	k->cmdline = all;
}

/* Headers with a value of a form of their own. */
static int take_value(const char *path, int number, const char *key, const char *value,
		      int depth, struct kconfig *k, struct err *err)
{
	long long n;

	if (strcmp(key, "tier") == 0) {
		if (strcmp(value, "quick") && strcmp(value, "deep"))
			return err_set(err, ERR_INPUT,
				       "%s:%d: tier \"%s\" is neither quick nor deep",
				       path, number, value);
		/* What is included gives its symbols, not its place. */
		if (depth == 0)
			k->deep = strcmp(value, "deep") == 0;
		return 0;
	}
	if (!str_to_ll(value, 1, SLOWDOWN_MAX, &n))
		return err_set(err, ERR_INPUT,
			       "%s:%d: slowdown \"%s\" is no number from 1 to %d", path,
			       number, value, SLOWDOWN_MAX);
	k->slowdown = (unsigned)n;
	return 0;
}

/* One header line; arch and target of the outer file win as it comes last. */
static int take_header(const char *dir, const char *path, int number, char *key,
		       char *value, int depth, struct kconfig *k, struct err *err)
{
	if (!value || !*value)
		return err_set(err, ERR_INPUT, "%s:%d: \"%s\" has no value", path, number,
			       key);
	if (strcmp(key, "arch") == 0)
		set_once(&k->arch, value);
	else if (strcmp(key, "target") == 0)
		set_once(&k->target, value);
	else if (strcmp(key, "include") == 0)
		return load_fragment(dir, value, depth + 1, k, err);
	else if (strcmp(key, "cmdline") == 0)
		add_cmdline(k, value);
	else if (strcmp(key, "tier") == 0 || strcmp(key, "slowdown") == 0)
		return take_value(path, number, key, value, depth, k, err);
	else if (strcmp(key, "optional") != 0)
		return err_set(err, ERR_INPUT,
			       "%s:%d: unknown key \"%s\" (arch, target, include, "
			       "optional, cmdline, slowdown, tier)",
			       path, number, key);
	return 0;
}

static int load_headers(const char *dir, const char *path, const char *text, int depth,
			struct kconfig *k, struct err *err)
{
	AUTO(lines_done) struct lines l = { .next = text };
	char *key, *value;

	while (lines_next(&l))
		if (header_parse(l.line, &key, &value) &&
		    take_header(dir, path, l.number, key, value, depth, k, err) < 0)
			return -1;
	return 0;
}

static int load_fragment(const char *dir, const char *file, int depth, struct kconfig *k,
			 struct err *err)
{
	AUTO_FREE char *path = path_join(dir, file, NULL);
	AUTO_FREE char *text = NULL;

	if (has_fragment(k, file))
		return 0;
	if (!name_ok(file) || !str_ends(file, SUFFIX))
		return err_set(err, ERR_INPUT, "%s: not the name of a .config file here",
			       file);
	if (depth > INCLUDE_DEPTH)
		return err_set(err, ERR_INPUT, "%s: includes nest too deep", path);
	if (file_read(path, FRAGMENT_MAX, &text, NULL, err) < 0 ||
	    load_headers(dir, path, text, depth, k, err) < 0)
		return -1;
	k->fragments =
		mem_realloc(k->fragments, k->nfragments + 1, sizeof(*k->fragments));
	k->fragments[k->nfragments++] = (struct kconfig_fragment){
		.name = str_dup(file),
		.text = TAKE_PTR(text),
	};
	return 0;
}

static int no_such_config(const char *dir, const char *name, struct err *err)
{
	AUTO(str_done) struct str have = STR_INIT;
	char **names = NULL;

	if (kconfig_list(dir, &names, err) < 0)
		return -1;
	for (size_t i = 0; names[i]; i++)
		str_addf(&have, "%s%s", i ? ", " : "", names[i]);
	strv_free(names);
	return err_set(err, ERR_MISSING, "no config \"%.100s\" in %s (there is: %s)",
		       name, dir, have.len ? str_get(&have) : "none");
}

int kconfig_load(const char *dir, const char *name, struct kconfig *k, struct err *err)
{
	AUTO_FREE char *file = str_printf("%s" SUFFIX, name);
	AUTO_FREE char *path = path_join(dir, file, NULL);
	AUTO(kconfig_done)
	struct kconfig new = {
		.name = str_dup(name),
		.arch = str_dup("x86_64"),
		.target = str_dup("vmlinux"),
		.cmdline = str_dup(""),
		.slowdown = 1,
	};

	if (!name_ok(name) || !path_exists(path))
		return no_such_config(dir, name, err);
	if (load_fragment(dir, file, 0, &new, err) < 0)
		return -1;
	*k = new;
	new = (struct kconfig){ 0 };
	return 0;
}

void kconfig_done(struct kconfig *k)
{
	for (size_t i = 0; i < k->nfragments; i++) {
		free(k->fragments[i].name);
		free(k->fragments[i].text);
	}
	free(k->fragments);
	free(k->name);
	free(k->arch);
	free(k->target);
	free(k->cmdline);
	*k = (struct kconfig){ 0 };
}

void kconfig_hash(const struct kconfig *k, char ret_hex[SHA256_HEX])
{
	AUTO_FREE char *count = str_printf("%zu", k->nfragments);
	struct sha256 *h = sha256_new();

	sha256_add_str(h, "sluice kconfig 1");
	sha256_add_str(h, k->arch);
	sha256_add_str(h, k->target);
	sha256_add_str(h, count);
	for (size_t i = 0; i < k->nfragments; i++)
		sha256_add_str(h, k->fragments[i].text);
	sha256_hex(h, ret_hex);
	sha256_free(h);
}

/* Length of the symbol at s ("CONFIG_X"), 0 if there is none. */
static size_t symbol_len(const char *s)
{
	size_t n = 7;

	if (!str_starts(s, "CONFIG_"))
		return 0;
	while (isalnum((unsigned char)s[n]) || s[n] == '_')
		n++;
	return n > 7 ? n : 0;
}

/* "CONFIG_X=v" or "# CONFIG_X is not set"; *ret_value is copied. */
static bool setting_parse(const char *line, char **ret_symbol, char **ret_value)
{
	bool off = str_starts(line, "# ");
	const char *s = off ? line + 2 : line;
	size_t n = symbol_len(s);

	if (!n || (off ? !str_starts(s + n, " is not set") : s[n] != '='))
		return false;
	*ret_symbol = str_ndup(s, n);
	*ret_value = off ? str_dup("n") : str_dup(s + n + 1);
	return true;
}

/* {"CONFIG_X":"y"} of a text; the last setting wins. */
static struct json_object *settings_of(const char *text)
{
	struct json_object *all = json_object_new_object();
	AUTO(lines_done) struct lines l = { .next = text };
	char *symbol, *value;

	while (lines_next(&l)) {
		if (!setting_parse(l.line, &symbol, &value))
			continue;
		json_set_str(all, symbol, str_trim(value));
		free(symbol);
		free(value);
	}
	return all;
}

char *kconfig_value(const char *dotconfig, const char *symbol)
{
	AUTO_JSON struct json_object *all = settings_of(dotconfig);

	return str_dup(json_str(all, symbol, "n"));
}

char *kconfig_apply(const char *dotconfig, const char *text)
{
	AUTO_JSON struct json_object *ours = settings_of(text);
	AUTO(lines_done) struct lines l = { .next = dotconfig };
	struct str out = STR_INIT;
	char *symbol, *value;

	while (lines_next(&l)) {
		bool drop = false;

		if (setting_parse(l.line, &symbol, &value)) {
			drop = json_object_object_get_ex(ours, symbol, NULL);
			free(symbol);
			free(value);
		}
		if (!drop)
			str_addf(&out, "%s\n", l.line);
	}
	str_add(&out, text);
	if (out.len && out.data[out.len - 1] != '\n')
		str_addc(&out, '\n');
	return str_take(&out);
}

/* Adds the symbols of "# sluice: optional=A,B" lines. */
static void optional_of(const char *text, struct json_object *set)
{
	AUTO(lines_done) struct lines l = { .next = text };
	char *key, *value;

	while (lines_next(&l)) {
		char **names;

		if (!header_parse(l.line, &key, &value) || !value ||
		    strcmp(key, "optional") != 0)
			continue;
		names = strv_split(value, ", \t");
		for (size_t i = 0; names[i]; i++)
			json_set_bool(set, names[i], true);
		strv_free(names);
	}
}

char **kconfig_check(const struct kconfig_fragment *fragments, size_t n,
		     const char *dotconfig, kconfig_defines_fn defines, void *arg)
{
	AUTO_JSON struct json_object *optional = json_object_new_object();
	AUTO_JSON struct json_object *have = settings_of(dotconfig);
	AUTO_JSON struct json_object *want = NULL;
	AUTO(str_done) struct str all = STR_INIT;
	char **missing = mem_alloc0(sizeof(*missing));
	size_t nmissing = 0;

	for (size_t i = 0; i < n; i++) {
		optional_of(fragments[i].text, optional);
		str_addf(&all, "%s\n", fragments[i].text);
	}
	want = settings_of(str_get(&all));
	json_object_object_foreach(want, symbol, value)
	{
		const char *wanted = json_object_get_string(value);
		const char *got = json_str(have, symbol, "n");

		if (strcmp(wanted, got) == 0)
			continue;
		if (json_flag(optional, symbol, false) && defines &&
		    !defines(symbol, arg))
			continue;
		strv_push(&missing, &nmissing,
			  str_printf("%s: wanted %s, got %s", symbol, wanted, got));
	}
	return missing;
}

const char *kconfig_srcarch(const char *arch)
{
	if (strcmp(arch, "x86_64") == 0 || strcmp(arch, "i386") == 0)
		return "x86";
	if (str_starts(arch, "sparc"))
		return "sparc";
	if (str_starts(arch, "parisc"))
		return "parisc";
	return arch;
}

struct tree_walk {
	const char *src, *srcarch, *symbol; /* symbol without CONFIG_ */
	struct json_object *seen;
	int files;
};

/* The path of a 'source "…"' line below src, or NULL. */
static char *source_path(const struct tree_walk *w, const char *line)
{
	AUTO(str_done) struct str path = STR_INIT;
	const char *from = strchr(line, '"'), *to = from ? strchr(from + 1, '"') : NULL;

	if (!to)
		return NULL;
	for (const char *p = from + 1; p < to;) {
		if (str_starts(p, "$(SRCARCH)")) {
			str_add(&path, w->srcarch);
			p += strlen("$(SRCARCH)");
		} else if (str_starts(p, "$(srctree)/")) {
			p += strlen("$(srctree)/");
		} else {
			str_addc(&path, *p++);
		}
	}
	return strstr(str_get(&path), "..") ? NULL : str_take(&path);
}

static bool walk_file(struct tree_walk *w, const char *file, int depth);

static bool walk_line(struct tree_walk *w, char *line, int depth)
{
	AUTO_FREE char *path = NULL;
	const char *name = NULL;

	line = str_trim(line);
	if (str_starts(line, "config "))
		name = line + strlen("config ");
	else if (str_starts(line, "menuconfig "))
		name = line + strlen("menuconfig ");
	if (name)
		return strcmp(str_trim(line + (name - line)), w->symbol) == 0;
	if (!str_starts(line, "source ") && !str_starts(line, "source\t"))
		return false;
	path = source_path(w, line);
	return path && walk_file(w, path, depth + 1);
}

static bool walk_file(struct tree_walk *w, const char *file, int depth)
{
	AUTO_FREE char *path = path_join(w->src, file, NULL);
	AUTO_FREE char *text = NULL;
	AUTO(lines_done) struct lines l = { 0 };

	if (depth > 32 || w->files++ >= KCONFIG_FILES_MAX ||
	    json_flag(w->seen, file, false))
		return false;
	json_set_bool(w->seen, file, true);
	if (file_read(path, KCONFIG_FILE_MAX, &text, NULL, NULL) < 0)
		return false;
	l.next = text;
	while (lines_next(&l))
		if (walk_line(w, l.line, depth))
			return true;
	return false;
}

bool kconfig_tree_defines(const char *src, const char *srcarch, const char *symbol)
{
	AUTO_JSON struct json_object *seen = json_object_new_object();
	struct tree_walk w = {
		.src = src,
		.srcarch = srcarch,
		.symbol = str_starts(symbol, "CONFIG_") ? symbol + 7 : symbol,
		.seen = seen,
	};

	return walk_file(&w, "Kconfig", 0);
}
