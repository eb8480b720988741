#include "kernels/refname.h"

#include <stdbool.h>
#include <string.h>

#include "lib/sha256.h"
#include "lib/str.h"

enum { REFNAME_MAX = 200 };

static bool is_plain(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (c && strchr("_+=@,", c));
}

/* A dot is fine but at an end, beside another one, and in a final ".lock". */
static bool dot_is_plain(const char *id, const char *dot)
{
	return dot > id && dot[-1] != '.' && dot[1] && dot[1] != '.' &&
	       strcmp(dot, ".lock") != 0;
}

char *refname_encode(const char *msgid)
{
	struct str out = STR_INIT;
	const char *p;

	if (!*msgid)
		return str_dup("%empty");
	for (p = msgid; *p; p++) {
		if (is_plain((unsigned char)*p) ||
		    (*p == '-' && p > msgid) || /* never looks like an option */
		    (*p == '.' && dot_is_plain(msgid, p)))
			str_addc(&out, *p);
		else
			str_addf(&out, "%%%02X", (unsigned char)*p);
	}
	if (out.len > REFNAME_MAX) {
		char hex[SHA256_HEX];

		sha256_of(msgid, strlen(msgid), hex);
		str_done(&out);
		return str_printf("%%sha256-%s", hex);
	}
	return str_take(&out);
}
