/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside facts/: numbers and facts as VMCOREINFO writes them. */
#ifndef FACTS_NUMBER_H
#define FACTS_NUMBER_H

#include "facts/facts.h"

/* Longest key. The kernel's lines have 79 characters at most; text made from debug information may have more. */
#define FACT_KEY_MAX 255

/*
 * All of @text is a number that fits. Base 16 allows a leading 0x; base 10
 * does not. No sign, no blanks.
 */
bool parse_unsigned(const char *text, size_t len, unsigned int base, uint64_t *ret);

/*
 * The value of a line of @kind (not FACT_TEXT): SYMBOL base 16; the others
 * base 10, or 16 after 0x and where base 10 leaves characters over. Only
 * NUMBER may be negative. A SYMBOL of 0 or all ones is no address.
 */
bool parse_value(enum fact_kind kind, const char *text, size_t len, int64_t *ret);

/*
 * "KIND(name)", for text the name itself, into @key of FACT_KEY_MAX + 1 bytes;
 * false when it is longer than keys can be.
 */
bool fact_make_key(enum fact_kind kind, const char *name, char *key, size_t *ret_len);

/* A new fact that copies @text; @provider is static. */
struct err *fact_create(enum fact_kind kind, int64_t value, const char *text, size_t text_len,
			const char *provider, struct fact **ret)
	__attribute__((warn_unused_result));
void fact_destroy(struct fact *fact);

/*
 * Put @fact under @key unless a usable one is there: text that should have
 * been a number gives way to a number. Takes @fact over in every case.
 */
struct err *facts_put_absent(struct facts *facts, const char *key, size_t key_len,
			     struct fact *fact) __attribute__((warn_unused_result));

#endif
