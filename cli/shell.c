#include "cli/shell.h"

#include <string.h>

#include "lib/cleanup.h"

#define LINE_WIDTH 76

void shell_word(struct str *out, const char *text)
{
	static const char harmless[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789_-+=./:,@%";

	if (*text && strspn(text, harmless) == strlen(text)) {
		str_add(out, text);
		return;
	}
	str_addc(out, '\'');
	for (const char *c = text; *c; c++) {
		if (*c == '\'')
			str_add(out, "'\\''");
		else
			str_addc(out, *c);
	}
	str_addc(out, '\'');
}

void shell_argv(struct str *out, char *const *argv)
{
	size_t line = 0;

	for (size_t i = 0; argv[i]; i++) {
		AUTO(str_done) struct str word = STR_INIT;

		shell_word(&word, argv[i]);
		if (i > 0 && line + 1 + word.len > LINE_WIDTH) {
			str_add(out, " \\\n    ");
			line = 4;
		} else if (i > 0) {
			str_addc(out, ' ');
			line++;
		}
		str_addn(out, str_get(&word), word.len);
		line += word.len;
	}
}
