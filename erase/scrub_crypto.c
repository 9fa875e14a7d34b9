// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Contexts of transforms. Whatever kind a transform has (skcipher, aead, ahash ...) there
 * is a struct crypto_tfm in it, which points to its algorithm; and all algorithms
 * are on one list. So a pointer is known to be a transform without knowing of which
 * kind, and so are the transforms that another one's context points to (those of templates).
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/checked.h"
#include "erase/scrub_internal.h"

#define ALGORITHMS_MAX 65536u
#define TRANSFORMS_MAX 65536u
#define DEPTH_MAX 8		/* templates in templates: three in practice */
#define CONTEXT_MAX 65536u	/* bytes; the largest are some 10 KiB */
#define NAME_BYTES 64

enum { LIST, USERS, REFCOUNT, FLAGS, CTXSIZE, ALIGNMASK, DRIVER_NAME, TFM_ALG, TFM_CTX, FIELDS };

static const struct field_name names[FIELDS] = {
	[LIST] = { .type = "crypto_alg", .path = "cra_list" },
	[USERS] = { .type = "crypto_alg", .path = "cra_users" },
	[REFCOUNT] = { .type = "crypto_alg", .path = "cra_refcnt" },
	[FLAGS] = { .type = "crypto_alg", .path = "cra_flags" },
	[CTXSIZE] = { .type = "crypto_alg", .path = "cra_ctxsize" },
	[ALIGNMASK] = { .type = "crypto_alg", .path = "cra_alignmask" },
	[DRIVER_NAME] = { .type = "crypto_alg", .path = "cra_driver_name" },
	[TFM_ALG] = { .type = "crypto_tfm", .path = "__crt_alg" },
	[TFM_CTX] = { .type = "crypto_tfm", .path = "__crt_ctx" },
};

/* Where the crypto_tfm is in each kind; at 0 in the others. */
static const struct field_name kinds[] = {
	{ .type = "crypto_skcipher", .path = "base", .optional = true },
	{ .type = "crypto_aead", .path = "base", .optional = true },
	{ .type = "crypto_ahash", .path = "base", .optional = true },
	{ .type = "crypto_shash", .path = "base", .optional = true },
	{ .type = "crypto_lskcipher", .path = "base", .optional = true },
	{ .type = "crypto_akcipher", .path = "base", .optional = true },
	{ .type = "crypto_kpp", .path = "base", .optional = true },
};

/* Kinds of algorithms that have keys and are no hash: CRYPTO_ALG_TYPE_ of the kernel's linux/crypto.h. */
#define KIND_MASK 0xf
#define KIND_CIPHER 1
#define KIND_AEAD 3
#define KIND_LSKCIPHER 4
#define KIND_SKCIPHER 5

struct algorithm {
	uint64_t address;
	uint64_t found;		/* transforms of it */
};

struct crypto {
	struct scrub *scrub;
	struct kreader *reader;
	struct field fields[FIELDS];
	struct field kinds[ARRAY_LEN(kinds)];
	struct algorithm *algorithms;	/* sorted */
	size_t count, room;
	uint64_t *seen;			/* transforms */
	size_t seen_count, seen_room;
	unsigned int depth;
};

static struct err *take_algorithm(void *ctx, uint64_t address)
{
	struct crypto *crypto = ctx;
	struct algorithm *v;

	if (crypto->count == ALGORITHMS_MAX)
		return err_new(ERR_BAD_INPUT, "more than %u algorithms", ALGORITHMS_MAX);
	v = array_more(crypto->algorithms, crypto->count, &crypto->room, sizeof(*v), 256);
	if (!v)
		return err_nomem;
	crypto->algorithms = v;
	crypto->algorithms[crypto->count++] = (struct algorithm){ .address = address };
	return NULL;
}

static int by_address(const void *a, const void *b)
{
	const struct algorithm *x = a, *y = b;

	return x->address < y->address ? -1 : x->address > y->address;
}

static struct err *init(struct crypto *crypto)
{
	struct erase_space *space = crypto->scrub->space;
	uint64_t list;

	TRY(fields_find(space->types, names, FIELDS, crypto->fields));
	TRY(scrub_symbol(crypto->scrub, "crypto_alg_list", NULL, &list));
	TRY(fields_find(space->types, kinds, ARRAY_LEN(kinds), crypto->kinds));
	TRY(list_each(space, list, crypto->fields[LIST].offset, "algorithms", take_algorithm, crypto));
	if (crypto->count)
		qsort(crypto->algorithms, crypto->count, sizeof(*crypto->algorithms), by_address);
	return NULL;
}

struct err *crypto_get(struct scrub *scrub, struct crypto **ret)
{
	struct crypto *crypto = scrub->crypto ? scrub->crypto : calloc(1, sizeof(*crypto));
	struct err *e = NULL;

	if (!crypto)
		return err_nomem;
	if (!scrub->crypto) {
		crypto->scrub = scrub;
		crypto->reader = scrub->space->reader;
		e = init(crypto);
	}
	if (e) {
		crypto_destroy(crypto);
		return e;
	}
	scrub->crypto = crypto;
	*ret = crypto;
	return NULL;
}

void crypto_destroy(struct crypto *crypto)
{
	if (!crypto)
		return;
	free(crypto->algorithms);
	free(crypto->seen);
	free(crypto);
}

/* The algorithm of the transform at @tfm, or NULL. */
static struct algorithm *algorithm_at(const struct crypto *crypto, uint64_t tfm)
{
	struct algorithm alg = { 0 };
	struct err *e = field_read(crypto->reader, &crypto->fields[TFM_ALG], tfm, &alg.address);

	err_free(e);
	if (e || !crypto->count)
		return NULL;
	return bsearch(&alg, crypto->algorithms, crypto->count, sizeof(alg), by_address);
}

/* The transform that @pointer is, by whatever kind; 0: none. */
static uint64_t transform_at(const struct crypto *crypto, uint64_t pointer,
			     struct algorithm **ret_alg)
{
	if (!scrub_is_pointer(crypto->scrub, pointer))
		return 0;
	*ret_alg = algorithm_at(crypto, pointer);
	if (*ret_alg)
		return pointer;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		uint64_t tfm = pointer + crypto->kinds[i].offset;

		if (!crypto->kinds[i].there || !crypto->kinds[i].offset)
			continue;
		*ret_alg = algorithm_at(crypto, tfm);
		if (*ret_alg)
			return tfm;
	}
	return 0;
}

/* *known: this one was seen before. */
static struct err *remember(struct crypto *crypto, uint64_t tfm, bool *known)
{
	uint64_t *v;

	for (size_t i = 0; i < crypto->seen_count; i++) {
		if (crypto->seen[i] == tfm) {
			*known = true;
			return NULL;
		}
	}
	*known = false;
	if (crypto->seen_count == TRANSFORMS_MAX)
		return err_new(ERR_UNSUPPORTED, "more than %u transforms", TRANSFORMS_MAX);
	v = array_more(crypto->seen, crypto->seen_count, &crypto->seen_room, sizeof(*v), 64);
	if (!v)
		return err_nomem;
	crypto->seen = v;
	crypto->seen[crypto->seen_count++] = tfm;
	return NULL;
}

static struct err *scrub_transform(struct crypto *crypto, uint64_t tfm, uint64_t alg,
				   const char *owner)
{
	uint64_t ctx = tfm + crypto->fields[TFM_CTX].offset, size, mask;
	char name[NAME_BYTES];
	struct err *e;

	TRY(field_read(crypto->reader, &crypto->fields[CTXSIZE], alg, &size));
	TRY(field_read(crypto->reader, &crypto->fields[ALIGNMASK], alg, &mask));
	TRY(string_read(crypto->reader, alg + crypto->fields[DRIVER_NAME].offset, name, sizeof(name)));
	/* The context is aligned within its memory. */
	size = erase_at_most(crypto->scrub->space, size + mask, CONTEXT_MAX,
			     "bytes of the context of a transform of %s", name);
	TRY(scrub_object(crypto->scrub, ctx, size, "%s.%s.context", owner, name));
	if (crypto->depth == DEPTH_MAX)
		return NULL;
	crypto->depth++;
	e = crypto_scrub_inside(crypto, ctx, size, owner);
	crypto->depth--;
	return e;
}

struct err *crypto_scrub(struct crypto *crypto, uint64_t pointer, const char *owner)
{
	struct algorithm *alg = NULL;
	uint64_t tfm = transform_at(crypto, pointer, &alg);
	bool known = true;

	if (tfm)
		TRY(remember(crypto, tfm, &known));
	if (known)
		return NULL;
	alg->found++;
	return erase_forgive(crypto->scrub->space,
			     err_prepend(scrub_transform(crypto, tfm, alg->address, owner),
					 "transform at %#" PRIx64, tfm));
}

struct err *crypto_scrub_inside(struct crypto *crypto, uint64_t va, uint64_t len, const char *owner)
{
	unsigned int word = kreader_kernel(crypto->reader)->word;

	for (va = round_up(va, word); len >= word; va += word, len -= word) {
		uint64_t pointer;
		struct err *e = kread_word(crypto->reader, va, &pointer);

		if (e)
			return erase_forgive(crypto->scrub->space, e);
		TRY(crypto_scrub(crypto, pointer, owner));
	}
	return NULL;
}

static struct err *count_user(void *ctx, uint64_t element)
{
	(void)element;
	(*(uint64_t *)ctx)++;
	return NULL;
}

static bool is_cipher(uint64_t flags)
{
	switch (flags & KIND_MASK) {
	case KIND_CIPHER:
	case KIND_AEAD:
	case KIND_LSKCIPHER:
	case KIND_SKCIPHER:
		return true;
	default:
		return false;
	}
}

/*
 * An algorithm is referred to by the list it is on, by the templates that use it, and by
 * its transforms.
 */
static struct err *tell_lost(struct crypto *crypto, const struct algorithm *alg)
{
	struct erase_space *space = crypto->scrub->space;
	uint64_t flags, references, users = 0;
	char name[NAME_BYTES];

	TRY(field_read(crypto->reader, &crypto->fields[FLAGS], alg->address, &flags));
	if (!is_cipher(flags))
		return NULL;
	TRY(field_read(crypto->reader, &crypto->fields[REFCOUNT], alg->address, &references));
	TRY(string_read(crypto->reader, alg->address + crypto->fields[DRIVER_NAME].offset, name,
			sizeof(name)));
	TRY(list_each(space, alg->address + crypto->fields[USERS].offset, 0, "users of an algorithm",
		      count_user, &users));
	if (references > 1 + users + alg->found)
		erase_doubt(space, "%" PRIu64 " transforms of %s, which neither sockets nor dm-crypt lead to",
			    references - 1 - users - alg->found, name);
	return NULL;
}

struct err *scrub_lost_transforms(struct scrub *scrub)
{
	struct crypto *crypto;

	TRY(crypto_get(scrub, &crypto));
	for (size_t i = 0; i < crypto->count; i++)
		TRY(erase_forgive(scrub->space, err_prepend(tell_lost(crypto, &crypto->algorithms[i]),
							    "algorithm")));
	return NULL;
}
