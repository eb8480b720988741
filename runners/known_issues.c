#include "runners/known_issues.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/conf.h"
#include "lib/file.h"
#include "lib/str.h"
#include "runners/inifile.h"

#define FILE_MAX (1UL << 20)

static const char *const known_keys[] = { "kernel", "topology", "match",
					  "reason", "expires",  NULL };

/* "suite/test", or that and a blank and anything; the caller frees the id. */
static char *section_test(const char *name)
{
	AUTO_FREE char *id = str_ndup(name, strcspn(name, " "));
	AUTO_FREE char *suite = str_ndup(id, strcspn(id, "/"));
	const char *slash = strchr(id, '/');

	if (!slash || !inifile_name_ok(suite) || !inifile_name_ok(slash + 1))
		return NULL;
	return TAKE_PTR(id);
}

/* A day of the calendar, as "2027-05-01". */
static bool date_ok(const char *s)
{
	static const char form[] = "0000-00-00";
	static const int days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	long month, day;

	if (strlen(s) != strlen(form))
		return false;
	for (size_t i = 0; form[i]; i++)
		if (form[i] == '-' ? s[i] != '-' : !isdigit((unsigned char)s[i]))
			return false;
	month = strtol(s + 5, NULL, 10);
	day = strtol(s + 8, NULL, 10);
	return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1];
}

/* The value of a key that must be there and say something. */
static char *needed(struct conf *c, const struct conf_section *s, const char *key)
{
	const char *v = conf_get(s, key, NULL);

	if (!v || !*v)
		conf_complain(c, conf_section_line(s), "[%s]: no %s",
			      conf_section_name(s), key);
	return str_dup(v ? v : "");
}

static void parse_kernel(struct conf *c, const struct conf_section *s,
			 struct known_issue *k)
{
	AUTO_FREE char *v = needed(c, s, "kernel");
	int line;

	conf_get(s, "kernel", &line);
	if (*v && !kernel_range_parse(v, &k->kernel))
		conf_complain(
			c, line,
			"kernel: \"%s\" is no version or range (6.1, 6.1..6.5, 6.11..)",
			v);
}

static void parse_expires(struct conf *c, const struct conf_section *s,
			  struct known_issue *k)
{
	int line;

	k->expires = needed(c, s, "expires");
	conf_get(s, "expires", &line);
	if (*k->expires && !date_ok(k->expires))
		conf_complain(c, line, "expires: \"%s\" is no day (2027-05-01)",
			      k->expires);
}

static void parse_issue(struct conf *c, const struct conf_section *s,
			struct known_issues *all)
{
	const char *topologies = conf_get(s, "topology", NULL);
	struct known_issue *k;

	all->v = mem_realloc(all->v, all->n + 1, sizeof(*all->v));
	k = &all->v[all->n++];
	*k = (struct known_issue){ .test = section_test(conf_section_name(s)),
				   .line = conf_section_line(s) };
	if (!k->test)
		conf_complain(c, k->line, "[%s] is no test, as in [suite/test]",
			      conf_section_name(s));
	k->topologies = topologies ? strv_split(topologies, " \t,") : NULL;
	parse_kernel(c, s, k);
	k->match = needed(c, s, "match");
	k->reason = needed(c, s, "reason");
	parse_expires(c, s, k);
	conf_check_unused(c, s, known_keys);
}

int known_issues_parse(const char *label, const char *text, struct known_issues **ret,
		       struct err *err)
{
	struct known_issues *k = mem_alloc0(sizeof(*k));
	struct conf *c = conf_parse(label, text, strlen(text));
	int r;

	for (size_t i = 0; i < conf_sections(c); i++)
		parse_issue(c, conf_section_at(c, i), k);
	r = inifile_complaints(c, err);
	conf_free(c);
	if (r < 0)
		known_issues_free(k);
	else
		*ret = k;
	return r;
}

int known_issues_load(const char *path, struct known_issues **ret, struct err *err)
{
	AUTO_FREE char *text = NULL;

	if (path_exists(path) && file_read(path, FILE_MAX, &text, NULL, err) < 0)
		return -1;
	return known_issues_parse(path, text ? text : "", ret, err);
}

static void issue_done(struct known_issue *k)
{
	free(k->test);
	strv_free(k->topologies);
	free(k->match);
	free(k->reason);
	free(k->expires);
}

void known_issues_free(struct known_issues *k)
{
	if (!k)
		return;
	for (size_t i = 0; i < k->n; i++)
		issue_done(&k->v[i]);
	free(k->v);
	free(k);
}

char **known_issues_expire(struct known_issues *k, const char *today)
{
	char **lines = mem_alloc0((k->n + 1) * sizeof(*lines));
	size_t left = 0, n = 0;

	for (size_t i = 0; i < k->n; i++) {
		struct known_issue *issue = &k->v[i];

		/* Dates of this form sort as text. */
		if (strcmp(issue->expires, today) >= 0) {
			k->v[left++] = *issue;
			continue;
		}
		lines[n++] = str_printf(KNOWN_ISSUES_FILE
					":%d: [%s] expired on %s and no longer counts",
					issue->line, issue->test, issue->expires);
		issue_done(issue);
	}
	k->n = left;
	return lines;
}

static bool holds_on(const struct known_issue *k, const char *topology)
{
	if (!k->topologies)
		return true;
	for (char **t = k->topologies; *t; t++)
		if (strcmp(*t, topology) == 0)
			return true;
	return false;
}

static bool covers(const struct known_issue *k, const char *test, const char *topology,
		   const char *version)
{
	return strcmp(k->test, test) == 0 && holds_on(k, topology) &&
	       kernel_range_has(&k->kernel, version);
}

const struct known_issue *known_issues_find(const struct known_issues *k,
					    const char *test, const char *topology,
					    const char *version, const char *reason)
{
	for (size_t i = 0; k && reason && i < k->n; i++) {
		const struct known_issue *issue = &k->v[i];

		if (covers(issue, test, topology, version) &&
		    strstr(reason, issue->match))
			return issue;
	}
	return NULL;
}

const struct known_issue *known_issues_missed(const struct known_issues *k,
					      const char *test, const char *topology,
					      const char *version)
{
	for (size_t i = 0; k && i < k->n; i++)
		if (covers(&k->v[i], test, topology, version))
			return &k->v[i];
	return NULL;
}
