/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VMCOREINFO found in memory, among what only looks like it. */
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "kernel/recover.h"
#include "tests/unit/log_catch.h"
#include "tests/unit/ptbuild.h"
#include "tests/unit/unit.h"

#define MAP 0xffffffff80000000ull
#define IMAGE_VA 0xffffffff9d400000ull
#define IMAGE_PA 0x12000000ull
#define PHYS_BASE ((long long)(IMAGE_PA - (IMAGE_VA - MAP)))
#define ROOT 0x1000
#define UTS 0x2000
#define OLD_UTS 0x8000	/* a utsname of another release, in the image as well */
#define POOL_PA 0x40000000ull
#define LOW_PA 0x1000ull
#define PAGE_A 0x100000ull
#define PAGE_B 0x200000ull
#define PAGE_C 0x300000ull
#define RELEASE "6.1.0-test"

struct world {
	struct memkernel mk;
	struct log_catch log;
	struct kernel *kernel;
};

static void world_init(struct world *w)
{
	struct ptbuild pt;

	memset(w, 0, sizeof(*w));
	w->mk.form = (struct elf_form){ 8, ORDER_LITTLE };
	w->mk.machine = EM_X86_64;
	memkernel_add(&w->mk, &(struct memseg){ .paddr = LOW_PA, .size = 0x3ff000, .vaddr = ~0ull });
	memkernel_add(&w->mk, &(struct memseg){ .paddr = IMAGE_PA, .size = 0x200000, .vaddr = ~0ull });
	memkernel_add(&w->mk, &(struct memseg){ .paddr = POOL_PA, .size = 0x100000, .vaddr = ~0ull });
	pt = (struct ptbuild){
		.mk = &w->mk, .style = STYLE_X86, .page_shift = 12, .va_bits = 48,
		.root = IMAGE_PA + ROOT, .pool = POOL_PA,
	};
	ptbuild_map(&pt, IMAGE_VA, IMAGE_PA, 21);
	memkernel_put_uts(&w->mk, IMAGE_PA + UTS, RELEASE);
	memkernel_put_uts(&w->mk, IMAGE_PA + OLD_UTS, "5.10.0-old");
	log_catch_init(&w->log);
}

/* The text of a kernel that says of itself that it is @release, with its utsname at @uts. */
static size_t text_of(char *buf, size_t len, const char *release, unsigned int uts, const char *more)
{
	return (size_t)snprintf(buf, len, "OSRELEASE=%s\nPAGESIZE=4096\nSYMBOL(init_uts_ns)=%llx\n"
				"SYMBOL(swapper_pg_dir)=%llx\nSYMBOL(_stext)=%llx\n"
				"NUMBER(phys_base)=%lld\nKERNELOFFSET=%llx\n%s",
				release, IMAGE_VA + uts, IMAGE_VA + ROOT, IMAGE_VA, PHYS_BASE,
				IMAGE_VA - MAP - 0x1000000, more);
}

static void put_text(struct world *w, uint64_t pa, const char *release, unsigned int uts,
		     const char *more)
{
	char text[4096];

	memkernel_put(&w->mk, pa, text, text_of(text, sizeof(text), release, uts, more));
}

/* The same behind the header of a note. */
static void put_text_note(struct world *w, uint64_t pa, const char *more)
{
	char text[4096];
	uint8_t note[4096 + 64];
	size_t len = text_of(text, sizeof(text), RELEASE, UTS, more);

	memkernel_put(&w->mk, pa, note, put_note(note, w->mk.form.order, "VMCOREINFO", 0, text, len));
}

static struct err *world_open(struct world *w)
{
	TRY(memkernel_open(&w->mk, &w->log.log));
	return kernel_create(w->mk.dump, &w->log.log, &w->kernel);
}

static void world_close(struct world *w)
{
	kernel_destroy(w->kernel);
	memkernel_close(&w->mk);
}

/* The kernel is known by a text that holds a line MARK=@mark. */
static void check_used(struct world *w, const char *mark)
{
	const char *got = NULL;

	CHECK_OK(world_open(w));
	CHECK(w->kernel && !w->kernel->no_arch && w->kernel->uts_from_memory);
	CHECK(w->kernel && fact_text(&w->kernel->facts, "MARK", &got) && !strcmp(got, mark));
	CHECK(w->mk.dump->vmcoreinfo && !memcmp(w->mk.dump->vmcoreinfo, "OSRELEASE=" RELEASE "\n", 21));
	CHECK_EQ(w->log.warnings, 1);
	CHECK(log_caught(&w->log, "of kernel " RELEASE " at physical"));
	world_close(w);
}

/* Nothing is known, and a message says @part. */
static void check_unused(struct world *w, const char *part)
{
	CHECK_OK(world_open(w));
	CHECK(w->kernel && w->kernel->no_arch && w->kernel->facts.map.count == 0);
	CHECK(!w->mk.dump->vmcoreinfo);
	CHECK(log_caught(&w->log, part));
	world_close(w);
}

static void test_page(void)
{
	struct world w;
	const struct fact *fact;

	world_init(&w);
	put_text(&w, PAGE_A, RELEASE, UTS, "MARK=page\n");
	check_used(&w, "page");
	world_init(&w);
	put_text(&w, PAGE_A, RELEASE, UTS, "");
	CHECK_OK(world_open(&w));
	fact = w.kernel ? strmap_get(&w.kernel->facts.map, "OSRELEASE", 9) : NULL;
	CHECK(fact && !strcmp(fact->provider, "memory"));
	CHECK(log_caught(&w.log, "0x100000 is used"));
	world_close(&w);
}

static void test_note_and_crash(void)
{
	struct world w;

	world_init(&w);
	put_text(&w, PAGE_A, RELEASE, UTS, "MARK=page\nCRASHTIME=1700000000\n");
	put_text_note(&w, PAGE_B, "MARK=note\n");
	check_used(&w, "note");
	/* The capture kernel's own has no time of a crash. */
	world_init(&w);
	put_text_note(&w, PAGE_A, "MARK=capture\n");
	put_text_note(&w, PAGE_B, "MARK=crashed\nCRASHTIME=1700000000\n");
	put_text_note(&w, PAGE_C, "MARK=capture\n");
	check_used(&w, "crashed");
}

/* Kernels that ran here before, text about another release, a file of link-time addresses. */
static void test_stale(void)
{
	struct world w;

	world_init(&w);
	put_text(&w, PAGE_A, "5.10.0-old", UTS, "MARK=old\nCRASHTIME=1\n");
	put_text(&w, PAGE_B, RELEASE, OLD_UTS, "MARK=moved\nCRASHTIME=1\n");
	put_text(&w, PAGE_C, RELEASE, UTS, "MARK=right\n");
	check_used(&w, "right");
	world_init(&w);
	put_text(&w, PAGE_A, RELEASE, OLD_UTS, "");
	check_unused(&w, "does not lead to that kernel and is not used");
	world_init(&w);
	put_text(&w, PAGE_A, "6.2.0", UTS, "");
	check_unused(&w, "memory has of 6.2.0 at physical 0x100000");
}

#define OLD_VA (IMAGE_VA + 0x4000000)
#define OLD_ROOT 0x9000

/* A kernel that ran before, and its page tables are still there: only registers tell, and they say so of @cr3. */
static void check_two_kernels(uint64_t cr3, const char *mark, const char *release, const char *other)
{
	char text[512];
	uint8_t note[600];
	const char *got = NULL;
	struct ptbuild pt;
	struct world w;
	size_t len;

	world_init(&w);
	pt = (struct ptbuild){
		.mk = &w.mk, .style = STYLE_X86, .page_shift = 12, .va_bits = 48,
		.root = IMAGE_PA + OLD_ROOT, .pool = POOL_PA + 0x10000,
	};
	ptbuild_map(&pt, OLD_VA, IMAGE_PA, 21);
	len = (size_t)snprintf(text, sizeof(text), "OSRELEASE=5.10.0-old\nPAGESIZE=4096\nMARK=old\n"
			       "SYMBOL(init_uts_ns)=%llx\nSYMBOL(swapper_pg_dir)=%llx\nSYMBOL(_stext)=%llx\n"
			       "NUMBER(phys_base)=%lld\n", OLD_VA + OLD_UTS, OLD_VA + OLD_ROOT, OLD_VA,
			       (long long)(IMAGE_PA - (OLD_VA - MAP)));
	memkernel_put(&w.mk, PAGE_A, note, put_note(note, w.mk.form.order, "VMCOREINFO", 0, text, len));
	put_text_note(&w, PAGE_B, "MARK=new\n");
	w.mk.cr3 = cr3;
	CHECK_OK(world_open(&w));
	CHECK(w.kernel && fact_text(&w.kernel->facts, "MARK", &got) && !strcmp(got, mark));
	snprintf(text, sizeof(text), "of kernel %s at physical", release);
	CHECK(log_caught(&w.log, text));
	snprintf(text, sizeof(text), "memory has another kernel, too: %s", other);
	CHECK(log_caught(&w.log, text));
	world_close(&w);
}

static void test_two_kernels(void)
{
	check_two_kernels(IMAGE_PA + ROOT, "new", RELEASE, "5.10.0-old");
	check_two_kernels((IMAGE_PA + ROOT) | 0x1123, "new", RELEASE, "5.10.0-old");
	check_two_kernels(IMAGE_PA + OLD_ROOT, "old", "5.10.0-old", RELEASE);
	check_two_kernels(0, "old", "5.10.0-old", RELEASE);
	check_two_kernels(0x5000, "old", "5.10.0-old", RELEASE);
}

/* Not where a page begins: kernels before v4.13, here across the end of a page. */
static void test_anywhere(void)
{
	struct world w;

	world_init(&w);
	put_text(&w, PAGE_A + 0xfa0, RELEASE, UTS, "MARK=odd\n");
	check_used(&w, "odd");
	world_init(&w);
	put_text(&w, PAGE_A + 0x20, RELEASE, UTS, "MARK=text\n");
	put_text_note(&w, PAGE_B + 0xff0, "MARK=note\n");
	check_used(&w, "note");
}

/* A note longer than its page, whose text was cut where the kernel's page was full. */
static void test_full(void)
{
	struct world w;
	char more[4096];
	size_t used;

	world_init(&w);
	used = text_of(more, sizeof(more), RELEASE, UTS, "");
	memset(more, 'x', sizeof(more));
	memcpy(more, "MARK=first\nLONG=", 16);
	for (size_t i = 80; i < sizeof(more); i += 80)
		memcpy(more + i, "\nLONG=", 6);
	/* The last line lost its end. */
	snprintf(more + 4096 - used - 12, 13, "\nMARK=cutoff");
	put_text_note(&w, PAGE_A, more);
	check_used(&w, "first");
}

static void test_last_bytes(void)
{
	struct world w;
	char text[4096];
	size_t len = text_of(text, sizeof(text), RELEASE, UTS, "MARK=end\n");

	world_init(&w);
	memkernel_put(&w.mk, LOW_PA + 0x3ff000 - len, text, len);
	check_used(&w, "end");
}

static void check_shape(const char *text, bool want)
{
	struct recover_text got;
	bool ok = !want;

	CHECK_OK(recover_text_parse(text, strlen(text), &got, &ok));
	CHECK_EQ(ok, want);
	if (ok)
		recover_text_free(&got);
}

#define SYMBOLS "SYMBOL(a)=1\nSYMBOL(b)=2\nSYMBOL(c)=3\n"

static void test_shape(void)
{
	static const char cut[] = "OSRELEASE=6.1.0\nPAGESIZE=4096\n" SYMBOLS "CRASHTIME=5\nCUT\377";
	struct recover_text got;
	bool ok = false;

	check_shape("OSRELEASE=6.1.0\nPAGESIZE=4096\n" SYMBOLS, true);
	check_shape("OSRELEASE=6.1.0\nPAGESIZE=65536\n" SYMBOLS, true);
	check_shape("OSRELEASE=6.1.0\nPAGESIZE=4097\n" SYMBOLS, false);
	check_shape("OSRELEASE=6.1.0\nPAGESIZE=2048\n" SYMBOLS, false);
	check_shape("OSRELEASE=6.1.0\nPAGESIZE=1048576\n" SYMBOLS, false);
	check_shape("OSRELEASE=6.1.0\n" SYMBOLS, false);
	check_shape("OSRELEASE=6.1.0\nPAGESIZE=4096\nSYMBOL(a)=1\nSYMBOL(b)=2\n", false);
	check_shape("OSRELEASE=6.1.0\nPAGESIZE=4096\nSYMBOL(a)=1\nSYMBOL(b)=2\nSYMBOL(c)=3", false);
	check_shape("OSRELEASE=%s\nPAGESIZE=4096\n" SYMBOLS, false);
	check_shape("OSRELEASE=6.1 0\nPAGESIZE=4096\n" SYMBOLS, false);
	check_shape("OSRELEASE=\nPAGESIZE=4096\n" SYMBOLS, false);
	check_shape("OSRELEASE=6.1.0\001\nPAGESIZE=4096\n" SYMBOLS, false);
	check_shape("", false);
	CHECK_OK(recover_text_parse(cut, sizeof(cut), &got, &ok));
	CHECK(ok && got.has_crashtime && got.len == sizeof(cut) - sizeof("CUT\377"));
	if (ok)
		recover_text_free(&got);
}

/* The dump's own note is never overruled, nor is what somebody named. */
static void test_not_needed(void)
{
	struct kernel_files files = { .vmcoreinfo = "/nonexistent" };
	const char *mark = NULL;
	struct world w;

	world_init(&w);
	text_of(w.mk.info, 900, RELEASE, UTS, "MARK=own\n");
	put_text_note(&w, PAGE_A, "MARK=memory\nCRASHTIME=1700000000\n");
	CHECK_OK(world_open(&w));
	CHECK(w.kernel && fact_text(&w.kernel->facts, "MARK", &mark) && !strcmp(mark, "own"));
	CHECK_EQ(w.log.warnings, 0);
	CHECK(!log_caught(&w.log, "looked for"));
	world_close(&w);
	world_init(&w);
	put_text_note(&w, PAGE_A, "");
	CHECK_OK(memkernel_open(&w.mk, &w.log.log));
	CHECK_ERR(kernel_create_with(w.mk.dump, &files, &w.log.log, &w.kernel), ERR_IO);
	CHECK(!log_caught(&w.log, "looked for"));
	world_close(&w);
}

/* A note that says nothing is none. */
static void test_unusable_note(void)
{
	struct world w;

	world_init(&w);
	strcpy(w.mk.info, "XYZ=1\nMARK=bad\n");
	put_text(&w, PAGE_A, RELEASE, UTS, "MARK=good\n");
	check_used(&w, "good");
}

/* An architecture without translation: nothing can be proved, so all that is there must agree. */
static void check_foreign(uint16_t machine, struct elf_form form, bool other)
{
	const char *release = NULL;
	struct world w;

	world_init(&w);
	w.mk.form = form;
	w.mk.machine = machine;
	put_text(&w, PAGE_A, RELEASE, UTS, "");
	put_text_note(&w, PAGE_B, "MARK=note\n");
	if (other)
		put_text(&w, PAGE_C, "5.10.0-old", UTS, "");
	CHECK_OK(world_open(&w));
	CHECK(w.kernel && w.kernel->no_arch);
	CHECK(w.kernel && fact_text(&w.kernel->facts, "OSRELEASE", &release) == !other);
	CHECK(log_caught(&w.log, other ? "nothing tells which it is" : "is used, unchecked"));
	world_close(&w);
}

static void test_foreign(void)
{
	for (size_t i = 0; i < ELF_FORMS; i++) {
		check_foreign(EM_S390, elf_forms[i], false);
		check_foreign(EM_S390, elf_forms[i], true);
	}
	check_foreign(EM_PPC64, elf_forms[1], false);
	check_foreign(EM_RISCV, elf_forms[0], false);
}

/* Nobody names the machine: what only its kernels export does. */
static void test_unknown_machine(void)
{
	struct world w;

	world_init(&w);
	w.mk.machine = 0;
	put_text(&w, PAGE_A, RELEASE, UTS, "SYMBOL(init_top_pgt)=ffffffff9d401000\nMARK=named\n");
	check_used(&w, "named");
}

/* Full of texts that are no kernel's: an end is found. */
static void test_many(void)
{
	struct world w;

	world_init(&w);
	for (unsigned int i = 0; i < 5000; i++)
		put_text(&w, PAGE_A + i * 0x200, "5.10.0-old", UTS, "");
	w.log.log.mask = LOG_ERROR | LOG_DEBUG;
	check_unused(&w, "5.10.0-old");
	/* Not even ten lines for each of those that are tried. */
	CHECK(w.log.lines > 1024 && w.log.lines < 10240);
}

int main(void)
{
	RUN(test_page);
	RUN(test_note_and_crash);
	RUN(test_stale);
	RUN(test_two_kernels);
	RUN(test_anywhere);
	RUN(test_full);
	RUN(test_last_bytes);
	RUN(test_shape);
	RUN(test_not_needed);
	RUN(test_unusable_note);
	RUN(test_foreign);
	RUN(test_unknown_machine);
	RUN(test_many);
	return unit_status();
}
