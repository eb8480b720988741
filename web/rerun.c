#include "web/rerun.h"

#include <inttypes.h>
#include <string.h>
#include <sys/random.h>

#include "lib/cleanup.h"
#include "lib/str.h"

int rerun_token(char ret_token[RERUN_TOKEN], struct err *err)
{
	unsigned char bytes[(RERUN_TOKEN - 1) / 2];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return err_sys(err, "getrandom");
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(ret_token + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

/*
 * Browsers send Sec-Fetch-Site to this machine. Since our pages send no referrer, the
 * Origin of their forms is "null" there, and says nothing. One that is neither there is
 * no browser's: the token alone speaks for it.
 */
static bool is_from_here(const struct rerun_ask *a)
{
	if (a->fetch_site)
		return strcmp(a->fetch_site, "same-origin") == 0;
	if (!a->origin)
		return true;
	return str_starts(a->origin, "http://") && strcmp(a->origin + 7, a->host) == 0;
}

/* The value of a field, as far as it goes; our forms hold nothing that is escaped. */
static bool take_field(const char *body, const char *name, char *ret, size_t size)
{
	size_t len = strlen(name), n;

	while (*body && !(strncmp(body, name, len) == 0 && body[len] == '=')) {
		body += strcspn(body, "&");
		body += *body == '&';
	}
	if (!*body)
		return false;
	body += len + 1;
	n = strcspn(body, "&");
	if (n >= size)
		return false;
	memcpy(ret, body, n);
	ret[n] = '\0';
	return true;
}

/* In a time that does not hang on where they differ. */
static bool same_token(const char *a, const char *b)
{
	unsigned char differ = 0;

	if (strlen(a) != RERUN_TOKEN - 1)
		return false;
	for (size_t i = 0; i < RERUN_TOKEN - 1; i++)
		differ |= (unsigned char)(a[i] ^ b[i]);
	return differ == 0;
}

const char *rerun_check(const struct rerun_ask *a, int64_t *ret_job)
{
	char token[RERUN_TOKEN], number[24];
	long long job;

	if (!a->host || !is_from_here(a))
		return "This did not come from a page of this server";
	if (!take_field(a->body, "token", token, sizeof(token)) ||
	    !same_token(token, a->token))
		return "The page is older than the server: load it anew, and ask again";
	if (!take_field(a->body, "job", number, sizeof(number)) ||
	    !str_to_ll(number, 1, INT64_MAX, &job))
		return "Which job?";
	*ret_job = job;
	return NULL;
}

static void hidden(struct html *h, const char *name, const char *value)
{
	html_void(h, "input");
	html_attr(h, "type", "hidden");
	html_attr(h, "name", name);
	html_attr(h, "value", value);
}

void html_rerun(struct html *h, const char *token, int64_t job)
{
	AUTO_FREE char *number = str_printf("%" PRId64, job);
	AUTO_FREE char *command = str_printf("sluice rerun %" PRId64, job);

	if (!token) {
		html_el(h, "code", NULL, command);
		return;
	}
	html_open(h, "form");
	html_attr(h, "method", "post");
	html_attr(h, "action", RERUN_PATH);
	hidden(h, "job", number);
	hidden(h, "token", token);
	html_open(h, "button");
	html_attr(h, "title", command);
	html_text(h, "Run again");
	html_close(h);
	html_close(h);
}
