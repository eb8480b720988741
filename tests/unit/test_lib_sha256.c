#include "tests/unit/cm.h"

#include "lib/cleanup.h"
#include "lib/sha256.h"

/* FIPS 180-2, appendix B. */
#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void known_digests(void **state)
{
	char hex[SHA256_HEX];

	(void)state;
	sha256_of("abc", 3, hex);
	assert_string_equal(hex, ABC);
	sha256_of("", 0, hex);
	assert_string_equal(hex, EMPTY);
}

static void pieces_are_the_whole(void **state)
{
	struct sha256 *h = sha256_new();
	char hex[SHA256_HEX];

	(void)state;
	sha256_add(h, "a", 1);
	sha256_add(h, "bc", 2);
	sha256_hex(h, hex);
	sha256_free(h);
	sha256_free(NULL);
	assert_string_equal(hex, ABC);
}

static void strings_keep_their_borders(void **state)
{
	struct sha256 *a = sha256_new(), *b = sha256_new();
	char x[SHA256_HEX], y[SHA256_HEX];

	(void)state;
	sha256_add_str(a, "ab");
	sha256_add_str(a, "c");
	sha256_add_str(b, "a");
	sha256_add_str(b, "bc");
	sha256_hex(a, x);
	sha256_hex(b, y);
	sha256_free(a);
	sha256_free(b);
	assert_string_not_equal(x, y);
}

static void files(void **state)
{
	AUTO_FREE char *path = path_join(*state, "f", NULL);
	AUTO_FREE char *big = mem_alloc0(200000);
	char hex[SHA256_HEX], want[SHA256_HEX];
	struct err err = { 0 };

	assert_int_equal(sha256_of_file(path, hex, &err), -1);
	assert_non_null(strstr(err.msg, path));
	assert_int_equal(file_write_atomic(path, "abc", 3, 0644, &err), 0);
	assert_int_equal(sha256_of_file(path, hex, &err), 0);
	assert_string_equal(hex, ABC);
	assert_int_equal(file_write_atomic(path, big, 200000, 0644, &err), 0);
	assert_int_equal(sha256_of_file(path, hex, &err), 0);
	sha256_of(big, 200000, want);
	assert_string_equal(hex, want);
	assert_int_equal(sha256_of_file(*state, hex, &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_digests),
		cmocka_unit_test(pieces_are_the_whole),
		cmocka_unit_test(strings_keep_their_borders),
		tmpdir_test(files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
