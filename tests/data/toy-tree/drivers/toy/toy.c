#include <linux/toy.h>

TOY_SAYS(driver, "driver=ok");
