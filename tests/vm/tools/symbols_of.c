/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the program finds of a dump's symbols, for verify/symbols.py.
 *
 * symbols_of DUMP                  "address type name" per symbol, by VMCOREINFO's keys
 * symbols_of DUMP scan             the same, with the tables looked for in the image
 * symbols_of DUMP find NAME...     "name address found" by ksymbols_find(), "?" for unknown
 * symbols_of DUMP name ADDRESS...  "address name" by ksymbol_name()
 * symbols_of DUMP physical         as scan, by physical address, in all of the dump
 * symbols_of DUMP modules [VMLINUX]
 *                                  "module name state size address btf-bytes types", then its symbols
 *                                  as "address name", per module
 * symbols_of DUMP percpu NAME      the u32 that the per-CPU variable holds, per CPU
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "kernel/kallsyms.h"
#include "kernel/module.h"
#include "kernel/percpu.h"
#include "kernel/symbols.h"

static void emit(const struct log *log, enum log_level level, const char *line)
{
	(void)log;
	(void)level;
	fprintf(stderr, "%s\n", line);
}

static const struct log log_stderr = { .mask = LOG_ERROR | LOG_DEBUG, .emit = emit };

static struct err *read_virtual(void *ctx, uint64_t address, void *buf, size_t len)
{
	return kread(ctx, address, buf, len);
}

struct printing {
	struct kallsyms *kallsyms;
	struct err *e;
};

static bool print_symbol(void *ctx, const struct kallsyms_symbol *symbol)
{
	struct printing *printing = ctx;
	uint64_t address = 0;

	printing->e = kallsyms_address(printing->kallsyms, symbol->index, &address);
	if (!printing->e)
		printf("%016" PRIx64 " %c %s\n", address, symbol->type, symbol->name);
	return !printing->e;
}

static struct err *find_tables(const struct kernel *kernel, const struct kallsyms_memory *memory,
			       bool scan, uint64_t stext, struct kallsyms_tables *ret)
{
	const struct facts *facts = &kernel->facts;

	memset(ret, 0, sizeof(*ret));
	if (scan)
		return kallsyms_locate(memory, stext, stext + (256u << 20), 0, ret);
	(void)fact_symbol(facts, "kallsyms_names", &ret->names);
	(void)fact_symbol(facts, "kallsyms_num_syms", &ret->num_syms);
	(void)fact_symbol(facts, "kallsyms_token_table", &ret->token_table);
	(void)fact_symbol(facts, "kallsyms_token_index", &ret->token_index);
	(void)fact_symbol(facts, "kallsyms_offsets", &ret->offsets);
	(void)fact_symbol(facts, "kallsyms_addresses", &ret->addresses);
	(void)fact_symbol(facts, "kallsyms_relative_base", &ret->relative_base);
	return NULL;
}

static struct err *print_all(struct kreader *reader, bool scan)
{
	const struct kernel *kernel = kreader_kernel(reader);
	const struct kallsyms_memory memory = {
		.read = read_virtual, .ctx = reader, .word = kernel->word, .order = kernel->order,
	};
	struct printing printing = { .e = NULL };
	struct kallsyms_tables tables;
	uint64_t stext = 0;

	(void)fact_symbol(&kernel->facts, "_stext", &stext);
	TRY(find_tables(kernel, &memory, scan, stext, &tables));
	TRY(kallsyms_open(&memory, &tables, scan ? 0 : stext, &printing.kallsyms));
	fprintf(stderr, "%u symbols, %s\n", kallsyms_count(printing.kallsyms),
		kallsyms_encoding_name(kallsyms_encoding(printing.kallsyms)));
	kallsyms_for_each(printing.kallsyms, print_symbol, &printing);
	kallsyms_close(printing.kallsyms);
	return printing.e;
}

static struct err *print_found(struct kreader *reader, char **names, int count)
{
	struct symbol_want *wants = calloc((size_t)count, sizeof(*wants));
	struct err *e;

	if (!wants)
		return err_nomem;
	for (int i = 0; i < count; i++)
		wants[i].name = names[i];
	e = ksymbols_find(reader, wants, (size_t)count);
	for (int i = 0; !e && i < count; i++) {
		if (wants[i].found)
			printf("%s %" PRIx64 " %u\n", names[i], wants[i].address, wants[i].found);
		else
			printf("%s ?\n", names[i]);
	}
	free(wants);
	return e;
}

static void print_names(struct kreader *reader, char **addresses, int count)
{
	char text[600];

	for (int i = 0; i < count; i++)
		printf("%s %s\n", addresses[i],
		       ksymbol_name(reader, strtoull(addresses[i], NULL, 16), text, sizeof(text)) ? text : "?");
}

static struct err *read_physical(void *ctx, uint64_t address, void *buf, size_t len)
{
	return dump_view_read(ctx, address, buf, len);
}

static struct err *print_physical(struct kreader *reader)
{
	const struct kernel *kernel = kreader_kernel(reader);
	const struct kallsyms_memory memory = {
		.read = read_physical, .ctx = kreader_view(reader), .word = kernel->word,
		.order = kernel->order, .physical = true,
	};
	struct printing printing = { .e = NULL };
	struct kallsyms_tables tables;

	TRY(kallsyms_locate(&memory, 0, kernel->dump->max_mapnr << kernel->page_shift, 0, &tables));
	TRY(kallsyms_open(&memory, &tables, 0, &printing.kallsyms));
	fprintf(stderr, "%u symbols, %s\n", kallsyms_count(printing.kallsyms),
		kallsyms_encoding_name(kallsyms_encoding(printing.kallsyms)));
	kallsyms_for_each(printing.kallsyms, print_symbol, &printing);
	kallsyms_close(printing.kallsyms);
	return printing.e;
}

static bool print_module_symbol(void *ctx, const char *name, uint64_t address)
{
	(void)ctx;
	printf("%016" PRIx64 " %s\n", address, name);
	return true;
}

struct modules {
	struct kreader *reader;
	const struct types *types;
};

static struct err *print_module(void *ctx, const struct kmodule *module)
{
	struct modules *modules = ctx;
	struct types *own = NULL;
	struct err *e = kmodule_types(modules->reader, module, modules->types, &own);
	uint64_t size = 0;

	for (unsigned int i = 0; i < module->region_count; i++)
		size += module->regions[i].size;
	printf("module %s %u %" PRIu64 " %" PRIx64 " %" PRIu64 " %s\n", module->name, module->state, size,
	       module->region_count ? module->regions[0].va : 0, module->btf_bytes,
	       e ? err_text(e) : own->ops->name);
	err_free(e);
	types_destroy(own);
	kmodule_for_each_symbol(modules->reader, module, print_module_symbol, NULL);
	return NULL;
}

static struct err *print_modules(struct kreader *reader)
{
	struct modules modules = { .reader = reader };
	struct types *types = NULL;
	struct err *e;

	TRY(kernel_load_types(reader, &types));
	modules.types = types;
	e = kmodules_for_each(reader, types, print_module, &modules);
	types_destroy(types);
	return e;
}

static struct err *print_percpu(struct kreader *reader, const char *name)
{
	uint64_t symbol, address;
	uint32_t value;

	if (!ksymbol(reader, name, &symbol))
		return err_new(ERR_NOT_FOUND, "%s is not known", name);
	for (unsigned int i = 0; i < percpu_count(reader); i++) {
		TRY(percpu_address(reader, symbol, i, &address));
		TRY(kread_u32(reader, address, &value));
		printf("%" PRIu32 "\n", value);
	}
	return NULL;
}

static struct err *run(struct kreader *reader, int argc, char **argv)
{
	const char *what = argc > 2 ? argv[2] : "";

	if (strcmp(what, "find") == 0)
		return print_found(reader, argv + 3, argc - 3);
	if (strcmp(what, "modules") == 0)
		return print_modules(reader);
	if (strcmp(what, "physical") == 0)
		return print_physical(reader);
	if (strcmp(what, "percpu") == 0 && argc > 3)
		return print_percpu(reader, argv[3]);
	if (strcmp(what, "name") == 0)
		print_names(reader, argv + 3, argc - 3);
	else
		return print_all(reader, strcmp(what, "scan") == 0);
	return NULL;
}

static struct err *with_dump(struct dump *dump, int argc, char **argv)
{
	const struct kernel_files files = {
		.vmlinux = argc > 3 && strcmp(argv[2], "modules") == 0 ? argv[3] : NULL,
	};
	struct kernel *kernel = NULL;
	struct kreader *reader = NULL;
	struct err *e = kernel_create_with(dump, &files, &log_stderr, &kernel);

	if (!e)
		e = kreader_create(kernel, &reader);
	if (!e)
		e = run(reader, argc, argv);
	kreader_destroy(reader);
	kernel_destroy(kernel);
	return e;
}

int main(int argc, char **argv)
{
	const struct dump_options options = { .log = &log_stderr };
	struct dump *dump = NULL;
	struct err *e;

	if (argc < 2)
		return 2;
	e = dump_open(argv[1], &options, &dump);
	if (!e)
		e = with_dump(dump, argc, argv);
	dump_close(dump);
	if (!e)
		return 0;
	fprintf(stderr, "%s\n", err_text(e));
	err_free(e);
	return 1;
}
