/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Symbols of one module. Its tables are in vmalloc memory: each page has its own translation. */
#include <string.h>

#include "base/checked.h"
#include "kernel/module.h"

#define SYMBOL_BYTES_64 24u
#define SYMBOL_BYTES_32 16u
#define SYMBOLS_AT_ONCE 128u

/* Elf64_Sym and Elf32_Sym, as far as it matters. */
static void decode(const struct kernel *kernel, const uint8_t *raw, uint32_t *name, uint64_t *value,
		   uint16_t *section)
{
	*name = get_u32(raw, kernel->order);
	if (kernel->word == 8) {
		*section = get_u16(raw + 6, kernel->order);
		*value = get_u64(raw + 8, kernel->order);
	} else {
		*value = get_u32(raw + 4, kernel->order);
		*section = get_u16(raw + 14, kernel->order);
	}
}

/* How far strings can go: to the end of the memory they are in. */
static uint64_t string_bytes(const struct kmodule *module)
{
	for (unsigned int i = 0; i < module->region_count; i++) {
		const struct module_region *region = &module->regions[i];

		if (module->strtab - region->va < region->size)
			return region->size - (module->strtab - region->va);
	}
	return 0;
}

struct symbol_walk {
	struct kreader *reader;
	const struct kmodule *module;
	uint64_t string_bytes;
	bool (*fn)(void *ctx, const char *name, uint64_t address);
	void *ctx;
};

/* A name at @offset of the strings; false: not in there, unreadable or endless. */
static bool read_name(const struct symbol_walk *walk, uint32_t offset, char name[MODULE_SYMBOL_BYTES])
{
	size_t done = 0;

	while (done < MODULE_SYMBOL_BYTES && offset + done < walk->string_bytes) {
		uint64_t at = walk->module->strtab + offset + done;
		size_t room = (size_t)min_u64(MODULE_SYMBOL_BYTES - done,
					      walk->string_bytes - offset - done);
		/* Most names are short, and none has to be read beyond its page. */
		size_t now = (size_t)min_u64(room, 64 - at % 64);
		struct err *e = kread(walk->reader, at, name + done, now);

		err_free(e);
		if (e)
			return false;
		if (memchr(name + done, '\0', now))
			return true;
		done += now;
	}
	return false;
}

static bool visit_some(const struct symbol_walk *walk, const uint8_t *raw, uint64_t count,
		       unsigned int each)
{
	const struct kernel *kernel = kreader_kernel(walk->reader);
	char name[MODULE_SYMBOL_BYTES];

	for (uint64_t i = 0; i < count; i++) {
		uint16_t section;
		uint32_t offset;
		uint64_t value;

		decode(kernel, raw + i * each, &offset, &value, &section);
		/* The first one is empty; what has no section is another's symbol. */
		if (section != 0 && offset != 0 && read_name(walk, offset, name) && *name &&
		    !walk->fn(walk->ctx, name, value))
			return false;
	}
	return true;
}

void kmodule_for_each_symbol(struct kreader *reader, const struct kmodule *module,
			     bool (*fn)(void *ctx, const char *name, uint64_t address), void *ctx)
{
	unsigned int each = kreader_kernel(reader)->word == 8 ? SYMBOL_BYTES_64 : SYMBOL_BYTES_32;
	const struct symbol_walk walk = {
		.reader = reader, .module = module, .string_bytes = string_bytes(module),
		.fn = fn, .ctx = ctx,
	};
	uint8_t raw[SYMBOLS_AT_ONCE * SYMBOL_BYTES_64];

	for (uint64_t i = 0; module->symtab && i < module->symbol_count; i += SYMBOLS_AT_ONCE) {
		uint64_t now = min_u64(SYMBOLS_AT_ONCE, module->symbol_count - i);
		struct err *e = kread(reader, module->symtab + i * each, raw, (size_t)now * each);

		if (e) {
			log_warn(kreader_kernel(reader)->log, "module %s: symbols from %llu: %s", module->name,
				 (unsigned long long)i, err_text(e));
			err_free(e);
		} else if (!visit_some(&walk, raw, now, each)) {
			return;
		}
	}
}

struct lookup {
	const char *name;
	uint64_t address;
	bool found;
};

static bool compare(void *ctx, const char *name, uint64_t address)
{
	struct lookup *lookup = ctx;

	if (strcmp(name, lookup->name) == 0) {
		lookup->address = address;
		lookup->found = true;
	}
	return !lookup->found;
}

bool kmodule_symbol(struct kreader *reader, const struct kmodule *module, const char *name,
		    uint64_t *ret)
{
	struct lookup lookup = { .name = name };

	kmodule_for_each_symbol(reader, module, compare, &lookup);
	if (lookup.found)
		*ret = lookup.address;
	return lookup.found;
}
