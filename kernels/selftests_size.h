/*
 * How large the selftests of a tree may be that a guest takes along. A patch decides
 * their size, and what they take is the guest's memory. Blocks on stat and unlink.
 */
#ifndef SLUICE_KERNELS_SELFTESTS_SIZE_H
#define SLUICE_KERNELS_SELFTESTS_SIZE_H

#include <json-c/json.h>
#include <stdint.h>

/*
 * What is wrong with the size of a program before strip, which is not to work on it
 * for minutes; NULL for nothing. max: bytes that all may have together, 0 for any.
 * The caller frees.
 */
char *selftests_size_fault(const char *path, uint64_t max);
/*
 * Turns the largest of the role's "programs" into failed ones until the rest has at
 * most max bytes; their files, below jobdir, go. The others do not suffer from them.
 */
void selftests_size_fit(struct json_object *programs, const char *jobdir, uint64_t max);

#endif
