#include "runners/program.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/str.h"

#define SEGMENTS_MAX 256

static int not_elf(const char *path, const Elf64_Ehdr *h, ssize_t n, struct err *err)
{
	if (n >= 2 && memcmp(h, "#!", 2) == 0)
		return err_set(err, ERR_INPUT,
			       "%s: is a script, and the guest has no interpreter for it",
			       path);
	if (n < (ssize_t)SELFMAG || memcmp(h->e_ident, ELFMAG, SELFMAG) != 0)
		return err_set(err, ERR_INPUT, "%s: is no program (no ELF file)", path);
	return err_set(err, ERR_INPUT,
		       "%s: is a program for another processor, the guest's is x86_64",
		       path);
}

static int check_header(int fd, const char *path, Elf64_Ehdr *h, struct err *err)
{
	ssize_t n = pread(fd, h, sizeof(*h), 0);

	if (n < 0)
		return err_sys(err, "%s", path);
	if (n < (ssize_t)sizeof(*h) || memcmp(h->e_ident, ELFMAG, SELFMAG) != 0 ||
	    h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_ident[EI_DATA] != ELFDATA2LSB ||
	    h->e_machine != EM_X86_64)
		return not_elf(path, h, n, err);
	/* ET_DYN: a static program that may be loaded anywhere. */
	if ((h->e_type != ET_EXEC && h->e_type != ET_DYN) || h->e_phnum == 0 ||
	    h->e_phnum > SEGMENTS_MAX || h->e_phentsize != sizeof(Elf64_Phdr))
		return err_set(err, ERR_INPUT,
			       "%s: is an ELF file, but no program that can be started",
			       path);
	return 0;
}

static int check_segments(int fd, const char *path, const Elf64_Ehdr *h, struct err *err)
{
	for (unsigned int i = 0; i < h->e_phnum; i++) {
		Elf64_Phdr p;
		char loader[128] = "";
		off_t at = (off_t)(h->e_phoff + i * sizeof(p));

		if (pread(fd, &p, sizeof(p), at) != (ssize_t)sizeof(p))
			return err_set(err, ERR_INPUT, "%s: is cut short", path);
		if (p.p_type != PT_INTERP)
			continue;
		if (pread(fd, loader, sizeof(loader) - 1, (off_t)p.p_offset) < 0)
			loader[0] = '\0';
		return err_set(err, ERR_INPUT,
			       "%s: is not static (it wants %s), and the guest has no "
			       "libraries: link it with -static",
			       path, loader[0] ? loader : "a loader");
	}
	return 0;
}

int program_check(const char *path, struct err *err)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	Elf64_Ehdr h;

	if (fd < 0 && errno == ENOENT)
		return err_set(err, ERR_MISSING, "%s: there is no such file", path);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, "%s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_INPUT, "%s: is no file", path);
	if (!(st.st_mode & 0111))
		return err_set(err, ERR_INPUT, "%s: is not executable (chmod +x)", path);
	if (st.st_size > (off_t)PROGRAM_MAX_BYTES)
		return err_set(err, ERR_LIMIT,
			       "%s: has %lld MiB, a guest's program at most %u", path,
			       (long long)(st.st_size >> 20), PROGRAM_MAX_BYTES >> 20);
	if (check_header(fd, path, &h, err) < 0)
		return -1;
	return check_segments(fd, path, &h, err);
}
