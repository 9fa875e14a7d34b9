/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bring-up of dumps that say little, or of machines nobody translates. */
#include "kernel/kernel.h"
#include "tests/unit/log_catch.h"
#include "tests/unit/memkernel.h"
#include "tests/unit/unit.h"

#define MEM 0x100000ull

struct world {
	struct memkernel mk;
	struct log_catch log;
	struct kernel *kernel;
};

static void world_init(struct world *w, struct elf_form form, uint16_t machine, const char *info)
{
	memset(w, 0, sizeof(*w));
	w->mk.form = form;
	w->mk.machine = machine;
	memkernel_add(&w->mk, &(struct memseg){ .paddr = MEM, .size = 0x40000, .vaddr = ~0ull });
	snprintf(w->mk.info, sizeof(w->mk.info), "%s", info);
	log_catch_init(&w->log);
	CHECK_OK(memkernel_open(&w->mk, &w->log.log));
}

static void world_close(struct world *w)
{
	kernel_destroy(w->kernel);
	memkernel_close(&w->mk);
}

/* No translation, but pages can be told apart. */
static void check_untranslated(struct elf_form form, uint16_t machine, const char *info,
			       unsigned int word, unsigned int page_shift, const char *uname,
			       const char *part)
{
	struct kreader *reader;
	struct world w;
	uint64_t value;

	world_init(&w, form, machine, info);
	CHECK_OK(kernel_create(w.mk.dump, &w.log.log, &w.kernel));
	CHECK(w.kernel->arch == NULL);
	CHECK_EQ(w.kernel->word, word);
	CHECK_EQ(w.kernel->page_shift, page_shift);
	CHECK_EQ(w.kernel->order, form.order);
	CHECK_EQ(w.mk.dump->page_shift, page_shift);
	CHECK_EQ(ranges_total(&w.mk.dump->present), 0x40000 >> page_shift);
	CHECK(strcmp(w.kernel->uts.machine, uname) == 0);
	CHECK(strcmp(w.kernel->uts.sysname, "Linux") == 0);
	CHECK(w.kernel->no_arch && strstr(err_text(w.kernel->no_arch), part));
	CHECK_OK(kreader_create(w.kernel, &reader));
	CHECK_ERR(kread_u64(reader, MEM, &value), err_kind(w.kernel->no_arch));
	kreader_destroy(reader);
	world_close(&w);
}

static void test_untranslated(void)
{
	struct elf_form le64 = { 8, ORDER_LITTLE }, be64 = { 8, ORDER_BIG };
	struct elf_form le32 = { 4, ORDER_LITTLE }, be32 = { 4, ORDER_BIG };

	check_untranslated(be64, EM_S390, "OSRELEASE=6.1.0\nPAGESIZE=4096\n", 8, 12, "s390x",
			   "s390x (22)");
	check_untranslated(le64, EM_PPC64, "PAGESIZE=65536\n", 8, 16, "ppc64", "ppc64 (21)");
	check_untranslated(le64, EM_386, "PAGESIZE=4096\n", 4, 12, "i686", "i686 (3)");
	check_untranslated(be32, EM_PPC, "", 4, 12, "ppc", "ppc (20)");
	check_untranslated(be64, EM_SPARCV9, "", 8, 13, "sparc64", "sparc64 (43)");
	check_untranslated(le32, 4711, "", 4, 12, "unknown", "unknown machine (4711)");
	check_untranslated(le64, EM_AARCH64, "", 8, 12, "aarch64", "VMCOREINFO");
	check_untranslated(le64, EM_X86_64, "OSRELEASE=x\nPAGESIZE=8192\n", 8, 13, "x86_64", "page size");
}

static void test_uts_without_memory(void)
{
	struct world w;
	char line[200], release[100];

	/* Longer than utsname has room for: cut, not overrun. */
	memset(release, 'r', sizeof(release));
	release[99] = '\0';
	snprintf(line, sizeof(line), "OSRELEASE=%s\nCRASHTIME=1767225600\n", release);
	world_init(&w, (struct elf_form){ 8, ORDER_BIG }, EM_S390, line);
	CHECK_OK(kernel_create(w.mk.dump, &w.log.log, &w.kernel));
	CHECK_EQ(strlen(w.kernel->uts.release), 64);
	CHECK(!w.kernel->uts_from_memory);
	CHECK_EQ(w.kernel->crash_time, 1767225600);
	world_close(&w);
}

static void check_page_size(const char *value)
{
	struct world w;
	char info[64];
	struct err *e;

	snprintf(info, sizeof(info), "PAGESIZE=%s\n", value);
	world_init(&w, (struct elf_form){ 8, ORDER_LITTLE }, EM_X86_64, info);
	e = kernel_create(w.mk.dump, &w.log.log, &w.kernel);
	CHECK_EQ(err_kind(e), ERR_BAD_INPUT);
	CHECK(e && strstr(err_text(e), "PAGESIZE") && strstr(err_text(e), value));
	err_free(e);
	world_close(&w);
}

static void test_page_size(void)
{
	check_page_size("0");
	check_page_size("-4096");
	check_page_size("5000");
	check_page_size("2048");
	check_page_size("524288");
	check_page_size("forty");
}

int main(void)
{
	RUN(test_untranslated);
	RUN(test_uts_without_memory);
	RUN(test_page_size);
	return unit_status();
}
