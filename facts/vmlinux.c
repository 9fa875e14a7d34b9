/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Symbols, release and build-id of a vmlinux. */
#include "facts/vmlinux.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "facts/vmlinux_file.h"
#include "facts/wanted.h"

#define PROVIDER "vmlinux"
#define BANNER "Linux version "
#define BANNER_READ 128
/* More symbols than that (7.2 has 200 000) are no symbol table. */
#define SYMBOLS_MAX (1u << 26)

static struct err *read_header(struct vmlinux *vmlinux)
{
	GElf_Ehdr ehdr;

	if (!gelf_getehdr(vmlinux->main.elf, &ehdr))
		return err_new(ERR_BAD_INPUT, "%s: ELF header: %s", vmlinux->main.path,
			       elf_errmsg(-1));
	vmlinux->machine = ehdr.e_machine;
	vmlinux->word = ehdr.e_ident[EI_CLASS] == ELFCLASS32 ? 4 : 8;
	vmlinux->order = ehdr.e_ident[EI_DATA] == ELFDATA2MSB ? ORDER_BIG : ORDER_LITTLE;
	vmlinux->build_id_len = vmlinux_build_id(&vmlinux->main, vmlinux->build_id);
	return NULL;
}

/* The file's bytes of the section that holds @len bytes at @va, or NULL. */
static const char *bytes_at(const struct vmlinux_file *file, uint64_t va, size_t len)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;
	Elf_Data *data;

	while ((scn = elf_nextscn(file->elf, scn))) {
		if (!gelf_getshdr(scn, &shdr) || shdr.sh_type == SHT_NOBITS ||
		    !(shdr.sh_flags & SHF_ALLOC) || va < shdr.sh_addr ||
		    !range_fits(va - shdr.sh_addr, len, shdr.sh_size))
			continue;
		data = elf_rawdata(scn, NULL);
		if (!data || !data->d_buf || !range_fits(va - shdr.sh_addr, len, data->d_size))
			return NULL;
		return (const char *)data->d_buf + (va - shdr.sh_addr);
	}
	return NULL;
}

/* A release is a word; what is none is not taken. */
static void take_release(struct vmlinux *vmlinux, const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && text[n] > ' ' && text[n] < 0x7f)
		n++;
	if (n && n < len && n < sizeof(vmlinux->release)) {
		memcpy(vmlinux->release, text, n);
		vmlinux->release[n] = '\0';
	}
}

/* linux_banner is constant, so the file has it whatever the kernel did later. */
static void release_from_banner(struct vmlinux *vmlinux, uint64_t va)
{
	const char *text = bytes_at(&vmlinux->main, va, BANNER_READ);
	size_t skip = strlen(BANNER), len = BANNER_READ;

	/* The end of its section may be nearer than that. */
	while (!text && len > skip + 2)
		text = bytes_at(&vmlinux->main, va, --len);
	if (text && !memcmp(text, BANNER, skip))
		take_release(vmlinux, text + skip, len - skip);
}

struct table {
	Elf_Data *data;
	size_t count;
	size_t strings;		/* section of the names */
};

static bool open_table(const struct vmlinux_file *file, struct table *ret)
{
	GElf_Shdr shdr;
	Elf_Scn *scn = file->elf ? vmlinux_section_of_type(file, SHT_SYMTAB, &shdr) : NULL;
	struct table table = { .data = scn ? elf_getdata(scn, NULL) : NULL };

	if (!table.data || !shdr.sh_entsize)
		return false;
	table.count = table.data->d_size / shdr.sh_entsize;
	table.strings = shdr.sh_link;
	*ret = table;
	return table.count > 1 && table.count <= SYMBOLS_MAX;
}

/* The wanted symbols by name; a value is the wanted fact. */
static struct err *index_wanted(struct strmap *map)
{
	for (size_t i = 0; i < wanted_fact_count; i++) {
		const struct wanted_fact *want = &wanted_facts[i];

		if (want->kind == FACT_SYMBOL)
			TRY(strmap_put(map, want->name, strlen(want->name), (void *)want));
	}
	return NULL;
}

static struct err *take_symbols(const struct vmlinux_file *file, const struct table *table,
				const struct strmap *wanted, struct facts *facts)
{
	for (size_t i = 1; i < table->count; i++) {
		const char *name;
		GElf_Sym sym;

		if (i > INT32_MAX || !gelf_getsym(table->data, (int)i, &sym) ||
		    sym.st_shndx == SHN_UNDEF || !sym.st_value)
			continue;
		name = elf_strptr(file->elf, table->strings, sym.st_name);
		if (name && strmap_get(wanted, name, strlen(name)))
			TRY(facts_add(facts, FACT_SYMBOL, name, (int64_t)sym.st_value, PROVIDER));
	}
	return NULL;
}

unsigned int vmlinux_symbol(const struct vmlinux *vmlinux, const char *name, uint64_t *ret)
{
	const struct vmlinux_file *file = &vmlinux->main;
	unsigned int found = 0;
	struct table table;

	if (!open_table(file, &table)) {
		file = &vmlinux->debug;
		if (!open_table(file, &table))
			return 0;
	}
	for (size_t i = 1; i < table.count && i <= INT32_MAX; i++) {
		const char *own;
		GElf_Sym sym;

		if (!gelf_getsym(table.data, (int)i, &sym) || sym.st_shndx == SHN_UNDEF)
			continue;
		own = elf_strptr(file->elf, table.strings, sym.st_name);
		if (own && !strcmp(own, name) && found++ == 0)
			*ret = sym.st_value;
	}
	return found;
}

static struct err *find_symbols(const struct vmlinux *vmlinux, struct facts *facts)
{
	const struct vmlinux_file *file = &vmlinux->main;
	struct table table;
	struct strmap wanted;
	struct err *e;

	if (!open_table(file, &table)) {
		file = &vmlinux->debug;
		if (!open_table(file, &table))
			return err_new(ERR_NOT_FOUND, "%s: no symbol table (stripped, and no file with "
				       "its debug information found)", vmlinux->main.path);
	}
	strmap_init(&wanted);
	e = index_wanted(&wanted);
	if (!e)
		e = take_symbols(file, &table, &wanted, facts);
	strmap_deinit(&wanted);
	return e;
}

/* A kernel says who it is in linux_banner; without the symbol the release stays unknown. */
static struct err *find_release(struct vmlinux *vmlinux)
{
	struct facts symbols;
	uint64_t va;
	struct err *e;

	facts_init(&symbols);
	e = find_symbols(vmlinux, &symbols);
	if (!e && fact_symbol(&symbols, "linux_banner", &va))
		release_from_banner(vmlinux, va);
	facts_deinit(&symbols);
	if (err_kind(e) == ERR_NOT_FOUND) {
		err_free(e);
		return NULL;
	}
	return e;
}

struct err *vmlinux_open(const char *path, const struct log *log, struct vmlinux **ret)
{
	struct vmlinux *vmlinux = calloc(1, sizeof(*vmlinux));
	struct table table;
	struct err *e;

	if (!vmlinux)
		return err_nomem;
	vmlinux->main.fd = vmlinux->debug.fd = -1;
	e = vmlinux_file_open(path, &vmlinux->main);
	if (!e)
		e = read_header(vmlinux);
	if (!e && !(vmlinux_has_debug(&vmlinux->main) && open_table(&vmlinux->main, &table)))
		e = vmlinux_find_debug(vmlinux, log);
	if (!e)
		e = find_release(vmlinux);
	if (e) {
		vmlinux_close(vmlinux);
		return e;
	}
	*ret = vmlinux;
	return NULL;
}

void vmlinux_close(struct vmlinux *vmlinux)
{
	if (!vmlinux)
		return;
	vmlinux_file_close(&vmlinux->debug);
	vmlinux_file_close(&vmlinux->main);
	free(vmlinux);
}

struct err *vmlinux_add_symbols(const struct vmlinux *vmlinux, struct facts *facts)
{
	char id[2 * sizeof(vmlinux->build_id) + 1] = "";

	for (size_t i = 0; i < vmlinux->build_id_len; i++)
		snprintf(id + 2 * i, 3, "%02x", vmlinux->build_id[i]);
	if (vmlinux->release[0])
		TRY(facts_add_text(facts, "OSRELEASE", vmlinux->release, PROVIDER));
	if (id[0])
		TRY(facts_add_text(facts, "BUILD-ID", id, PROVIDER));
	return find_symbols(vmlinux, facts);
}
