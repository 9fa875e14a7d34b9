/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kallsyms: checked once when opened, then one pass per question. */
#include "kernel/kallsyms.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/checked.h"
#include "kernel/kallsyms_internal.h"

/*
 * The names end below the token table in every layout seen (5.10 to 7.2);
 * where they do not, no more than the second is read.
 */
#define NAMES_MAX (UINT64_C(64) << 20)
#define NAMES_UNKNOWN (UINT64_C(32) << 20)

static struct err *read_at(const struct kallsyms *k, uint64_t address, void *buf, size_t len,
			   const char *what)
{
	return err_prepend(k->memory.read(k->memory.ctx, address, buf, len), "kallsyms_%s", what);
}

static struct err *read_count(struct kallsyms *k)
{
	uint8_t raw[4];

	TRY(read_at(k, k->tables.num_syms, raw, sizeof(raw), "num_syms"));
	k->count = get_u32(raw, k->memory.order);
	if (k->count == 0 || k->count > KALLSYMS_MAX)
		return err_new(ERR_BAD_INPUT, "kallsyms_num_syms: %u is not from 1 to %u", k->count,
			       KALLSYMS_MAX);
	return NULL;
}

static struct err *read_base(struct kallsyms *k)
{
	uint8_t raw[8];

	if (!k->tables.relative_base)
		return NULL;
	TRY(read_at(k, k->tables.relative_base, raw, k->memory.word, "relative_base"));
	k->relative_base = get_word(raw, k->memory.word, k->memory.order);
	return NULL;
}

static struct err *read_token_index(struct kallsyms *k)
{
	uint8_t raw[2 * TOKENS];

	TRY(read_at(k, k->tables.token_index, raw, sizeof(raw), "token_index"));
	for (unsigned int i = 0; i < TOKENS; i++) {
		k->token_at[i] = get_u16(raw + 2 * i, k->memory.order);
		if (i == 0 ? k->token_at[0] != 0 : k->token_at[i] <= k->token_at[i - 1])
			return err_new(ERR_BAD_INPUT, "kallsyms_token_index: %u at %u does not rise",
				       k->token_at[i], i);
	}
	if (k->token_at[TOKENS - 1] >= TOKEN_INDEX_MAX)
		return err_new(ERR_BAD_INPUT, "kallsyms_token_index: %u is not below %u",
			       k->token_at[TOKENS - 1], TOKEN_INDEX_MAX);
	return NULL;
}

/* The last token's length is not known before it is read: byte by byte, it may end a page. */
static struct err *read_last_token(struct kallsyms *k, size_t start)
{
	size_t at = start;

	do {
		if (at - start == TOKEN_MAX)
			return err_new(ERR_BAD_INPUT, "kallsyms_token_table: the last token has no end");
		TRY(read_at(k, k->tables.token_table + at, &k->tokens[at], 1, "token_table"));
	} while (k->tokens[at++] != '\0');
	k->token_len[TOKENS - 1] = (uint16_t)(at - 1 - start);
	return NULL;
}

/* The first three characters, the first one in the lowest byte; zeros behind the end. */
static uint32_t head_of(const char *text)
{
	uint32_t head = 0;

	for (unsigned int i = 0; i < 3 && text[i]; i++)
		head |= (uint32_t)(uint8_t)text[i] << 8 * i;
	return head;
}

static struct err *read_tokens(struct kallsyms *k)
{
	size_t last;

	TRY(read_token_index(k));
	last = k->token_at[TOKENS - 1];
	TRY(read_at(k, k->tables.token_table, k->tokens, last, "token_table"));
	for (unsigned int i = 0; i + 1 < TOKENS; i++) {
		size_t len = (size_t)k->token_at[i + 1] - k->token_at[i] - 1;

		if (strnlen(k->tokens + k->token_at[i], len + 1) != len)
			return err_new(ERR_BAD_INPUT, "kallsyms_token_table: token %u does not end at %zu", i,
				       k->token_at[i] + len);
		k->token_len[i] = (uint16_t)len;
	}
	TRY(read_last_token(k, last));
	for (unsigned int i = 0; i < TOKENS; i++)
		k->token_head[i] = head_of(k->tokens + k->token_at[i]);
	return NULL;
}

static struct err *names_limit(const struct kallsyms *k, uint64_t *ret)
{
	uint64_t names = k->tables.names, len = k->tables.token_table - names;

	if (k->tables.token_table <= names || len > NAMES_MAX)
		len = NAMES_UNKNOWN;
	if (len / 2 < k->count || !checked_add(names, len, ret))
		return err_new(ERR_BAD_INPUT, "kallsyms_names: %u symbols at %#llx do not fit below %#llx",
			       k->count, (unsigned long long)names,
			       (unsigned long long)k->tables.token_table);
	return NULL;
}

/* A name put together; the first character is the type. false: too long. */
static bool expand(const struct kallsyms *k, const uint8_t *codes, size_t count,
		   char text[KALLSYMS_NAME_MAX + 2], size_t *ret_len)
{
	size_t len = 0;

	for (size_t i = 0; i < count; i++) {
		size_t add = k->token_len[codes[i]];

		if (add > KALLSYMS_NAME_MAX + 1 - len)
			return false;
		memcpy(text + len, k->tokens + k->token_at[codes[i]], add);
		len += add;
	}
	text[len] = '\0';
	*ret_len = len;
	return len > 0;
}

/*
 * Names that a pass is about: nearly all others are told apart by their first two
 * characters and their length, which costs a fraction of putting them together.
 */
struct filter {
	uint8_t lead[1u << 13];		/* bits: first character | second << 8 */
	bool len[KALLSYMS_NAME_MAX + 1];
};

static void filter_add(struct filter *filter, const char *name)
{
	size_t len = strlen(name);

	if (len > KALLSYMS_NAME_MAX)
		return;
	filter->len[len] = true;
	bits_set(filter->lead, head_of(name) & 0xffff);
}

/* The first two characters of the name of these codes: the type comes before them. */
static uint32_t lead_of(const struct kallsyms *k, const uint8_t *codes, size_t count)
{
	uint32_t head = k->token_head[codes[0]];
	unsigned int len = k->token_len[codes[0]];

	for (size_t i = 1; len < 3 && i < count; i++) {
		head |= k->token_head[codes[i]] << 8 * len;
		len += k->token_len[codes[i]];
	}
	return head >> 8 & 0xffff;
}

/* The name of these codes is none of the filter's. */
static bool filtered(const struct kallsyms *k, const struct filter *filter,
		     const uint8_t *codes, size_t count)
{
	size_t len = 0;

	if (!bits_test(filter->lead, lead_of(k, codes, count)))
		return true;
	for (size_t i = 0; i < count; i++)
		len += k->token_len[codes[i]];
	return len == 0 || len > KALLSYMS_NAME_MAX + 1 || !filter->len[len - 1];
}

/* A pass over at most @limit symbols; returns how many records there were. */
static uint32_t pass(struct kallsyms *k, uint32_t limit, const struct filter *filter,
		     bool (*fn)(void *ctx, const struct kallsyms_symbol *symbol), void *ctx)
{
	char text[KALLSYMS_NAME_MAX + 2];
	const uint8_t *codes;
	uint32_t index;
	size_t count, len;

	for (index = 0; index < limit && names_next(&k->names, &codes, &count); index++) {
		struct kallsyms_symbol symbol;

		if ((filter && filtered(k, filter, codes, count)) ||
		    !expand(k, codes, count, text, &len))
			continue;
		symbol = (struct kallsyms_symbol){
			.index = index, .type = text[0], .name = text + 1, .len = len - 1,
		};
		if (!fn(ctx, &symbol))
			return index + 1;
	}
	return index;
}

static void start_pass(struct kallsyms *k)
{
	uint64_t end = 0;

	err_free(names_limit(k, &end));	/* open() has seen that it is none */
	names_start(&k->names, &k->memory, k->tables.names, end, k->wide);
}

static const char *const anchor_names[ANCHORS] = {
	[ANCHOR_STEXT] = "_stext",
	[ANCHOR_BANNER] = "linux_banner",
};

/* What a pass is about: names that are asked for, and perhaps the anchors. */
struct question {
	const struct strmap *wants;	/* NULL: nothing is asked */
	struct kallsyms *anchors;	/* where they are noted; NULL: they are known */
};

static void note_anchor(struct kallsyms *k, const struct kallsyms_symbol *symbol)
{
	for (unsigned int i = 0; i < ANCHORS; i++) {
		if (!k->has_anchor[i] && strcmp(symbol->name, anchor_names[i]) == 0) {
			k->has_anchor[i] = true;
			k->anchor[i] = symbol->index;
		}
	}
}

static bool note_symbol(void *ctx, const struct kallsyms_symbol *symbol)
{
	const struct question *question = ctx;
	struct kallsyms_want *want = NULL;

	if (question->anchors)
		note_anchor(question->anchors, symbol);
	if (question->wants)
		want = strmap_get(question->wants, symbol->name, symbol->len);
	if (want && want->asked && want->found++ == 0)
		want->index = symbol->index;
	return true;
}

/* Nothing is found yet; the names go to @filter, if there is one. */
static void start_wants(const struct strmap *wants, struct filter *filter)
{
	for (size_t i = 0; wants && i < wants->count; i++) {
		struct kallsyms_want *want = wants->v[i].value;

		if (!want->asked)
			continue;
		want->found = 0;
		if (filter)
			filter_add(filter, wants->v[i].key);
	}
}

static void read_names(struct kallsyms *k, bool wide, const struct strmap *wants)
{
	struct question question = { .wants = wants, .anchors = k };
	struct filter filter = { .len = { false } };

	for (unsigned int i = 0; i < ANCHORS; i++)
		filter_add(&filter, anchor_names[i]);
	start_wants(wants, &filter);
	memset(k->has_anchor, 0, sizeof(k->has_anchor));
	k->wide = wide;
	start_pass(k);
	k->named = pass(k, k->count, &filter, note_symbol, &question);
}

/*
 * Two-byte lengths came with 73bbb94466fd (6.1); before, a length above 127 would
 * have meant itself. What reads more names is right.
 */
static struct err *check_names(struct kallsyms *k, const struct strmap *wants)
{
	uint64_t end;
	uint32_t named;

	TRY(names_limit(k, &end));
	read_names(k, true, wants);
	named = k->named;
	if (named < k->count)
		read_names(k, false, wants);
	if (k->named < named)
		read_names(k, true, wants);
	if (k->named == 0)
		return err_new(ERR_BAD_INPUT, "kallsyms_names: no name at %#llx",
			       (unsigned long long)k->tables.names);
	return NULL;
}

static struct err *check(struct kallsyms *k, uint64_t stext, const struct strmap *wants)
{
	const struct kallsyms_tables *t = &k->tables;

	if (!t->names || !t->num_syms || !t->token_table || !t->token_index ||
	    (!t->offsets && !t->addresses))
		return err_new(ERR_NOT_FOUND, "kallsyms: not all tables are known");
	TRY(read_count(k));
	TRY(read_base(k));
	TRY(read_tokens(k));
	TRY(check_names(k, wants));
	return kallsyms_choose_encoding(k, stext);
}

struct err *kallsyms_open_asking(const struct kallsyms_memory *memory,
				 const struct kallsyms_tables *tables, uint64_t stext,
				 const struct strmap *wants, struct kallsyms **ret)
{
	struct kallsyms *k = calloc(1, sizeof(*k));
	struct err *e;

	if (!k)
		return err_nomem;
	k->memory = *memory;
	k->tables = *tables;
	e = check(k, stext, wants);
	if (e) {
		start_wants(wants, NULL);
		kallsyms_close(k);
		return e;
	}
	*ret = k;
	return NULL;
}

struct err *kallsyms_open(const struct kallsyms_memory *memory, const struct kallsyms_tables *tables,
			  uint64_t stext, struct kallsyms **ret)
{
	return kallsyms_open_asking(memory, tables, stext, NULL, ret);
}

void kallsyms_close(struct kallsyms *k)
{
	free(k);
}

uint32_t kallsyms_count(const struct kallsyms *k)
{
	return k->count;
}

uint32_t kallsyms_named(const struct kallsyms *k)
{
	return k->named;
}

bool kallsyms_has_variables(const struct kallsyms *k)
{
	return k->has_anchor[ANCHOR_BANNER];
}

enum kallsyms_encoding kallsyms_encoding(const struct kallsyms *k)
{
	return k->encoding;
}

void kallsyms_for_each(struct kallsyms *k,
		       bool (*fn)(void *ctx, const struct kallsyms_symbol *symbol), void *ctx)
{
	start_pass(k);
	(void)pass(k, k->named, NULL, fn, ctx);
}

void kallsyms_find(struct kallsyms *k, const struct strmap *wants)
{
	struct question question = { .wants = wants };
	struct filter filter = { .len = { false } };

	start_wants(wants, &filter);
	start_pass(k);
	(void)pass(k, k->named, &filter, note_symbol, &question);
}

struct err *kallsyms_address(const struct kallsyms *k, uint32_t index, uint64_t *ret)
{
	return kallsyms_decode(k, k->encoding, index, ret);
}
