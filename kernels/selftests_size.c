#include "kernels/selftests_size.h"

#include <sys/stat.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/str.h"

/* Debug information is many times as large as the code. */
#define SYMBOLS_FACTOR 8

static uint64_t size_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

/* "70.5 MiB" */
static char *mib(uint64_t bytes)
{
	return str_printf("%.1f MiB", (double)bytes / (1 << 20));
}

static char *fault(uint64_t size, uint64_t max)
{
	AUTO_FREE char *has = mib(size), *room = mib(max);

	return str_printf("has %s, and a guest has room for %s of selftests", has, room);
}

char *selftests_size_fault(const char *path, uint64_t max)
{
	uint64_t size = size_of(path);

	return max && size / SYMBOLS_FACTOR > max ? fault(size, max) : NULL;
}

static char *file_of(struct json_object *program, const char *jobdir)
{
	const char *file = json_str(program, "file", NULL);

	return file ? path_join(jobdir, file, NULL) : NULL;
}

/* The sum of all; *ret_largest is the first of the largest, NULL when all are empty. */
static uint64_t measure(struct json_object *programs, const char *jobdir,
			struct json_object **ret_largest)
{
	uint64_t sum = 0, largest = 0;

	*ret_largest = NULL;
	for (size_t i = 0; i < json_len(programs); i++) {
		struct json_object *p = json_object_array_get_idx(programs, i);
		AUTO_FREE char *path = file_of(p, jobdir);
		uint64_t size = path ? size_of(path) : 0;

		sum += size;
		if (size <= largest)
			continue;
		largest = size;
		*ret_largest = p;
	}
	return sum;
}

static void drop(struct json_object *program, const char *jobdir, uint64_t max)
{
	AUTO_FREE char *path = file_of(program, jobdir);
	AUTO_FREE char *what = fault(size_of(path), max);
	AUTO_FREE char *why = str_printf("make succeeded, but %s %s",
					 json_str(program, "name", "?"), what);

	unlink(path);
	json_set_str(program, "status", "fail");
	json_set_str(program, "file", NULL);
	json_set_str(program, "error", why);
}

void selftests_size_fit(struct json_object *programs, const char *jobdir, uint64_t max)
{
	struct json_object *largest;

	while (max && measure(programs, jobdir, &largest) > max && largest)
		drop(largest, jobdir, max);
}
