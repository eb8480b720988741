#include <linux/mm.h>

TOY_SAYS(ksm, "ksm=ok");
