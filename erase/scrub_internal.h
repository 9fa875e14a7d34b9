/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Built-in rules, between their files. */
#ifndef ERASE_SCRUB_INTERNAL_H
#define ERASE_SCRUB_INTERNAL_H

#include "erase/field.h"
#include "erase/scrub.h"

/* Modules whose types a run may want. */
#define SCRUB_MODULES_MAX 8

struct scrub {
	struct erase_space *space;
	struct {
		const char *name;
		struct types *types;	/* NULL: not loaded, or without types */
	} modules[SCRUB_MODULES_MAX];
	size_t module_count;
	struct crypto *crypto;		/* what all parts know of transforms; NULL: not asked for yet */
};

/*
 * The types that know struct @name: the kernel's own, or those of module @module, where it may
 * be built into. NULL: neither.
 */
const struct types *scrub_types(struct scrub *scrub, const char *name, const char *module);

/* The module is among those of the crashed kernel. */
bool scrub_is_loaded(const struct scrub *scrub, const char *name);

/*
 * A variable of the kernel or of module @module that is there, because the types it is of
 * are. ERR_UNSUPPORTED: nobody knows where.
 */
struct err *scrub_symbol(struct scrub *scrub, const char *name, const char *module, uint64_t *ret)
	__attribute__((warn_unused_result));

/* Begin an object of its own that the text for the dump calls as the format says. */
struct err *scrub_object(struct scrub *scrub, uint64_t va, uint64_t size, const char *fmt, ...)
	__attribute__((format(printf, 4, 5), warn_unused_result));

/* A plausible pointer to something in the kernel's memory. */
bool scrub_is_pointer(const struct scrub *scrub, uint64_t value);

/* Each set of rules. ERR_NOT_FOUND: what it is about is not known of this kernel at all. */
struct err *scrub_keyrings(struct scrub *scrub) __attribute__((warn_unused_result));
struct err *scrub_cmdline(struct scrub *scrub) __attribute__((warn_unused_result));

/* Keys in sockets that tasks have open: AF_ALG, TLS. */
struct err *scrub_sockets(struct scrub *scrub) __attribute__((warn_unused_result));
struct err *scrub_dm_crypt(struct scrub *scrub) __attribute__((warn_unused_result));

/*
 * Transforms of the crypto API. One is known by its pointer to one of the registered
 * algorithms.
 */
struct crypto;

/* That of @scrub, made when it is first asked for. ERR_NOT_FOUND: the kernel has none. */
struct err *crypto_get(struct scrub *scrub, struct crypto **ret)
	__attribute__((warn_unused_result));
void crypto_destroy(struct crypto *crypto);

/*
 * After all others: say which ciphers have transforms that were not found, by the
 * references that algorithms count.
 */
struct err *scrub_lost_transforms(struct scrub *scrub) __attribute__((warn_unused_result));

/* The context of the transform that @pointer is, whatever kind it has, and of those it uses. */
struct err *crypto_scrub(struct crypto *crypto, uint64_t pointer, const char *owner)
	__attribute__((warn_unused_result));

/* The same for each pointer to one in @len bytes at @va. */
struct err *crypto_scrub_inside(struct crypto *crypto, uint64_t va, uint64_t len, const char *owner)
	__attribute__((warn_unused_result));

#endif
