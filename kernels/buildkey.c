#include "kernels/buildkey.h"

#include "lib/cleanup.h"
#include "lib/str.h"

void build_key(const struct buildkey *k, char ret_hex[SHA256_HEX])
{
	AUTO_FREE char *count = str_printf("%zu", k->ntrees);
	struct sha256 *h = sha256_new();

	sha256_add_str(h, "sluice build 1");
	sha256_add_str(h, count);
	for (size_t i = 0; i < k->ntrees; i++)
		sha256_add_str(h, k->trees[i]);
	sha256_add_str(h, k->config_hash);
	sha256_add_str(h, k->arch);
	for (size_t i = 0; k->make_args && k->make_args[i]; i++)
		sha256_add_str(h, k->make_args[i]);
	sha256_add_str(h, "");
	sha256_add_str(h, k->toolchain);
	sha256_hex(h, ret_hex);
	sha256_free(h);
}
