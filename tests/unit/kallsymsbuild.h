/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel image with the tables of kallsyms: every encoding of addresses, every
 * order the tables have had, any word size and byte order.
 */
#ifndef TESTS_UNIT_KALLSYMSBUILD_H
#define TESTS_UNIT_KALLSYMSBUILD_H

#include "kernel/kallsyms.h"
#include "tests/unit/flatkernel.h"

#define KS_IMAGE 0x40000000ull		/* where _stext is */
#define KS_SIZE 0x40000ull
#define KS_TABLES 0x10000ull		/* from the image's start on */
#define KS_COUNT 700u
#define KS_PERCPU 9u			/* symbols before _stext with absolute-percpu */
#define KS_BANNER 300u			/* index of linux_banner */
#define KS_LONG 400u			/* index of a name of shape->long_name characters */

/* Up to 6.0 or so; with seqs_of_names (6.1); since 6.4; since 7.0. */
enum ks_order { KS_OLD, KS_SEQS, KS_NEW, KS_NEWEST, KS_ORDERS };

struct ks_shape {
	struct elf_form form;
	enum kallsyms_encoding encoding;
	enum ks_order order;
	bool one_byte;		/* lengths of one byte only, also above 127 */
	bool word_markers;	/* as before 4.20 */
	unsigned int long_name;	/* characters of symbol KS_LONG; 0: an ordinary name */
};

struct ksbuild {
	struct flatkernel fk;
	struct ks_shape shape;
	struct kallsyms_tables tables;
	uint64_t at;		/* next free byte */
	uint64_t markers[KS_COUNT / 256 + 1];
};

/* Name of symbol @index with its type in front; "dup" is there twice. */
static inline void ks_name(const struct ks_shape *shape, unsigned int index, char text[1024])
{
	if (index == KS_PERCPU)
		strcpy(text, "T_stext");
	else if (index == KS_BANNER)
		strcpy(text, "Dlinux_banner");
	else if (index == 500 || index == 501)
		strcpy(text, "tdup");
	else if (index == 600)
		strcpy(text, "Tmodules");
	else if (index == 610)
		strcpy(text, "tq");
	else if (index == KS_LONG && shape->long_name) {
		memset(text, 'x', shape->long_name + 1);
		text[0] = 't';
		text[shape->long_name + 1] = '\0';
	} else
		snprintf(text, 1024, "tsym_%u", index);
}

/* Symbols 500 and 501 share an address. */
static inline uint64_t ks_address(const struct ks_shape *shape, unsigned int index)
{
	if (index < KS_PERCPU && shape->encoding == KALLSYMS_ABSOLUTE_PERCPU)
		return index * 8ull;
	if (index < KS_PERCPU)
		return KS_IMAGE;
	return KS_IMAGE + (index == 501 ? 500 - KS_PERCPU : index - KS_PERCPU) * 32ull;
}

static inline void ks_bytes(struct ksbuild *kb, const void *from, size_t len)
{
	memkernel_put(&kb->fk.mk, kb->at, from, len);
	kb->at += len;
}

static inline void ks_u32(struct ksbuild *kb, uint64_t value)
{
	memkernel_put_u32(&kb->fk.mk, kb->at, (uint32_t)value);
	kb->at += 4;
}

static inline void ks_word(struct ksbuild *kb, uint64_t value)
{
	memkernel_put_word(&kb->fk.mk, kb->at, value);
	kb->at += kb->shape.form.word;
}

/* 7.0 aligns tables to 4 bytes only. */
static inline void ks_align(struct ksbuild *kb)
{
	kb->at = round_up(kb->at, kb->shape.order == KS_NEWEST ? 4 : kb->shape.form.word);
}

/* Token @code: printable characters are themselves, 1 is what most names begin with. */
static inline void ks_token(unsigned int code, char text[8])
{
	text[0] = '\0';
	if (code == 1)
		strcpy(text, "tsym_");
	else if (code >= ' ' && code <= '~') {
		text[0] = (char)code;
		text[1] = '\0';
	}
}

static inline void ks_record(struct ksbuild *kb, unsigned int index)
{
	char text[1024];
	size_t skip, len;
	uint8_t head[2];

	ks_name(&kb->shape, index, text);
	skip = strncmp(text, "tsym_", 5) ? 0 : 4;
	if (skip)
		text[skip] = 1;
	len = strlen(text + skip);
	head[0] = (uint8_t)len;
	head[1] = (uint8_t)(len >> 7);
	if (len > 127 && !kb->shape.one_byte)
		head[0] |= 0x80;
	ks_bytes(kb, head, len > 127 && !kb->shape.one_byte ? 2 : 1);
	ks_bytes(kb, text + skip, len);
}

static inline void ks_put_names(struct ksbuild *kb)
{
	ks_align(kb);
	kb->tables.num_syms = kb->at;
	ks_u32(kb, KS_COUNT);
	ks_align(kb);
	kb->tables.names = kb->at;
	for (unsigned int i = 0; i < KS_COUNT; i++) {
		if (i % 256 == 0)
			kb->markers[i / 256] = kb->at - kb->tables.names;
		ks_record(kb, i);
	}
	ks_align(kb);
	for (unsigned int i = 0; i <= KS_COUNT / 256; i++) {
		if (kb->shape.word_markers)
			ks_word(kb, kb->markers[i]);
		else
			ks_u32(kb, kb->markers[i]);
	}
}

static inline void ks_put_tokens(struct ksbuild *kb)
{
	uint16_t at[256], len = 0;
	char text[8];

	ks_align(kb);
	kb->tables.token_table = kb->at;
	for (unsigned int i = 0; i < 256; i++) {
		at[i] = len;
		ks_token(i, text);
		ks_bytes(kb, text, strlen(text) + 1);
		len = (uint16_t)(len + strlen(text) + 1);
	}
	ks_align(kb);
	kb->tables.token_index = kb->at;
	for (unsigned int i = 0; i < 256; i++) {
		uint8_t raw[2];

		put_u16(raw, at[i], kb->shape.form.order);
		ks_bytes(kb, raw, 2);
	}
}

/* Bytes that look like nothing: the symbols' numbers, three bytes each. */
static inline void ks_put_seqs(struct ksbuild *kb)
{
	for (unsigned int i = 0; i < KS_COUNT; i++) {
		unsigned int seq = i * 37 % KS_COUNT;

		ks_bytes(kb, (uint8_t[]){ 0, (uint8_t)(seq >> 8), (uint8_t)seq }, 3);
	}
}

static inline void ks_put_offset(struct ksbuild *kb, unsigned int index)
{
	uint64_t address = ks_address(&kb->shape, index);

	switch (kb->shape.encoding) {
	case KALLSYMS_ABSOLUTE:
		ks_word(kb, address);
		break;
	case KALLSYMS_RELATIVE:
		ks_u32(kb, address - KS_IMAGE);
		break;
	case KALLSYMS_ABSOLUTE_PERCPU:
		ks_u32(kb, index < KS_PERCPU ? address : KS_IMAGE - 1 - address);
		break;
	default:
		ks_u32(kb, address - kb->at);
	}
}

static inline void ks_put_addresses(struct ksbuild *kb)
{
	bool absolute = kb->shape.encoding == KALLSYMS_ABSOLUTE;

	ks_align(kb);
	*(absolute ? &kb->tables.addresses : &kb->tables.offsets) = kb->at;
	for (unsigned int i = 0; i < KS_COUNT; i++)
		ks_put_offset(kb, i);
	if (absolute || kb->shape.encoding == KALLSYMS_PLACE_RELATIVE)
		return;
	ks_align(kb);
	kb->tables.relative_base = kb->at;
	ks_word(kb, KS_IMAGE);
}

/* Memory as it is in the dump; afterwards tests damage it. */
static inline void ks_build(struct ksbuild *kb, const struct ks_shape *shape)
{
	bool old = shape->order == KS_OLD || shape->order == KS_SEQS;

	flatkernel_init(&kb->fk, shape->form);
	memkernel_add(&kb->fk.mk, &(struct memseg){ .paddr = KS_IMAGE, .size = KS_SIZE, .vaddr = ~0ull });
	kb->shape = *shape;
	memset(&kb->tables, 0, sizeof(kb->tables));
	kb->at = KS_IMAGE + KS_TABLES;
	if (old)
		ks_put_addresses(kb);
	ks_put_names(kb);
	if (shape->order == KS_SEQS)
		ks_put_seqs(kb);
	ks_put_tokens(kb);
	if (!old)
		ks_put_addresses(kb);
	if (!old)
		ks_put_seqs(kb);
	memkernel_put(&kb->fk.mk, ks_address(shape, KS_BANNER), "Linux version 6", 16);
}

/* The facts a kernel since 6.0 exports about them; @stext 0: not that one. */
static inline void ks_facts(const struct kallsyms_tables *t, uint64_t stext, char *info, size_t room)
{
	const struct {
		const char *name;
		uint64_t value;
	} facts[] = {
		{ "kallsyms_names", t->names },
		{ "kallsyms_num_syms", t->num_syms },
		{ "kallsyms_token_table", t->token_table },
		{ "kallsyms_token_index", t->token_index },
		{ "kallsyms_offsets", t->offsets },
		{ "kallsyms_relative_base", t->relative_base },
		{ "kallsyms_addresses", t->addresses },
		{ "_stext", stext },
	};
	size_t used = (size_t)snprintf(info, room, "X=y\n");

	for (size_t i = 0; i < ARRAY_LEN(facts); i++) {
		if (facts[i].value)
			used += (size_t)snprintf(info + used, room - used, "SYMBOL(%s)=%llx\n", facts[i].name,
						 (unsigned long long)facts[i].value);
	}
}

#endif
