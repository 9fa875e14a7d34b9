/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small kernel that has secrets of each kind: a key in a key ring, a transform behind an
 * AF_ALG socket, and a target of dm-crypt. Virtual addresses are physical ones.
 */
#ifndef TESTS_UNIT_SCRUBWORLD_H
#define TESTS_UNIT_SCRUBWORLD_H

#include "erase/scrub.h"
#include "kernel/btf.h"
#include "tests/unit/btfbuild.h"
#include "tests/unit/flatkernel.h"

#define MEM 0x10000u
#define MEM_BYTES 0x8000u
#define AT(offset) (MEM + (offset))

/* Variables. */
#define KEY_TREE AT(0x100)
#define ALGORITHMS AT(0x110)
#define SOCKET_OPS AT(0x120)
#define DEVICES AT(0x130)
/* Structs. */
#define KEY AT(0x1000)
#define ALGORITHM AT(0x2000)
#define SKCIPHER AT(0x2100)	/* its crypto_tfm is 8 bytes in */
#define TASK(i) (AT(0x3000) + 0x80 * (i))	/* init_task, and a process */
#define SIGNAL(i) (AT(0x3200) + 0x20 * (i))
#define FILES AT(0x3300)
#define SOCK AT(0x3400)
#define CELL AT(0x4000)
#define CONFIG AT(0x4200)

/* Members, those of one struct in a row; wide ones of @array bytes, nested ones of struct @of. */
static const struct scrub_member {
	const char *type;
	uint32_t bytes;
	const char *name;
	uint32_t at, size;
	const char *of;
} scrub_members[] = {
	{ "rb_node", 24, "__rb_parent_color", 0, 8, NULL },
	{ "rb_node", 24, "rb_right", 8, 8, NULL },
	{ "rb_node", 24, "rb_left", 16, 8, NULL },
	{ "key", 80, "serial_node", 0, 0, "rb_node" },
	{ "key", 80, "serial", 24, 4, NULL },
	{ "key", 80, "type", 32, 8, NULL },
	{ "key", 80, "payload", 40, 32, NULL },
	{ "key", 80, "datalen", 72, 2, NULL },
	{ "key_type", 8, "name", 0, 8, NULL },
	{ "user_key_payload", 8, "datalen", 0, 2, NULL },
	{ "user_key_payload", 8, "data", 8, 0, NULL },
	{ "task_struct", 80, "tasks", 0, 16, NULL },
	{ "task_struct", 80, "pid", 16, 4, NULL },
	{ "task_struct", 80, "mm", 24, 8, NULL },
	{ "task_struct", 80, "files", 32, 8, NULL },
	{ "task_struct", 80, "signal", 40, 8, NULL },
	{ "task_struct", 80, "thread_node", 48, 16, NULL },
	{ "signal_struct", 16, "thread_head", 0, 16, NULL },
	{ "files_struct", 8, "fdt", 0, 8, NULL },
	{ "fdtable", 16, "max_fds", 0, 4, NULL },
	{ "fdtable", 16, "fd", 8, 8, NULL },
	{ "file", 16, "f_op", 0, 8, NULL },
	{ "file", 16, "private_data", 8, 8, NULL },
	{ "socket", 8, "sk", 0, 8, NULL },
	{ "sock_common", 4, "skc_family", 0, 2, NULL },
	{ "sock", 32, "__sk_common", 0, 0, "sock_common" },
	{ "sock", 32, "sk_type", 4, 2, NULL },
	{ "sock", 32, "sk_protocol", 6, 2, NULL },
	{ "alg_sock", 48, "parent", 32, 8, NULL },
	{ "alg_sock", 48, "private", 40, 8, NULL },
	{ "crypto_alg", 80, "cra_list", 0, 16, NULL },
	{ "crypto_alg", 80, "cra_users", 16, 16, NULL },
	{ "crypto_alg", 80, "cra_refcnt", 32, 4, NULL },
	{ "crypto_alg", 80, "cra_flags", 36, 4, NULL },
	{ "crypto_alg", 80, "cra_ctxsize", 40, 4, NULL },
	{ "crypto_alg", 80, "cra_alignmask", 44, 4, NULL },
	{ "crypto_alg", 80, "cra_driver_name", 48, 32, NULL },
	{ "crypto_tfm", 8, "__crt_alg", 0, 8, NULL },
	{ "crypto_tfm", 8, "__crt_ctx", 8, 0, NULL },
	{ "crypto_skcipher", 16, "base", 8, 0, "crypto_tfm" },
	{ "hash_cell", 32, "name_node", 0, 0, "rb_node" },
	{ "hash_cell", 32, "md", 24, 8, NULL },
	{ "mapped_device", 8, "map", 0, 8, NULL },
	{ "dm_table", 16, "num_targets", 0, 4, NULL },
	{ "dm_table", 16, "targets", 8, 8, NULL },
	{ "dm_target", 16, "type", 0, 8, NULL },
	{ "dm_target", 16, "private", 8, 8, NULL },
	{ "target_type", 8, "name", 0, 8, NULL },
	{ "crypt_config", 24, "key_size", 0, 4, NULL },
	{ "crypt_config", 24, "cipher_tfm", 8, 8, NULL },
	{ "crypt_config", 24, "tfms_count", 16, 4, NULL },
	{ "crypt_config", 24, "key", 24, 0, NULL },
};

/* Words in memory, in the form of @size bytes. */
static const struct scrub_word {
	uint32_t at, size;
	uint64_t value;
} scrub_words[] = {
	{ KEY_TREE, 8, KEY },
	{ KEY + 24, 4, 0x1234abcd }, { KEY + 32, 8, KEY + 0x60 }, { KEY + 40, 8, KEY + 0x80 },
	{ KEY + 72, 2, 24 }, { KEY + 0x60, 8, KEY + 0x68 }, { KEY + 0x80, 2, 24 },
	{ ALGORITHMS, 8, ALGORITHM }, { ALGORITHMS + 8, 8, ALGORITHM },
	{ ALGORITHM, 8, ALGORITHMS }, { ALGORITHM + 8, 8, ALGORITHMS },
	{ ALGORITHM + 16, 8, ALGORITHM + 16 }, { ALGORITHM + 24, 8, ALGORITHM + 16 },
	{ ALGORITHM + 32, 4, 3 }, { ALGORITHM + 36, 4, 5 }, { ALGORITHM + 40, 4, 57 },
	{ ALGORITHM + 44, 4, 7 },
	{ SKCIPHER + 8, 8, ALGORITHM },
	{ TASK(0), 8, TASK(1) }, { TASK(0) + 8, 8, TASK(1) }, { TASK(0) + 40, 8, SIGNAL(0) },
	{ TASK(1), 8, TASK(0) }, { TASK(1) + 8, 8, TASK(0) }, { TASK(1) + 40, 8, SIGNAL(1) },
	{ TASK(0) + 48, 8, SIGNAL(0) }, { SIGNAL(0), 8, TASK(0) + 48 },
	{ TASK(1) + 48, 8, SIGNAL(1) }, { SIGNAL(1), 8, TASK(1) + 48 },
	{ TASK(1) + 16, 4, 7 }, { TASK(1) + 32, 8, FILES },
	{ FILES, 8, FILES + 0x10 }, { FILES + 0x10, 4, 4 }, { FILES + 0x18, 8, FILES + 0x20 },
	{ FILES + 0x30, 8, FILES + 0x40 },
	{ FILES + 0x40, 8, SOCKET_OPS }, { FILES + 0x48, 8, FILES + 0x50 }, { FILES + 0x50, 8, SOCK },
	{ SOCK, 2, 38 }, { SOCK + 40, 8, SKCIPHER },
	{ DEVICES, 8, CELL },
	{ CELL + 24, 8, CELL + 0x40 }, { CELL + 0x40, 8, CELL + 0x60 }, { CELL + 0x60, 4, 1 },
	{ CELL + 0x68, 8, CELL + 0x80 }, { CELL + 0x80, 8, CELL + 0xa0 }, { CELL + 0x88, 8, CONFIG },
	{ CELL + 0xa0, 8, CELL + 0xa8 },
	{ CONFIG, 4, 32 }, { CONFIG + 8, 8, CONFIG + 0x80 }, { CONFIG + 16, 4, 1 },
	{ CONFIG + 0x80, 8, SKCIPHER },
};

struct scrubworld {
	struct flatkernel fk;
	struct types *types;
	struct erase_set set;
	struct erase_space space;
};

static bool scrubworld_is_kernel_address(const void *state, uint64_t va)
{
	(void)state;
	return va >= MEM && va < MEM + MEM_BYTES;
}

static const struct arch scrubworld_arch = { .name = "flat", .vtop = flat_vtop,
					     .is_kernel_address = scrubworld_is_kernel_address };

/* @ids: of the numbers of 8, 4, 2 bytes and of a char; of structs by the index of their first member. */
static inline uint32_t scrubworld_type(struct btfbuild *b, const struct scrub_member *member,
				       const uint32_t *numbers, const uint32_t *structs)
{
	for (size_t i = 0; member->of && i < ARRAY_LEN(scrub_members); i++) {
		if (!strcmp(scrub_members[i].type, member->of))
			return structs[i];
	}
	return member->size == 8 ? numbers[0] : member->size == 4 ? numbers[1] :
	       member->size == 2 ? numbers[2] : btfbuild_array(b, numbers[3], numbers[1], member->size);
}

static inline struct types *scrubworld_types(enum byte_order order)
{
	uint32_t numbers[4], structs[ARRAY_LEN(scrub_members)], types[16];
	struct btfbuild *b = malloc(sizeof(*b));
	struct types *ret = NULL;
	uint8_t *blob;
	size_t len, count;

	btfbuild_init(b, order);
	numbers[0] = btfbuild_int(b, "long unsigned int", 8, 0, 64);
	numbers[1] = btfbuild_int(b, "unsigned int", 4, 0, 32);
	numbers[2] = btfbuild_int(b, "short", 2, 0, 16);
	numbers[3] = btfbuild_int(b, "char", 1, 1, 8);
	for (size_t i = 0; i < ARRAY_LEN(scrub_members); i += count) {
		const struct scrub_member *first = &scrub_members[i];

		for (count = 0; i + count < ARRAY_LEN(scrub_members) &&
				!strcmp(first[count].type, first->type); count++)
			types[count] = scrubworld_type(b, &first[count], numbers, structs);
		structs[i] = btfbuild_record(b, first->type, 4, false, (uint32_t)count, first->bytes);
		for (size_t k = 0; k < count; k++)
			btfbuild_member(b, first[k].name, types[k], first[k].at * 8);
	}
	blob = btfbuild_blob(b, 24, &len);
	free(b);
	CHECK_OK(btf_parse(blob, len, order, NULL, &ret));
	return ret;
}

/* Memory, which may be changed until scrubworld_open(). */
static inline void scrubworld_init(struct scrubworld *w, enum byte_order order)
{
	memset(w, 0, sizeof(*w));
	flatkernel_init(&w->fk, (struct elf_form){ .word = 8, .order = order });
	memkernel_add(&w->fk.mk, &(struct memseg){ .paddr = MEM, .size = MEM_BYTES, .vaddr = ~0ull });
	for (size_t i = 0; i < ARRAY_LEN(scrub_words); i++) {
		uint8_t *to = memkernel_at(&w->fk.mk, scrub_words[i].at, scrub_words[i].size);

		if (scrub_words[i].size == 2)
			put_u16(to, (uint16_t)scrub_words[i].value, order);
		else
			put_word(to, scrub_words[i].value, scrub_words[i].size, order);
	}
	memkernel_put(&w->fk.mk, KEY + 0x68, "user", 5);
	memkernel_put(&w->fk.mk, ALGORITHM + 48, "cbc-aes", 8);
	memkernel_put(&w->fk.mk, CELL + 0xa8, "crypt", 6);
}

static inline bool scrubworld_open(struct scrubworld *w)
{
	char info[512];

	snprintf(info, sizeof(info), "SYMBOL(key_serial_tree)=%x\nSYMBOL(crypto_alg_list)=%x\n"
		 "SYMBOL(socket_file_ops)=%x\nSYMBOL(name_rb_tree)=%x\nSYMBOL(init_task)=%x\n",
		 KEY_TREE, ALGORITHMS, SOCKET_OPS, DEVICES, TASK(0));
	w->types = scrubworld_types(w->fk.mk.form.order);
	if (!w->types || !flatkernel_open(&w->fk, info))
		return false;
	w->fk.kernel.arch = &scrubworld_arch;
	w->space = (struct erase_space){ .reader = w->fk.reader, .types = w->types,
					 .log = &w->fk.log.log, .set = &w->set };
	return true;
}

static inline void scrubworld_close(struct scrubworld *w)
{
	erase_set_deinit(&w->set);
	types_destroy(w->types);
	flatkernel_close(&w->fk);
}

#endif
