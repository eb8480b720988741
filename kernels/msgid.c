#include "kernels/msgid.h"

#include <string.h>
#include <strings.h>

#include "lib/cleanup.h"
#include "lib/str.h"

enum { MSGID_MAX = 900 };

bool msgid_is_valid(const char *msgid)
{
	size_t len = strlen(msgid);

	if (!len || len > MSGID_MAX || !strchr(msgid, '@'))
		return false;
	for (const unsigned char *p = (const unsigned char *)msgid; *p; p++)
		if (*p <= ' ' || *p == 0x7f || *p == '<' || *p == '>')
			return false;
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static char *percent_decode(const char *s, size_t len)
{
	struct str out = STR_INIT;

	for (size_t i = 0; i < len; i++) {
		if (s[i] == '%' && i + 2 < len && hex_digit(s[i + 1]) >= 0 &&
		    hex_digit(s[i + 2]) >= 0) {
			str_addc(&out,
				 (char)(hex_digit(s[i + 1]) * 16 + hex_digit(s[i + 2])));
			i += 2;
		} else {
			str_addc(&out, s[i]);
		}
	}
	return str_take(&out);
}

/* The first path component behind the host that decodes to a message-id. */
static char *from_url(const char *url)
{
	const char *p = strstr(url, "://");
	size_t len;

	p = p ? p + 3 : url;
	for (p += strcspn(p, "/?#"); *p == '/'; p += len) {
		AUTO_FREE char *part = NULL;

		p++;
		len = strcspn(p, "/?#");
		part = percent_decode(p, len);
		if (msgid_is_valid(part))
			return TAKE_PTR(part);
	}
	return NULL;
}

int msgid_from_text(const char *text, char **ret_msgid, struct err *err)
{
	AUTO_FREE char *copy = str_dup(text);
	AUTO_FREE char *id = NULL;
	char *s = str_trim(copy);
	size_t len;

	if (*s == '<')
		s++;
	len = strlen(s);
	if (len && s[len - 1] == '>')
		s[len - 1] = '\0';
	if (!strncasecmp(s, "http://", 7) || !strncasecmp(s, "https://", 8))
		id = from_url(s);
	else if (!strncasecmp(s, "id:", 3))
		id = str_dup(s + 3);
	else if (!strncasecmp(s, "mid:", 4))
		id = str_dup(s + 4);
	else
		id = str_dup(s);
	if (!id || !msgid_is_valid(id))
		return err_set(err, ERR_INPUT, "%.200s: no message-id in it", text);
	*ret_msgid = TAKE_PTR(id);
	return 0;
}
