#include "../kselftest.h"
#include "toy_util.h"

const char *const toy_moves_version = "moves 1";

int main(void)
{
	return ksft_one(toy_locked(1), toy_moves_version);
}
