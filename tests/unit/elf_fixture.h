/*
 * The smallest files that pass for programs: an ELF header and its segments,
 * with or without the loader that a dynamic one asks for.
 */
#ifndef SLUICE_TESTS_UNIT_ELF_FIXTURE_H
#define SLUICE_TESTS_UNIT_ELF_FIXTURE_H

#include <elf.h>
#include <stddef.h>
#include <string.h>

#define ELF_FILE_MAX 512

/* loader NULL: static. Returns the length. */
static inline size_t elf_make(char buf[ELF_FILE_MAX], const char *loader)
{
	Elf64_Ehdr h = { .e_type = ET_EXEC,
			 .e_machine = EM_X86_64,
			 .e_phoff = sizeof(h),
			 .e_phentsize = sizeof(Elf64_Phdr),
			 .e_phnum = 2 };
	Elf64_Phdr load = { .p_type = PT_LOAD };
	Elf64_Phdr interp = { .p_type = loader ? PT_INTERP : PT_NOTE,
			      .p_offset = sizeof(h) + 2 * sizeof(load) };
	size_t len = sizeof(h);

	memcpy(h.e_ident, ELFMAG, SELFMAG);
	h.e_ident[EI_CLASS] = ELFCLASS64;
	h.e_ident[EI_DATA] = ELFDATA2LSB;
	memset(buf, 0, ELF_FILE_MAX);
	memcpy(buf, &h, sizeof(h));
	memcpy(buf + len, &load, sizeof(load));
	len += sizeof(load);
	memcpy(buf + len, &interp, sizeof(interp));
	len += sizeof(interp);
	if (loader) {
		memcpy(buf + len, loader, strlen(loader) + 1);
		len += strlen(loader) + 1;
	}
	return len;
}

#endif
