/*
 * One line a failure, on stderr, with the program's name in front; where stderr is
 * the journal's, with its priority there instead. Nothing
 * below the top of a command logs: errors travel up in struct err.
 */
#ifndef SLUICE_LIB_LOG_H
#define SLUICE_LIB_LOG_H

void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Shown only when $SLUICE_DEBUG is set. */
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
