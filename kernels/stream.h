/*
 * A child at the end of one pipe, for the two tools that are plain filters of
 * bytes (xz before the tar reader, git fast-import behind it) and need no event
 * loop: whoever imports a tree has nothing else to do and blocks on the pipe.
 * When our process dies the pipe ends, and the child with it.
 */
#ifndef SLUICE_KERNELS_STREAM_H
#define SLUICE_KERNELS_STREAM_H

#include <sys/types.h>

#include "lib/err.h"

enum stream_dir {
	STREAM_READ,      /* we read the child's stdout */
	STREAM_READ_BOTH, /* stdout and stderr in one */
	STREAM_WRITE,     /* we write the child's stdin */
};

struct stream {
	pid_t pid;
	int fd;     /* our end; the stream's, closed by stream_end */
	int err_fd; /* an unnamed file that takes the child's stderr */
	const char *name;
};

/*
 * stdin_fd (for reading; -1: /dev/null) stays the caller's. envp NULL: ours.
 * ERR_MISSING when the program is not there.
 */
int stream_start(struct stream *s, enum stream_dir dir, char *const *argv,
		 char *const *envp, int stdin_fd, struct err *err);
/* Closes our end and waits. -1 with the last line of its stderr when it failed. */
int stream_end(struct stream *s, struct err *err);
/* Kills what still runs; for every way out (a stream of zeroes with pid 0 is fine). */
void stream_done(struct stream *s);

#endif
