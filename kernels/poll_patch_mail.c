#include "kernels/poll_patch_mail.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static bool is_header_name(const char *s)
{
	size_t n = 0;

	while (isalnum((unsigned char)s[n]) || s[n] == '-' || s[n] == '_')
		n++;
	return n && !s[n];
}

static void add_header(struct str *out, const char *name, const char *value)
{
	str_addf(out, "%s: ", name);
	for (; *value; value++) {
		if (*value == '\r')
			continue;
		str_addc(out, *value);
		/* A line of its own would be another header. */
		if (*value == '\n' && value[1] != ' ' && value[1] != '\t')
			str_addc(out, ' ');
	}
	str_addc(out, '\n');
}

static void add_headers(struct str *out, struct json_object *headers, const char *msgid)
{
	bool has_id = false;

	json_object_object_foreach(headers, name, value)
	{
		/* Of a header that is there more than once, the first. */
		if (json_object_is_type(value, json_type_array))
			value = json_object_array_get_idx(value, 0);
		if (!is_header_name(name) || !strncasecmp(name, "Content-", 8) ||
		    !json_object_is_type(value, json_type_string))
			continue;
		has_id = has_id || !strcasecmp(name, "Message-ID");
		add_header(out, name, json_object_get_string(value));
	}
	if (!has_id)
		add_header(out, "Message-ID", msgid);
	str_add(out, "Content-Type: text/plain; charset=utf-8\n"
		     "Content-Transfer-Encoding: 8bit\n\n");
}

void poll_patch_mail(struct json_object *patch, struct str *out)
{
	add_headers(out, json_obj(patch, "headers"), json_str(patch, "msgid", ""));
	str_addf(out, "%s\n", json_str(patch, "content", ""));
	str_add(out, json_str(patch, "diff", ""));
}
