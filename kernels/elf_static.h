/* Whether a program runs where there is no library and no loader: in the guest. */
#ifndef SLUICE_KERNELS_ELF_STATIC_H
#define SLUICE_KERNELS_ELF_STATIC_H

/* NULL if it does, else why not ("is linked dynamically"). Blocks. */
const char *elf_static_fault(const char *path);

#endif
