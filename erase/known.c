// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "erase/place.h"

/* What is looked at of a struct to see that its memory is there. */
#define LOOK_BYTES 64u

struct known {
	const char *symbol;
	const char *type;	/* struct, union or typedef, or "char" */
	unsigned int stars;
};

/* Variables of the kernel itself that have had these types for as long as there is BTF. */
static const struct known table[] = {
	{ "crypto_alg_list", "list_head", 0 },
	{ "init_mm", "mm_struct", 0 },
	{ "init_net", "net", 0 },
	{ "init_task", "task_struct", 0 },
	{ "init_user_ns", "user_namespace", 0 },
	{ "init_uts_ns", "uts_namespace", 0 },
	{ "key_serial_tree", "rb_root", 0 },
	{ "log_buf", "char", 1 },
	{ "log_buf_len", "u32", 0 },
	{ "modules", "list_head", 0 },
	{ "net_namespace_list", "list_head", 0 },
	{ "saved_command_line", "char", 1 },
	{ "slab_caches", "list_head", 0 },
	{ "super_blocks", "list_head", 0 },
};

static const struct known *find(const char *symbol)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (!strcmp(table[i].symbol, symbol))
			return &table[i];
	}
	return NULL;
}

/* A pointer is NULL or one of the kernel's. */
static bool is_pointer(struct kreader *reader, uint64_t value)
{
	const struct kernel *kernel = kreader_kernel(reader);

	return !value || (kernel->arch && kernel->arch->is_kernel_address(kernel->arch_state, value));
}

/* A list's first element points back to it. */
static bool is_list(struct kreader *reader, uint64_t address)
{
	uint64_t next = 0, back = 0;
	struct err *e = kread_word(reader, address, &next);

	if (!e)
		e = kread_word(reader, next + kreader_kernel(reader)->word, &back);
	err_free(e);
	return !e && back == address;
}

static bool looks_right(struct kreader *reader, const struct known *known, uint64_t address)
{
	uint8_t bytes[LOOK_BYTES];
	uint64_t value = 0;
	struct err *e;

	if (!strcmp(known->type, "list_head"))
		return is_list(reader, address);
	e = known->stars ? kread_word(reader, address, &value) :
			   kread(reader, address, bytes, sizeof(bytes));
	err_free(e);
	return !e && is_pointer(reader, value);
}

struct err *place_known(const struct place_scope *scope, const char *symbol, uint64_t address,
			struct place_type *ret)
{
	const struct known *known = find(symbol);
	struct place_type type = { 0 };

	if (!known)
		return err_new(ERR_NOT_FOUND, "the kernel's types do not tell");
	if (!strcmp(known->type, "char"))
		type.base = PLACE_CHAR;
	else if (!types_find_any(scope->types, known->type, &type.type))
		return err_new(ERR_NOT_FOUND, "it should be '%s', of which nothing is known", known->type);
	if (!looks_right(scope->space->reader, known, address))
		return err_new(ERR_NOT_FOUND, "it should be '%s', but the memory at %#" PRIx64
			       " does not look like it", known->type, address);
	type.stars = known->stars;
	*ret = type;
	return NULL;
}
