// SPDX-License-Identifier: GPL-2.0-or-later
/* Rules on a small kernel whose types and memory are made by hand, in both byte orders. */
#include "tests/unit/eraseworld.h"

/* Carry out @rules; what was found as text, or the error's. */
static void resolve(struct world *w, const char *rules, char *out, size_t size)
{
	const struct range all = { 0, 0 };
	struct erase_config *config = NULL;
	char *text = NULL;
	size_t len = 0;
	struct err *e;

	erase_set_deinit(&w->set);
	w->space = (struct erase_space){ .reader = w->fk.reader, .types = w->types, .set = &w->set,
					 .log = &w->fk.log.log };
	e = erase_config_parse("f", rules, strlen(rules), &config);
	if (!e)
		e = erase_resolve(&w->space, config);
	if (!e)
		e = erase_set_close(&w->set);
	if (!e)
		e = erase_set_text(&w->set, NULL, &all, 12, &text, &len);
	snprintf(out, size, "%.*s", e ? 500 : (int)len, e ? err_text(e) : text ? text : "");
	err_free(e);
	free(text);
	erase_config_destroy(config);
}

static void check_rules(struct world *w, const char *rules, const char *want, uint64_t unknown,
			int line)
{
	char got[512];

	resolve(w, rules, got, sizeof(got));
	if (strcmp(got, want) != 0 || w->space.unknown != unknown) {
		printf("# line %d: %s\n# got  %s (%" PRIu64 " unknown)\n# want %s\n", line, rules, got,
		       w->space.unknown, want);
		unit_current++;
	}
}
#define RULES(rules, want) check_rules(w, rules, want, 0, __LINE__)
#define UNKNOWN(rules, want, unknown) check_rules(w, rules, want, unknown, __LINE__)

/* A piece of what was found last; a zero one where there is none. */
static struct erase_piece piece(const struct world *w, size_t i)
{
	return i < w->set.piece_count ? w->set.pieces[i] : (struct erase_piece){ 0 };
}

static void both_orders(void (*fn)(struct world *w))
{
	static const enum byte_order orders[] = { ORDER_LITTLE, ORDER_BIG };

	for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
		struct world w;

		if (world_open(&w, orders[i], NULL, NULL))
			fn(&w);
		erase_set_deinit(&w.set);
		world_close(&w);
	}
}

static void objects(struct world *w)
{
	RULES("erase node0", "erase node0 size 96\n");
	RULES("erase node0.name", "erase node0.name size 8\n");
	CHECK_EQ(piece(w, 0).pa, NODE(0) + 24);
	RULES("erase matrix", "erase matrix size 8\n");
	RULES("erase table", "erase table size 24\n");
	RULES("erase first", "erase first size 96\n");
	CHECK_EQ(piece(w, 0).pa, NODE(0));
	RULES("erase first.next.name", "erase first.next.name size 8\n");
	CHECK_EQ(piece(w, 0).pa, NODE(1) + 24);
	RULES("erase text", "erase text size 11\n");
	RULES("erase text size 4", "erase text size 4\n");
	CHECK_EQ(piece(w, 0).pa, MEM + 0x800);
	RULES("erase text nullify", "erase text nullify\n");
	CHECK_EQ(piece(w, 0).pa, TEXT);
	CHECK_EQ(piece(w, 0).len, 8);
	RULES("erase node0.bytes size node0.len", "erase node0.bytes size 8\n");
	RULES("erase first.next.next.bytes size first.next.next.len",
	      "erase first.next.next.bytes size 24\n");
	/* The text of the second node is NULL, and so is what follows the last. */
	RULES("erase first.next.text", "");
	RULES("erase first.next.next.next.name", "");
	RULES("erase node0.len size 0", "");
}
static void test_objects(void) { both_orders(objects); }

static void casts(struct world *w)
{
	RULES("erase (struct node)untyped.name", "erase (struct node)untyped.name size 8\n");
	CHECK_EQ(piece(w, 0).pa, NODE(1) + 24);
	RULES("erase (char *)text", "erase (char *)text size 11\n");
	RULES("erase (void *)text size 3", "erase (void *)text size 3\n");
	CHECK_EQ(piece(w, 0).pa, MEM + 0x800);
	RULES("erase (char)untyped size 3", "erase (char)untyped size 3\n");
	RULES("erase (struct node *)table.name", "erase (struct node *)table.name size 8\n");
	CHECK_EQ(piece(w, 0).pa, NODE(2) + 24);
	RULES("erase (struct none)untyped",
	      "f:1: '(struct none)untyped': the kernel has no type 'none'");
	RULES("\nerase untyped", "f:2: 'untyped': the type of 'untyped' is not known (give -x VMLINUX, or "
	      "write (struct NAME)untyped): the kernel's types do not tell");
	/* A well-known one, but there is no list at its address. */
	RULES("erase modules", "f:1: 'modules': the type of 'modules' is not known (give -x VMLINUX, or "
	      "write (struct NAME)modules): it should be 'list_head', but the memory at 0x10700 does not "
	      "look like it");
}
static void test_casts(void) { both_orders(casts); }

/* Neighbours by address that are none in memory. */
static void pages(struct world *w)
{
	RULES("erase (char)swapped size 32", "erase (char)swapped size 32\n");
	CHECK_EQ(w->set.piece_count, 2);
	CHECK_EQ(piece(w, 0).pa, SWAPPED_PA);
	CHECK_EQ(piece(w, 0).len, 16);
	CHECK_EQ(piece(w, 1).pa, SWAPPED_PA + 0x1ff0);
	CHECK_EQ(piece(w, 1).len, 16);
	/* What is not mapped needs no erasing. */
	RULES("erase (char)swapped size 8K", "erase (char)swapped size 4112\n");
	CHECK_EQ(w->set.objects[0].size, 8192);
	RULES("erase node0.data size 16", "erase node0.data size 16\n");
	CHECK_EQ(w->set.piece_count, 2);
}
static void test_pages(void) { both_orders(pages); }

static void loops(struct world *w)
{
	RULES("for n in head within node:link erase n.name endfor",
	      "erase n.name size 8\nerase n.name size 8\nerase n.name size 8\n");
	RULES("for n in head.next within node:link erase n.bytes size n.len endfor",
	      "erase n.bytes size 8\nerase n.bytes size 16\nerase n.bytes size 24\n");
	RULES("for n in first via next erase n.len erase n.name endfor",
	      "erase n.len size 4\nerase n.len size 4\nerase n.len size 4\n"
	      "erase n.name size 8\nerase n.name size 8\nerase n.name size 8\n");
	RULES("for n in node0 via other erase n.len endfor",
	      "erase n.len size 4\nerase n.len size 4\nerase n.len size 4\n");
	/* A table with a hole; elements that are no pointers. */
	RULES("for n in table erase n.len endfor", "erase n.len size 4\nerase n.len size 4\n");
	RULES("for n in matrix erase n endfor",
	      "erase n size 2\nerase n size 2\nerase n size 2\nerase n size 2\n");
	RULES("for n in table erase n.text endfor", "erase n.text size 11\nerase n.text size 11\n");
	RULES("for n in node0.other.next.next via next erase n endfor", "");
}
static void test_loops(void) { both_orders(loops); }

/* Names that are wrong are errors, whether the memory would ever come to them or not. */
static void names(struct world *w)
{
	RULES("erase nobody", "f:1: 'nobody': there is no symbol 'nobody' in the kernel "
	      ERASE_SYMBOL_HINT);
	RULES("erase node0.none", "f:1: 'node0.none': struct node has no member 'none'");
	RULES("erase first.next.next.next.none",
	      "f:1: 'first.next.next.next.none': struct node has no member 'none'");
	RULES("erase node0.len.x",
	      "f:1: 'node0.len.x': what 'x' is to be a member of is no structure");
	RULES("erase node0.len nullify", "f:1: 'node0.len': is no pointer that could be nullified");
	RULES("erase node0.data", "f:1: 'node0.data': is of no known size: it needs 'size'");
	RULES("erase node0.tail", "f:1: 'node0.tail': is of no known size: it needs 'size'");
	RULES("erase node0.bytes", "f:1: 'node0.bytes': points to bytes, of which nothing tells how many "
	      "there are: it needs 'size'");
	RULES("erase node0 size node0.name", "f:1: 'node0.name': is no integer of 1, 2, 4 or 8 bytes");
	RULES("for n in node0.other.next.next via next erase n.none endfor",
	      "f:1: 'n.none': struct node has no member 'none'");
	RULES("for n in first erase n endfor", "f:1: 'first': is no array whose length is known");
	RULES("for n in first within node erase n endfor", "f:1: 'first': is no list_head");
	RULES("for n in head within none erase n endfor",
	      "f:1: 'head': the kernel has no struct of the name behind 'within'");
	RULES("for n in head within node:name erase n endfor",
	      "f:1: 'head': the member behind 'within' is no list_head");
	RULES("erase endless.name", "f:1: 'endless.name': more than 16 pointers on the way to a member");
	RULES("for n in node0 via name erase n endfor",
	      "f:1: 'node0': its elements are not linked by that member");
}
static void test_names(void) { both_orders(names); }

/* Damage is told and passed over: the rest is erased. */
static void damage(struct world *w)
{
	UNKNOWN("erase gone.name erase node0.len", "erase gone.name size 8\nerase node0.len size 4\n", 0);
	UNKNOWN("erase gone.next.name erase node0.len", "erase node0.len size 4\n", 1);
	UNKNOWN("erase node0.name size gone.len erase node0.len", "erase node0.len size 4\n", 1);
}
static void test_damage(void) { both_orders(damage); }

/* A ring that leads nowhere behind its first element, but for its other direction. */
static void break_ring(struct world *w)
{
	world_put(w, HEAD + 8, NODE(2));
	world_put(w, NODE(0), GONE);
}

/* Lists that go round without their head, or lead to nowhere. */
static void break_lists(struct world *w)
{
	world_put(w, NODE(2), NODE(1));
	world_put(w, NODE(2) + 16, NODE(1));
	world_put(w, NODE(2) + 80, GONE);
	memkernel_put_u32(&w->fk.mk, NODE(0) + 56, 0x7fffffff);
}

static unsigned int count_lines(const char *text)
{
	unsigned int lines = 0;

	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

static void test_broken_ring(void)
{
	char got[512];
	struct world w;

	if (world_open(&w, ORDER_LITTLE, break_ring, NULL)) {
		resolve(&w, "for n in head within node:link erase n.bytes size n.len endfor", got,
			sizeof(got));
		/* The first, what is at the place that cannot be read, and all from the end on. */
		CHECK(!strcmp(got, "erase n.bytes size 8\nerase n.bytes size 24\nerase n.bytes size 16\n"
				   "erase n.bytes size 8\n"));
		CHECK(w.space.unknown >= 1);
		CHECK(log_caught(&w.fk.log, "f:1: 'head'"));
	}
	erase_set_deinit(&w.set);
	world_close(&w);
}

static void test_broken_lists(void)
{
	char got[512];
	struct world w;

	if (world_open(&w, ORDER_LITTLE, break_lists, NULL)) {
		/* Each is erased; that it comes round again is seen before long. */
		resolve(&w, "for n in head within node:link erase n.name endfor", got, sizeof(got));
		CHECK(count_lines(got) >= 3 && count_lines(got) < 16);
		CHECK_EQ(w.space.unknown, 1);
		resolve(&w, "for n in first via next erase n.name endfor", got, sizeof(got));
		CHECK(count_lines(got) >= 3 && count_lines(got) < 16);
		CHECK_EQ(w.space.unknown, 1);
		/* The name of what is not in the dump needs no erasing, but its link is not known. */
		resolve(&w, "for n in node0 via other erase n.name endfor", got, sizeof(got));
		CHECK_EQ(count_lines(got), 4);
		CHECK_EQ(w.space.unknown, 1);
		/* A size that cannot be. */
		resolve(&w, "erase node0.bytes size node0.len", got, sizeof(got));
		CHECK_EQ(w.space.unknown, 1);
		CHECK(log_caught(&w.fk.log, "the list does not end"));
	}
	erase_set_deinit(&w.set);
	world_close(&w);
}

int main(void)
{
	RUN(test_objects);
	RUN(test_casts);
	RUN(test_pages);
	RUN(test_loops);
	RUN(test_names);
	RUN(test_damage);
	RUN(test_broken_ring);
	RUN(test_broken_lists);
	return unit_status();
}
