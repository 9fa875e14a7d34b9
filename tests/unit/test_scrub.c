// SPDX-License-Identifier: GPL-2.0-or-later
/* Built-in rules on a kernel that has one secret of each kind, whole and damaged. */
#include "tests/unit/scrubworld.h"

/* What is erased, as the text for the dump lists it; the objects in the order of the rules. */
static void check_text(struct scrubworld *w, const char *want)
{
	const struct range all = { 0, 0 };
	char *text = NULL;
	size_t len = 0;

	CHECK_OK(erase_set_close(&w->set));
	CHECK_OK(erase_set_text(&w->set, NULL, &all, 12, &text, &len));
	CHECK(text ? len == strlen(want) && !memcmp(text, want, len) : !*want);
	if (text && (len != strlen(want) || memcmp(text, want, len) != 0))
		printf("# %.*s", (int)len, text);
	free(text);
}

static bool is_erased(const struct scrubworld *w, uint64_t from, uint64_t to)
{
	return ranges_covers(&w->set.spans, from, to) && !ranges_contains(&w->set.spans, from - 1) &&
	       !ranges_contains(&w->set.spans, to);
}

static void check_whole(enum byte_order order)
{
	struct scrubworld w;

	scrubworld_init(&w, order);
	if (scrubworld_open(&w)) {
		CHECK_OK(scrub_run(&w.space, SCRUB_KEYS));
		check_text(&w, "erase key.1234abcd.user.payload size 24\n"
			       "erase process.7.af_alg.cbc-aes.context size 64\n"
			       "erase dm-crypt.0.key size 32\n");
		CHECK(is_erased(&w, KEY + 0x88, KEY + 0x88 + 24));
		CHECK(is_erased(&w, SKCIPHER + 16, SKCIPHER + 16 + 64));
		CHECK(is_erased(&w, CONFIG + 24, CONFIG + 24 + 32));
		/* Three references: the list's, that of the transform, and one that nothing leads to. */
		CHECK_EQ(w.space.unknown, 1);
		CHECK(log_caught(&w.fk.log, "1 transforms of cbc-aes"));
	}
	scrubworld_close(&w);
}

static void test_whole(void)
{
	check_whole(ORDER_LITTLE);
	check_whole(ORDER_BIG);
}

/* One word of memory is another: the rest is erased, and it is told. */
static void check_damage(uint64_t at, uint64_t value, const char *want, const char *told)
{
	struct scrubworld w;

	scrubworld_init(&w, ORDER_LITTLE);
	memkernel_put_u64(&w.fk.mk, at, value);
	if (scrubworld_open(&w)) {
		CHECK_OK(scrub_run(&w.space, SCRUB_KEYS));
		check_text(&w, want);
		CHECK(log_caught(&w.fk.log, told));
	}
	scrubworld_close(&w);
}

#define KEY_LINE "erase key.1234abcd.user.payload size 24\n"
#define CIPHER_LINE "erase process.7.af_alg.cbc-aes.context size 64\n"
#define DM_LINE "erase dm-crypt.0.key size 32\n"

static void test_damage(void)
{
	check_damage(KEY + 0x80, 25, CIPHER_LINE DM_LINE, "key 1234abcd of type user: its payload");
	check_damage(KEY + 32, MEM + MEM_BYTES, CIPHER_LINE DM_LINE, "key 1234abcd: ");
	check_damage(KEY + 8, 0x900000, KEY_LINE CIPHER_LINE DM_LINE, "key rings: ");
	check_damage(TASK(1), TASK(1), KEY_LINE CIPHER_LINE DM_LINE, "tasks: the list does not end");
	check_damage(FILES + 0x40, 0, KEY_LINE DM_LINE "erase dm-crypt.0.cbc-aes.context size 64\n", "");
	check_damage(ALGORITHM + 40, UINT32_MAX, KEY_LINE "erase process.7.af_alg.cbc-aes.context size 65536\n"
		     DM_LINE, "bytes of the context of a transform of cbc-aes: ");
	check_damage(CONFIG, UINT32_MAX, KEY_LINE CIPHER_LINE "erase dm-crypt.0.key size 4096\n",
		     "bytes of the key of dm-crypt.0: 4294967295 of them");
	check_damage(CELL + 0x60, UINT32_MAX, KEY_LINE CIPHER_LINE DM_LINE, "mapped device: ");
}

/* Each kernel that has nothing of a sort is without it, and one without types is an error. */
static void test_nothing(void)
{
	struct scrubworld w;

	scrubworld_init(&w, ORDER_LITTLE);
	memkernel_put_u64(&w.fk.mk, KEY_TREE, 0);
	memkernel_put_u64(&w.fk.mk, DEVICES, 0);
	memkernel_put_u64(&w.fk.mk, TASK(1) + 32, 0);
	memkernel_put_u32(&w.fk.mk, ALGORITHM + 32, 1);
	if (scrubworld_open(&w)) {
		CHECK_OK(scrub_run(&w.space, SCRUB_KEYS));
		check_text(&w, "");
		CHECK_EQ(w.space.unknown, 0);
		CHECK_ERR(scrub_run(&w.space, SCRUB_CMDLINE), ERR_UNSUPPORTED);
		w.space.types = NULL;
		CHECK_ERR(scrub_run(&w.space, SCRUB_KEYS), ERR_UNSUPPORTED);
	}
	scrubworld_close(&w);
}

int main(void)
{
	RUN(test_whole);
	RUN(test_damage);
	RUN(test_nothing);
	return unit_status();
}
