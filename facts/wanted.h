/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is looked for in a vmlinux with debug information: one line of
 * facts/wanted.c per fact. To add one, add its line.
 *
 * The lines stand in the order in which a vmcoreinfo file (-g) has them. A name
 * is that of a symbol, a struct or typedef, "struct.member", or an enumerator;
 * members of anonymous structs and unions belong to the struct around them.
 */
#ifndef FACTS_WANTED_H
#define FACTS_WANTED_H

#include "facts/facts.h"
#include "facts/types.h"

struct wanted_fact {
	enum fact_kind kind;	/* FACT_SIZE and FACT_OFFSET of types; FACT_LENGTH of a member or a variable */
	const char *name;
	/*
	 * NULL, or the name under which it is a fact when the one above is not there: a
	 * member that was renamed and is asked for by its old name.
	 */
	const char *instead;
};

extern const struct wanted_fact wanted_facts[];
extern const size_t wanted_fact_count;

/* Length of the struct's name in "struct.member"; all of @name without a dot. */
size_t wanted_struct_len(const char *name);

/* It is among @facts. */
bool wanted_known(const struct facts *facts, const struct wanted_fact *fact);

/*
 * The keys of wanted facts that are not known, each once, into the empty @ret; values
 * mean nothing.
 */
struct err *facts_unknown(const struct facts *facts, struct strmap *ret)
	__attribute__((warn_unused_result));

/*
 * What of the facts that every VMCOREINFO has is not among @facts: NULL when nothing is
 * missing, else a key to name. What a kernel may lack by its configuration is not
 * looked for, so that a whole VMCOREINFO is known for one.
 */
const char *facts_missing(const struct facts *facts);

/*
 * Add what is wanted, unknown, and known to @types. Of a type some of whose members
 * are wanted, nothing is taken when it has none of them: then it is another one of
 * that name.
 */
struct err *facts_add_types(struct facts *facts, const struct types *types)
	__attribute__((warn_unused_result));

/*
 * Add to @facts what follows from what it holds: facts that VMCOREINFO has and
 * debug information does not, because they are macros there.
 */
struct err *facts_derive(struct facts *facts, const char *provider)
	__attribute__((warn_unused_result));

#endif
