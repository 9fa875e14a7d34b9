/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ELF files of a kernel: opening them, sections, build-ids. */
#include "facts/vmlinux_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUILD_ID_MAX 64

static struct err *check_header(const struct vmlinux_file *file)
{
	GElf_Ehdr ehdr;

	if (elf_kind(file->elf) != ELF_K_ELF)
		return err_new(ERR_BAD_INPUT, "%s: not an ELF file", file->path);
	if (!gelf_getehdr(file->elf, &ehdr))
		return err_new(ERR_BAD_INPUT, "%s: ELF header: %s", file->path, elf_errmsg(-1));
	/* A kernel that relocates itself (arm64) is linked as a shared object. */
	if (ehdr.e_type != ET_EXEC && ehdr.e_type != ET_DYN)
		return err_new(ERR_BAD_INPUT, "%s: ELF header: e_type is %u, not that of a vmlinux "
			       "(2 or 3)", file->path, ehdr.e_type);
	return NULL;
}

struct err *vmlinux_file_open(const char *path, struct vmlinux_file *ret)
{
	struct vmlinux_file file = { .fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY) };
	struct stat st;
	struct err *e = NULL;

	if (file.fd < 0)
		return err_sys(errno, "%s: cannot be opened", path);
	file.path = strdup(path);
	if (!file.path)
		e = err_nomem;
	else if (fstat(file.fd, &st) || !S_ISREG(st.st_mode))
		e = err_new(ERR_BAD_INPUT, "%s: not a regular file", path);
	else if (elf_version(EV_CURRENT) == EV_NONE ||
		 !(file.elf = elf_begin(file.fd, ELF_C_READ_MMAP, NULL)))
		e = err_new(ERR_BAD_INPUT, "%s: libelf cannot open it: %s", path, elf_errmsg(-1));
	else
		e = check_header(&file);
	if (e) {
		vmlinux_file_close(&file);
		return e;
	}
	*ret = file;
	return NULL;
}

void vmlinux_file_close(struct vmlinux_file *file)
{
	elf_end(file->elf);
	if (file->path || file->elf)
		close(file->fd);
	free(file->path);
	*file = (struct vmlinux_file){ .fd = -1 };
}

Elf_Scn *vmlinux_section(const struct vmlinux_file *file, const char *name, GElf_Shdr *ret)
{
	Elf_Scn *scn = NULL;
	size_t strings;

	if (elf_getshdrstrndx(file->elf, &strings))
		return NULL;
	while ((scn = elf_nextscn(file->elf, scn))) {
		const char *found;

		if (!gelf_getshdr(scn, ret))
			continue;
		found = elf_strptr(file->elf, strings, ret->sh_name);
		if (found && !strcmp(found, name))
			return scn;
	}
	return NULL;
}

Elf_Scn *vmlinux_section_of_type(const struct vmlinux_file *file, unsigned int type,
				 GElf_Shdr *ret)
{
	Elf_Scn *scn = NULL;

	while ((scn = elf_nextscn(file->elf, scn)))
		if (gelf_getshdr(scn, ret) && ret->sh_type == type)
			return scn;
	return NULL;
}

bool vmlinux_has_debug(const struct vmlinux_file *file)
{
	GElf_Shdr shdr;

	return (vmlinux_section(file, ".debug_info", &shdr) && shdr.sh_type != SHT_NOBITS) ||
	       vmlinux_section(file, ".zdebug_info", &shdr);
}

struct err *vmlinux_unpack_debug(const struct vmlinux_file *file)
{
	GElf_Shdr shdr;
	GElf_Chdr chdr = { 0 };
	Elf_Scn *scn = vmlinux_section(file, ".debug_info", &shdr);

	if (!scn || !(shdr.sh_flags & SHF_COMPRESSED) || elf_compress(scn, 0, 0) >= 0)
		return NULL;
	(void)gelf_getchdr(scn, &chdr);
	return err_new(ERR_BAD_INPUT, "%s: .debug_info is compressed (ch_type %u) and libelf cannot unpack "
		       "it: %s; \"objcopy --decompress-debug-sections\" may", file->path,
		       (unsigned int)chdr.ch_type, elf_errmsg(-1));
}

/* The build-id among the notes of one section; a kernel's are in .notes. */
static size_t build_id_in(Elf_Scn *scn, uint8_t *buf)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	size_t at = 0, next, name, desc;
	GElf_Nhdr nhdr;

	if (!data || !data->d_buf)
		return 0;
	for (; (next = gelf_getnote(data, at, &nhdr, &name, &desc)); at = next) {
		if (nhdr.n_type != NT_GNU_BUILD_ID || nhdr.n_namesz != sizeof("GNU") ||
		    memcmp((const char *)data->d_buf + name, "GNU", sizeof("GNU")) ||
		    nhdr.n_descsz > BUILD_ID_MAX)
			continue;
		memcpy(buf, (const uint8_t *)data->d_buf + desc, nhdr.n_descsz);
		return nhdr.n_descsz;
	}
	return 0;
}

size_t vmlinux_build_id(const struct vmlinux_file *file, uint8_t *buf)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;
	size_t len;

	while ((scn = elf_nextscn(file->elf, scn))) {
		if (!gelf_getshdr(scn, &shdr) || shdr.sh_type != SHT_NOTE)
			continue;
		len = build_id_in(scn, buf);
		if (len)
			return len;
	}
	return 0;
}
