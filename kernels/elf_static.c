#include "kernels/elf_static.h"

#include <elf.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cleanup.h"

/* elf(5); the class of the machine that we run on, a guest's too. */
#define PHDRS_MAX 64

static bool read_at(int fd, void *buf, size_t len, uint64_t at)
{
	return pread(fd, buf, len, (off_t)at) == (ssize_t)len;
}

static const char *fault_of(int fd)
{
	Elf64_Ehdr head;
	Elf64_Phdr seg;

	if (!read_at(fd, &head, sizeof(head), 0) ||
	    memcmp(head.e_ident, ELFMAG, SELFMAG) != 0)
		return "is no ELF file";
	if (head.e_ident[EI_CLASS] != ELFCLASS64 ||
	    (head.e_type != ET_EXEC && head.e_type != ET_DYN) ||
	    head.e_phentsize != sizeof(seg) || head.e_phnum > PHDRS_MAX)
		return "is no 64-bit program";
	for (unsigned int i = 0; i < head.e_phnum; i++) {
		if (!read_at(fd, &seg, sizeof(seg), head.e_phoff + i * sizeof(seg)))
			return "is cut off";
		if (seg.p_type == PT_INTERP)
			return "is linked dynamically";
	}
	return NULL;
}

const char *elf_static_fault(const char *path)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return "is no file";
	return fault_of(fd);
}
