/* Where --json FILE goes. */
#ifndef SLUICE_CLI_DOCUMENT_FILE_H
#define SLUICE_CLI_DOCUMENT_FILE_H

#include <stdbool.h>

#include "lib/json.h"

/* Whether FILE is standard output; what people read goes to standard error then. */
bool document_file_is_stdout(const char *file);
/* EXIT_OK; EXIT_INFRA when the file cannot be written, which it says itself. */
int document_file_write(const char *file, struct json_object *doc);

#endif
