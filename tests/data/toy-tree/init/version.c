#include <generated/utsversion.h>
#include <linux/toy.h>

const char linux_banner[] = "Linux version 6.99.0 (" COMPILED_BY ") " UTS_VERSION "\n";
