#include "cli/document_file.h"

#include <stdio.h>
#include <string.h>

#include "cli/cmd.h"
#include "lib/log.h"

bool document_file_is_stdout(const char *file)
{
	return strcmp(file, "-") == 0;
}

int document_file_write(const char *file, struct json_object *doc)
{
	struct err err = { .code = ERR_NONE };

	if (document_file_is_stdout(file)) {
		puts(json_object_to_json_string_ext(
			doc, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
		return EXIT_OK;
	}
	if (json_write_file(file, doc, &err) == 0)
		return EXIT_OK;
	log_error("%s", err.msg);
	return EXIT_INFRA;
}
