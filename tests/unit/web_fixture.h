/*
 * The web server in a child, as in life, and what it answers. The test's setup fills
 * the database and calls start.
 */
#ifndef SLUICE_TESTS_UNIT_WEB_FIXTURE_H
#define SLUICE_TESTS_UNIT_WEB_FIXTURE_H

#include "tests/unit/db_fixture.h"

#include <curl/curl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/queue_order.h"
#include "web/server.h"

/* Its URL comes through a pipe. */
struct site {
	struct fixture f;
	pid_t pid;
	char url[64];
	int64_t series, run, build;
	bool can_rerun;
	char console[SHA256_HEX];
};

__attribute__((unused)) static const char evil[] =
	"\"><script>alert(1)</script>\xff\x1b[31m'&";

FIXTURE_FN void on_ready(const char *url, void *arg)
{
	int *fd = arg;

	if (write(*fd, url, strlen(url)) < 0)
		_exit(1);
	close(*fd);
}

FIXTURE_FN int repro(struct db *db, int64_t run, char **ret_text, void *arg,
		     struct err *err)
{
	(void)db;
	(void)arg;
	(void)err;
	*ret_text = str_printf("qemu <run %d>\n", (int)run);
	return 1;
}

/* Job 4711 is refused, as by a daemon that does not know it. */
FIXTURE_FN int rerun(int64_t job, void *arg, struct err *err)
{
	(void)arg;
	if (job == 4711)
		return err_set(err, ERR_INPUT, "job 4711 is <unknown>");
	return job == 4712 ? err_set(err, ERR_MISSING, "no daemon") : 0;
}

FIXTURE_FN void start(struct site *s)
{
	int p[2];
	ssize_t n;

	assert_int_equal(pipe(p), 0);
	s->pid = fork();
	if (s->pid == 0) {
		struct err err = { .code = ERR_NONE };
		struct web_opts o = { .db_path = s->f.path,
				      .artifacts = s->f.artifacts,
				      .on_ready = on_ready,
				      .repro = repro,
				      .queue_order = queue_order,
				      .rerun = s->can_rerun ? rerun : NULL,
				      .arg = &p[1] };

		close(p[0]);
		if (web_serve(&o, &err) < 0) {
			fprintf(stderr, "%s\n", err.msg);
			_exit(1);
		}
		_exit(0);
	}
	close(p[1]);
	n = read(p[0], s->url, sizeof(s->url) - 1);
	assert_true(n > 10);
	s->url[n - 1] = '\0'; /* its last slash */
	close(p[0]);
}

FIXTURE_FN int teardown(void **state)
{
	struct site *s = *state;
	int status = -1;

	kill(s->pid, SIGTERM);
	waitpid(s->pid, &status, 0);
	assert_int_equal(status, 0);
	fixture_done(&s->f);
	return 0;
}

struct answer {
	long status;
	struct str body, headers;
};

FIXTURE_FN void answer_done(struct answer *a)
{
	str_done(&a->body);
	str_done(&a->headers);
}

FIXTURE_FN size_t take(char *p, size_t size, size_t n, void *arg)
{
	str_addn(arg, p, size * n);
	return size * n;
}

/* body: a form to post; headers may be several lines. */
FIXTURE_FN struct answer ask_with(struct site *s, const char *path, const char *method,
				  const char *headers, const char *body)
{
	AUTO_FREE char *url = str_printf("%s%s", s->url, path);
	struct answer a = { .status = 0 };
	struct curl_slist *list = NULL;
	char **lines = strv_split(headers ? headers : "", "\n");
	CURL *c = curl_easy_init();

	for (size_t i = 0; lines[i]; i++)
		list = curl_slist_append(list, lines[i]);
	strv_free(lines);
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(c, CURLOPT_TIMEOUT, 20L);
	curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, &a.body);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, &a.headers);
	if (method && strcmp(method, "HEAD") == 0)
		curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
	else if (method)
		curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, method);
	if (body)
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, body);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, list);
	curl_easy_perform(c);
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &a.status);
	curl_easy_cleanup(c);
	curl_slist_free_all(list);
	return a;
}

FIXTURE_FN struct answer ask(struct site *s, const char *path, const char *method,
			     const char *header)
{
	return ask_with(s, path, method, header, NULL);
}

#define GET(s, path) AUTO(answer_done) struct answer a = ask(s, path, NULL, NULL)

FIXTURE_FN bool has(const struct answer *a, const char *what)
{
	return strstr(str_get(&a->body), what) != NULL;
}

FIXTURE_FN bool has_header(const struct answer *a, const char *what)
{
	return strcasestr(str_get(&a->headers), what) != NULL;
}

#endif
